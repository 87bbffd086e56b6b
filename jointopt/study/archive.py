"""A zip file that anybody may have written, read as if an enemy had: by fixed names, within bounds, each byte checked.

Nothing of it ever becomes a path. It does not know what the members mean.
"""

import json
import re
import stat
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from jointopt.errors import BundleError

MANIFEST = "manifest.json"
MEMBERS = 600
INDEX = 2**20  # bytes of the zip's own index
WHOLE = 4 * 2**30  # bytes of all members together
LINE = 64 * 2**20  # bytes of a line
SMALL = 4 * 2**20  # bytes of the manifest; a member of no more may be packed as tightly as it likes
RATIO = 400  # of a larger member to its packed size; sentences that repeat reach 100
_CHUNK = 2**20
_NAME = re.compile(r"manifest\.json|[a-z]{1,20}\.jsonl|files/\d{1,3}")
_END, _END_SIZE = b"PK\x05\x06", 22  # how the file's last record begins, and its bytes
MEND = "ask for it again: it was cut off or changed on its way"


class Archive:
    """The members of a zip file, by name.

    Args:
        file: where it is.

    Raises:
        BundleError: it is no zip file, or one that no bundle is; the message says why.
    """

    def __init__(self, file: Path) -> None:
        self.file, self._sums = file, dict[str, str]()
        with _told(file):
            self._handle = file.open("rb")
        try:
            with _told(file):
                _check_end(file, self._handle)
                self._zip = ZipFile(self._handle)
            self._infos = {info.filename: info for info in self._zip.infolist()}
            self._check()
        except BundleError:
            self._handle.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()
        self._handle.close()

    def expect(self, names: Collection[str], sums: Mapping[str, str]) -> None:
        """Hold the members against what they have to be: these, each with a sha256, beside the manifest.

        Raises:
            BundleError: one is missing, or there is one more.
        """
        for have in (set(self._infos) - {MANIFEST}, set(sums)):
            if odd := sorted(have ^ set(names)):
                told = "is missing" if odd[0] in names else "is there, and no bundle of such a study has it"
                raise BundleError(f"{odd[0]!r:.80} {told}", where=str(self.file), mend=MEND)
        self._sums = dict(sums)

    def read(self, name: str, most: int) -> bytes:
        """The whole of a small member.

        Raises:
            BundleError: it is not there, larger than `most` bytes, or not what it has to be.
        """
        if name not in self._infos:
            raise BundleError(
                f"it has no {name}", where=str(self.file), mend="name a file that `jointopt bundle` wrote"
            )
        if self._infos[name].file_size > most:
            raise BundleError(f"{name} is larger than {most:,} bytes", where=str(self.file), mend=MEND)
        with self._open(name) as member:
            parts = b"".join(iter(lambda: member.read(_CHUNK), b""))
        self._compare(name, sha256(parts).hexdigest())
        return parts

    def rows(self, name: str) -> Iterator[Any]:
        """The values of a member of JSON lines, one after the other. It is checked as a whole after the last one.

        Raises:
            BundleError: a line is too long, or no JSON; the member is not what it has to be.
        """
        digest = sha256()
        with self._open(name) as member:
            while line := member.readline(LINE + 1):
                if len(line) > LINE:
                    raise BundleError(
                        f"a line of {name} is longer than {LINE:,} bytes", where=str(self.file), mend=MEND
                    )
                digest.update(line)
                yield plain_json(line, f"{self.file}: {name}")
        self._compare(name, digest.hexdigest())

    @contextmanager
    def _open(self, name: str) -> Iterator[IO[bytes]]:
        with _told(self.file), self._zip.open(self._infos[name]) as member:
            yield member

    def _compare(self, name: str, found: str) -> None:
        if name in self._sums and self._sums[name] != found:
            told = f"{name} is not what the manifest says: its sha256 is another"
            raise BundleError(told, where=str(self.file), mend=MEND)

    def _check(self) -> None:
        """Names, kinds and sizes, before anything is unpacked."""
        infos = self._zip.infolist()
        if len(self._infos) < len(infos):
            raise BundleError("a member is there twice", where=str(self.file), mend=MEND)
        for info in infos:
            if reason := _odd(info):
                raise BundleError(f"{info.filename!r:.80} {reason}", where=str(self.file), mend=MEND)
        if sum(info.file_size for info in infos) > WHOLE:
            told = f"unpacked it would take more than {WHOLE:,} bytes"
            raise BundleError(told, where=str(self.file), mend="bundle a smaller study, or share its database")


def _odd(info: ZipInfo) -> str:
    """What no bundle's member is; empty where all is well."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    checks = (
        (not _NAME.fullmatch(info.filename), "is no name that a bundle has"),
        (kind not in (0, stat.S_IFREG), "is no plain file"),
        (bool(info.flag_bits & 1), "is encrypted"),
        (info.compress_type not in (ZIP_STORED, ZIP_DEFLATED), "is packed in a way that no bundle is"),
        (
            info.file_size > SMALL and info.file_size > RATIO * info.compress_size,
            f"would unpack to {info.file_size:,} bytes from {info.compress_size:,}",
        ),
    )
    return next((reason for found, reason in checks if found), "")


def _check_end(file: Path, handle: IO[bytes]) -> None:
    """Look at the zip's last record before its index is read into memory."""
    handle.seek(max(0, file.stat().st_size - _END_SIZE))
    end = handle.read(_END_SIZE)
    members, index = int.from_bytes(end[10:12], "little"), int.from_bytes(end[12:16], "little")
    if len(end) < _END_SIZE or not end.startswith(_END):
        raise BundleError("is no bundle, or was cut off", where=str(file), mend=MEND)
    if members > MEMBERS or index > INDEX:
        raise BundleError(f"has {members:,} members; a bundle has {MEMBERS} at most", where=str(file), mend=MEND)


def plain_json(text: bytes | str, where: str) -> Any:
    """A JSON value without NaN, infinities, and numbers that nobody needs.

    Raises:
        BundleError: it is none.
    """
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"no JSON that a bundle holds: {str(error)[:120]}", where=where, mend=MEND) from None


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


@contextmanager
def _told(file: Path) -> Iterator[None]:
    """Whatever is wrong with a zip file, in a sentence."""
    try:
        yield
    except OSError as error:
        raise BundleError(f"cannot be read: {error.strerror}", where=str(file), mend="name a readable file") from None
    except (BadZipFile, EOFError, NotImplementedError, zlib.error) as error:
        raise BundleError(f"is damaged: {error}", where=str(file), mend=MEND) from None
