"""A study that a command only looks at: from a study file, or from a bundle."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jointopt.cli.arguments import permitted, read_plan
from jointopt.study import Study
from jointopt.study.unbundle import is_bundle, open_bundle


@contextmanager
def open_to_read(study: str) -> Iterator[Study]:
    """The study, which must have begun."""
    if is_bundle(Path(study)):
        with open_bundle(Path(study), code=permitted()) as opened:
            yield opened
        return
    with Study(read_plan(study), create=False) as opened:
        yield opened


def beside(study: str, name: str) -> Path:
    """Where a file of that name goes that nobody named another place for: beside the study file or the bundle."""
    given = Path(study)
    return (given if given.is_dir() else given.parent) / Path(name).name
