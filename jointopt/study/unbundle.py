"""Opens a bundle that anybody may have written, to look at the study in it: nothing is asked, called or left behind.

Its files stay in memory, by name; its rows go into a database of their own, which is gone when it is closed.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from re import fullmatch
from tempfile import TemporaryDirectory
from typing import Any

from jointopt.config import Plan, read_files
from jointopt.domain import Model, Price
from jointopt.errors import BundleError
from jointopt.plugins import permit
from jointopt.search.carry import remember
from jointopt.storage import Studies, open_database
from jointopt.storage.carry import CARRIED, bring_in
from jointopt.study.archive import MANIFEST, MEND, SMALL, Archive, plain_json
from jointopt.study.bundle import FORMAT, TRIALS, VERSION
from jointopt.study.study import Study

FILE = 256 * 2**20  # bytes of a file of the study
SUFFIX = ".bundle"
_NONSENSE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
_PRICES = ("input_usd", "output_usd", "cached_usd", "reasoning_usd", "request_usd")


def is_bundle(file: Path) -> bool:
    """Whether a file is to be read as a bundle: by its name, or because it begins as one."""
    if file.suffix == SUFFIX:
        return True
    if not file.is_file():
        return False
    with file.open("rb") as start:
        return start.read(4) == b"PK\x03\x04"


@contextmanager
def open_bundle(file: Path, *, code: Collection[str] = ()) -> Iterator[Study]:
    """The study in a bundle, to be looked at.

    Args:
        file: that `jointopt bundle` wrote, or says so.
        code: the modules that the study may call, as they are installed here. Code is never taken from a bundle.

    Raises:
        BundleError: it is none, damaged, of a newer format, or holds what no study writes.
        UserError: its study calls code that is not permitted, or cannot be read.
    """
    with _sense(file), permit(code), TemporaryDirectory(prefix="jointopt-") as folder:
        with Archive(file) as archive:
            plan, trials = _unpack(archive, Path(folder), code)
        with Study(plan, create=False, trials=trials) as opened:
            yield opened


@contextmanager
def _sense(file: Path) -> Iterator[None]:
    """What a bundle holds may be of the right types and still no study: whoever works with it then stumbles."""
    try:
        yield
    except _NONSENSE as error:
        told = f"holds what no study writes: {type(error).__name__}: {str(error)[:120]}"
        raise BundleError(told, where=str(file), mend="ask for it again, from whom you trust") from error


def _unpack(archive: Archive, folder: Path, code: Collection[str]) -> tuple[Plan, Any]:
    """The plan and the trials; the rows lie in a database in the folder."""
    manifest = _manifest(archive)
    study, url = manifest["study"], f"sqlite:///{folder / 'bundle.db'}"
    files = {name: archive.read(f"files/{number}", FILE) for number, name in enumerate(manifest["files"])}
    plan = read_files(files, name=study["name"], storage=url, code=code)
    if (plan.name, plan.digest) != (study["name"], study["digest"]):
        told = "this jointopt reads its files as another study than the one that it holds"
        versions = ", ".join(f"{name} {version}" for name, version in manifest["versions"].items())
        raise BundleError(told, where=str(archive.file), mend=f"use what it was written with: {versions:.200}")
    database = open_database(url)
    try:
        studies = Studies(database)
        row = studies.begin(plan.name, plan.text, plan.digest, now=float(study["begun_at"]))
        studies.set_elapsed(row.id, float(study["elapsed_s"]))
        studies.set_state(row.id, "finished" if study["state"] == "finished" else "stopped")
        rows = {name: bring_in(database, row.id, name, archive.rows(f"{name}.jsonl")) for name in CARRIED}
    finally:
        database.close()
    trials = remember(plan.name, archive.rows(f"{TRIALS}.jsonl"))
    _count(archive, rows | {TRIALS: len(trials.get_trials(deepcopy=False))}, manifest["rows"])
    return _priced(replace(plan, path=Path(Path(str(study["file"])).name)), manifest["prices"]), trials


def _count(archive: Archive, found: Mapping[str, int], told: Mapping[str, int]) -> None:
    """Hold the numbers of rows against the manifest's."""
    for name in sorted({*found, *map(str, told)}):
        if found.get(name) != told.get(name):
            said = f"{name}.jsonl has {found.get(name, 0):,} rows; the manifest says {told.get(name)!r:.40}"
            raise BundleError(said, where=str(archive.file), mend=MEND)


def _manifest(archive: Archive) -> Mapping[str, Any]:
    found = plain_json(archive.read(MANIFEST, SMALL), f"{archive.file}: {MANIFEST}")
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise BundleError("is no bundle of a study", where=str(archive.file), mend="name a file of `jointopt bundle`")
    if found["version"] not in range(1, VERSION + 1):
        told = f"written by a newer jointopt (format {found['version']!r:.20}; this one knows {VERSION})"
        raise BundleError(told, where=str(archive.file), mend="pip install --upgrade jointopt")
    if not fullmatch(r"[\w.:+-]{1,64}", found["study"]["name"]):
        raise BundleError("its study's name is no study's name", where=str(archive.file), mend=MEND)
    if not str(found["study"]["file"]).isprintable():
        raise BundleError("its study file's name holds a control character", where=str(archive.file), mend=MEND)
    if len(set(found["files"])) < len(found["files"]):
        raise BundleError("names a file of the study twice", where=str(archive.file), mend=MEND)
    names = {f"files/{number}" for number in range(len(found["files"]))}
    names |= {f"{table}.jsonl" for table in (*CARRIED, TRIALS)}
    archive.expect(names, {str(name): str(digest) for name, digest in found["sha256"].items()})
    return found


def _priced(plan: Plan, prices: Mapping[str, Mapping[str, float | None]]) -> Plan:
    """The plan at the prices of the day: lists of prices change."""

    def priced(model: Model) -> Model:
        told = {name: prices[model.id][name] for name in _PRICES}
        amounts = {name: None if value is None else abs(float(value)) for name, value in told.items()}
        return replace(model, price=Price(**amounts))  # type: ignore[arg-type]  # None where a price may be None

    models = {id: priced(model) for id, model in plan.space.models.items()}
    judges = {id: replace(judge, model=priced(judge.model)) for id, judge in plan.judges.items()}
    return replace(plan, space=replace(plan.space, models=models), judges=judges)
