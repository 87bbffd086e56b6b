"""Where a study's files are: beside its study file, or kept in its database. It does not know what they say.

A file has the name that the study file gives it. What is kept in a database is only ever looked up by its name: no path
is made of it, so that nothing outside can be reached, whatever a name says.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from jointopt.errors import StorageError, StudyFileError

STUDY = ""  # the name of the study file itself: no other file can have it
AGAIN = "run it once with its study file (`jointopt run study.yaml`): its files are kept then, up to 256 MiB each"


class Shelf(ABC):
    """The files of a study; remembers which were read, and what was in them."""

    def __init__(self) -> None:
        self.seen: dict[str, str] = {}  # sha256 by name

    def read(self, name: str) -> bytes:
        """What is in a file, which belongs to the study from now on.

        Raises:
            OSError: it cannot be read.
            ValueError: no file can have that name.
            StorageError: it is not kept in the database.
        """
        content = self.look_up(name)
        self.seen[name] = sha256(content).hexdigest()
        return content

    def read_again(self, name: str) -> bytes:
        """What was read before.

        Raises:
            StudyFileError: it is not what it was, or not there any more.
        """
        try:
            content = self.look_up(name)
        except OSError as error:
            reason = f"cannot be read any more: {error.strerror}"
            raise StudyFileError(reason, where=str(self.place(name)), mend="put it back") from None
        if sha256(content).hexdigest() != self.seen[name]:
            mend = "start again, and leave the study's files alone until it has begun"
            raise StudyFileError("was changed while the study was read", where=str(self.place(name)), mend=mend)
        return content

    @abstractmethod
    def look_up(self, name: str) -> bytes:
        """As `read`, without a trace."""

    @abstractmethod
    def place(self, name: str) -> Path:
        """Where a file is, for messages."""

    @abstractmethod
    def like(self, pattern: str) -> list[str]:
        """The names of the files that are like a pattern, sorted."""


class Folder(Shelf):
    """Files on a disk, named from the folder of the study file."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def look_up(self, name: str) -> bytes:
        """From the disk."""
        return self.place(name).read_bytes()

    def place(self, name: str) -> Path:
        """In the folder."""
        return self.folder / name

    def like(self, pattern: str) -> list[str]:
        """As a shell would find them; none where the pattern is none, is absolute, or leaves the folder."""
        try:
            found = sorted(path.relative_to(self.folder) for path in self.folder.glob(pattern) if path.is_file())
        except (ValueError, NotImplementedError):
            return []
        return [file.as_posix() for file in found]


class Kept(Shelf):
    """Files that came from a database."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__()
        self.files = files

    def look_up(self, name: str) -> bytes:
        """As it was kept.

        Raises:
            StorageError: it was not.
        """
        if name not in self.files:
            message = "the database does not keep this file of the study"
            raise StorageError(message, where=name or "the study file", mend=AGAIN)
        return self.files[name]

    def place(self, name: str) -> Path:
        """By name alone."""
        return Path(name)

    def like(self, pattern: str) -> list[str]:
        """None: a study file is kept with the files named that its pattern found."""
        return []
