"""What a study file says, as domain values. It does not know how the file is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jointopt.config.shelf import Kept, Shelf
from jointopt.domain import Budget, Judge, OnError, Preference, Space, Task


@dataclass(frozen=True, slots=True)
class WarmStart:
    """Another study that this one begins with.

    Attributes:
        study: its name.
        storage: where it is kept: an SQLAlchemy URL; the path of an SQLite file is absolute.
        where: who names it, for messages.
    """

    study: str
    storage: str
    where: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A study as its file asks for it.

    Attributes:
        name: of the study, unique in its storage.
        text: canonical JSON of everything that decides the result: the file with its defaults, the contents of the
            prompt files, and the sha256 of the data. Where results are stored is not part of it.
        digest: sha256 of `text`.
        path: the study file.
        task: the examples, split.
        space: the policies to choose from.
        objectives: what answers are marked for: the name and options of each one's grader, by objective. The first is
            the score.
        preference: the weights of quality, cost and latency.
        preferences: further ones that the study answers for, from the same samples.
        judges: models that mark answers, by id.
        budget: what may be spent.
        sampler: its name.
        seed: of the split, the sampler and the requests.
        storage: an SQLAlchemy URL; the path of an SQLite file is absolute.
        trials: policies to try at most; None: until the budget is spent.
        on_error: what becomes of a sample that cannot be had: ``stop``, ``skip`` or ``wrong``.
        warm_start: another study whose samples and results this one begins with; not part of `text`.
        written: the study file again, without comments and without where results are kept.
        shelf: the other files that the study was read from.
    """

    name: str
    text: str
    digest: str
    path: Path
    task: Task
    space: Space
    objectives: Mapping[str, tuple[str, Mapping[str, object]]]
    preference: Preference
    preferences: tuple[Preference, ...]
    judges: Mapping[str, Judge]
    budget: Budget
    sampler: str
    seed: int
    storage: str
    trials: int | None
    on_error: OnError = "stop"
    warm_start: WarmStart | None = None
    written: str = ""
    shelf: Shelf = field(default_factory=lambda: Kept({}), compare=False, repr=False)
