"""A study that a command only looks at: from a study file, or from a bundle."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jointopt.cli.arguments import read_plan
from jointopt.study import Study
from jointopt.study.unbundle import is_bundle, open_bundle

_CODE = "JOINTOPT_CODE"  # the environment variable that names modules which a study of somebody else's may call


@contextmanager
def open_to_read(study: str) -> Iterator[Study]:
    """The study, which must have begun."""
    if is_bundle(Path(study)):
        code = [name.strip() for name in os.environ.get(_CODE, "").split(",") if name.strip()]
        with open_bundle(Path(study), code=code) as opened:
            yield opened
        return
    with Study(read_plan(study), create=False) as opened:
        yield opened


def beside(study: str, name: str) -> Path:
    """Where a file of that name goes that nobody named another place for: beside the study file or the bundle."""
    given = Path(study)
    return (given if given.is_dir() else given.parent) / Path(name).name
