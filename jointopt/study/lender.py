"""The study that another one begins with: found, checked, and made to lend its samples.

It does not know which policies are worth trying first.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from jointopt.config import Plan, WarmStart
from jointopt.domain import Example
from jointopt.errors import StorageError, StudyFileError, UserError
from jointopt.storage import Database, SamplePool, Studies, StudyRow, open_database

WITHOUT = "take warm_start out"
_ELSEWHERE = "lender"  # under which a study remembers that it begins with one of another database


@dataclass(frozen=True, slots=True)
class Lender:
    """The other study, while it is open.

    Attributes:
        warm: who names it.
        database: where it is kept.
        row: what the register knows of it.
        own: whether its database is the borrower's, too: then nothing has to be copied.
        examples: the borrower's that it has, too.
    """

    warm: WarmStart
    database: Database
    row: StudyRow
    own: bool
    examples: tuple[Example, ...]

    def fetch(self, database: Database) -> Callable[[Sequence[str]], None]:
        """What brings its samples of some requests into `database`; who paid for them stays known."""
        if self.own:
            return lambda request_keys: None
        payer = Studies(database).name_lender(self.row, self.database.url)
        return partial(SamplePool(database, payer.id).copy, SamplePool(self.database, self.row.id))

    def close(self) -> None:
        """Let go of its database, where that is another one."""
        if not self.own:
            self.database.close()


def find_lender(plan: Plan, warm: WarmStart, database: Database) -> Lender:
    """The study that a plan begins with; `database` is the plan's own.

    Raises:
        StudyFileError: it is the study itself, or one of other examples.
        UnknownStudy: there is none of that name; names the nearest.
        StorageError: its database cannot be opened, or is of a newer layout.
    """
    own = warm.storage == plan.storage
    if own and warm.study == plan.name:
        mend = f"name another study, or {WITHOUT}"
        raise StudyFileError(f"study {plan.name!r} cannot begin with itself", where=warm.where, mend=mend)
    theirs = database if own else open_database(warm.storage, create=False)
    try:
        row = Studies(theirs).find(warm.study)
        return Lender(warm, theirs, row, own, _shared(plan, warm, SamplePool(theirs, row.id), row))
    except UserError:
        if not own:
            theirs.close()
        raise


def promise_copies(studies: Studies, study_id: int, lender: Lender) -> None:
    """Write down that a study begins with one of another database, which not everybody may reach."""
    if not lender.own:
        told = {"study": lender.row.name, "storage": lender.database.url}
        studies.record(study_id, _ELSEWHERE, told)


def see_copied(studies: Studies, row: StudyRow) -> None:
    """See, before its search has begun, that a study needs none of another database.

    Raises:
        StorageError: it does.
    """
    told = studies.recall(row.id, _ELSEWHERE)
    if told:
        message = f"it begins with study {told['study']!r} of {told['storage']}, whose samples have not been copied yet"
        mend = "run it with its study file, where that database can be reached, until its search has begun"
        raise StorageError(message, where=f"study {row.name!r}", mend=mend)


def _shared(plan: Plan, warm: WarmStart, pool: SamplePool, row: StudyRow) -> tuple[Example, ...]:
    """The plan's examples that the other study has, too: the same data, or questions that it asked."""
    every, ours, theirs = (*plan.task.dev, *plan.task.sealed), *(_data(text) for text in (plan.text, row.study_text))
    if ours == theirs:
        return every
    asked = "\n".join(pool.asked())
    shared = tuple(example for example in every if example.fields["question"] in asked)
    if not shared:
        raise StudyFileError(
            f"study {row.name!r} is of another task: of {len(every)} examples it shares none",
            where=warm.where,
            mend=f"name a study of the same examples, or {WITHOUT}",
        )
    return shared


def _data(study_text: str) -> tuple[object, object]:
    """What decides which example has which id: the data, and the names of its columns."""
    task = json.loads(study_text)["task"]
    return task["data_sha256"], task.get("fields")
