"""One file that holds a study: whoever has it writes the report again, offline, with the same numbers.

It is a zip file of JSON lines and of the study's own files, with a manifest that names each member's sha256. Keys,
addresses of databases, names of machines and the user's own code are not in it.
"""

import json
import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from re import match
from secrets import token_hex
from typing import BinaryIO
from urllib.parse import urlsplit
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from jointopt.config import Plan, kept_files
from jointopt.domain import Model
from jointopt.errors import BundleError, ModelError
from jointopt.search.carry import trials_of
from jointopt.storage.carry import CARRIED, rows_of
from jointopt.study.archive import MANIFEST, MEMBERS, WHOLE
from jointopt.study.study import Study

FORMAT, VERSION = "jointopt bundle", 2  # since 2 an entry of the ledger says when it was written
TRIALS = "trials"
_FEWEST = 8  # characters of a key that is looked for: a shorter one is no secret
_BEGAN = (1980, 1, 1, 0, 0, 0)  # of every member: the same study is the same file


@dataclass(frozen=True, slots=True)
class Bundled:
    """What was written.

    Attributes:
        file: where it is.
        size: in bytes.
        rows: by member.
        files: of the study, by name; the study file's is empty.
        code: what of the user's own code the study calls: it is not in the bundle.
    """

    file: Path
    size: int
    rows: Mapping[str, int]
    files: tuple[str, ...]
    code: tuple[str, ...]


def write_bundle(opened: Study, file: Path) -> Bundled:
    """Write a study into one file, in place of what is there.

    Raises:
        NothingToReport: no policy has been judged yet.
        ModelError: a password stands in the address of a model.
        StudyFileError: a file of the study has changed since it was read.
        BundleError: the study is too large for one file, or the file cannot be written.
    """
    opened.browser().winner()
    plan = opened.plan
    _refuse_passwords(plan)
    if file.exists() and not file.is_file():
        raise BundleError("is no regular file, and would be replaced by one", where=str(file), mend="name a file")
    try:
        with _in_place_of(file.resolve()) as part, ZipFile(part, "w", ZIP_DEFLATED) as archive:
            written = _fill(opened, _Packer(archive, _keys(plan)), kept_files(plan))
    except OSError as error:
        mend = "name a file in a folder that is there, on a disk with room"
        raise BundleError(f"cannot be written: {error.strerror}", where=str(file), mend=mend) from None
    return Bundled(file, file.stat().st_size, written.rows, tuple(kept_files(plan)), own_code(plan))


@contextmanager
def _in_place_of(file: Path) -> Iterator[BinaryIO]:
    """A fresh file beside another, which takes its place once all is written."""
    part = file.with_name(f".jointopt-{token_hex(8)}.part")
    try:
        with part.open("xb") as opened:  # never over what lies there, nor through a link
            yield opened
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


class _Packer:
    """Puts members into a zip file, counts them, and keeps keys out."""

    def __init__(self, archive: ZipFile, keys: Iterable[str]) -> None:
        self.archive, self.keys = archive, [key.encode() for key in keys]
        self.sums, self.rows, self.size = dict[str, str](), dict[str, int](), 0

    def pack(self, name: str, parts: Iterable[bytes]) -> int:
        """Write a member, and return of how many parts."""
        info, digest, count = ZipInfo(name, _BEGAN), sha256(), 0
        info.compress_type, info.external_attr = ZIP_DEFLATED, 0o644 << 16
        with self.archive.open(info, "w", force_zip64=True) as member:
            for part in map(self._masked, parts):
                digest.update(part)
                self.size += member.write(part)
                count += 1
        self.sums[name] = digest.hexdigest()
        if self.size > WHOLE or len(self.sums) > MEMBERS:
            mend = "share its database instead"
            raise BundleError(f"the study is larger than {WHOLE:,} bytes or {MEMBERS} files", where=name, mend=mend)
        return count

    def _masked(self, part: bytes) -> bytes:
        for key in self.keys:
            part = part.replace(key, b"***")
        return part

    def pack_rows(self, name: str, rows: Iterable[Mapping[str, object]]) -> None:
        """Write a member of JSON lines."""
        self.rows[name] = self.pack(f"{name}.jsonl", (_line(row) for row in rows))


def _line(row: Mapping[str, object]) -> bytes:
    return (json.dumps(row, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n").encode(errors="replace")


def _fill(opened: Study, packer: _Packer, files: Mapping[str, bytes]) -> _Packer:
    """Every member, the manifest last: it names the others."""
    plan, parts = opened.plan, opened.parts
    for number, content in enumerate(files.values()):
        packer.pack(f"files/{number}", [content])
    keys = sorted(parts.readings.request_keys())
    with parts.database.read() as connection:
        for name in CARRIED:
            packer.pack_rows(name, rows_of(connection, parts.row.id, name, keys))
    packer.pack_rows(TRIALS, trials_of(opened.trials))
    row = parts.studies.find(plan.name)
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "study": {"name": row.name, "file": plan.path.name, "digest": row.digest, "text": row.study_text}
        | {"begun_at": row.begun_at, "state": row.state, "elapsed_s": row.elapsed_s},
        "files": list(files),
        "prices": {model: asdict(price) for model, price in parts.prices.items()},
        "versions": versions(),
        "rows": packer.rows,
        "sha256": packer.sums,
    }
    packer.pack(MANIFEST, [json.dumps(manifest, ensure_ascii=False, indent=1).encode()])
    return packer


def versions() -> dict[str, str]:
    """What this study was read with: Python, jointopt, and every library that jointopt names."""
    found = {"python": platform.python_version()}
    for wanted in ("jointopt", *(requires("jointopt") or ())):
        name = match(r"[\w.-]+", wanted)
        try:
            found |= {name[0]: version(name[0])} if name else {}
        except PackageNotFoundError:
            continue
    return found


def own_code(plan: Plan) -> tuple[str, ...]:
    """What of the user's own code a study calls, by its dotted paths."""
    options = (value for choices in plan.space.strategies.values() for values in choices.values() for value in values)
    named = [*plan.space.strategies, *(grader for grader, _ in plan.objectives.values()), *options]
    return tuple(sorted({name for name in named if isinstance(name, str) and match(r"[\w.]+:\w+$", name)}))


def _models(plan: Plan) -> Iterator[Model]:
    yield from plan.space.models.values()
    yield from (judge.model for judge in plan.judges.values())


def _keys(plan: Plan) -> set[str]:
    """The keys of the study's models, so that none gets out, whatever echoed it."""
    named = {name for model in _models(plan) for name in model.key_envs}
    return {key for name in named if len(key := os.environ.get(name, "")) >= _FEWEST}


def _refuse_passwords(plan: Plan) -> None:
    """An address is part of what a request is, so that it cannot be masked."""
    for model in _models(plan):
        if model.base_url and urlsplit(model.base_url).password:
            mend = "take it out of base_url: name an environment variable in key_env"
            raise ModelError("a password stands in its base_url", where=f"model {model.id!r}", mend=mend)
