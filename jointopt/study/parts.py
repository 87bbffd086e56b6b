"""The parts of a study, put together from its plan: the one place where they all meet."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jointopt.config import Plan, changes
from jointopt.domain import Price
from jointopt.errors import StudyChanged
from jointopt.evaluation import Draw, Evaluate, Readings
from jointopt.grading import GRADERS
from jointopt.providers import Provider, connect
from jointopt.storage import Database, Ledger, SamplePool, Scoreboard, Studies, StudyRow, open_database
from jointopt.strategies import STRATEGIES


@dataclass(frozen=True, slots=True)
class Parts:
    """A study's parts, as they work together while it is open."""

    plan: Plan
    database: Database
    studies: Studies
    row: StudyRow
    pool: SamplePool
    ledger: Ledger
    providers: Mapping[str, Provider]
    prices: Mapping[str, Price]
    readings: Readings
    draw: Draw
    evaluate: Evaluate


def connect_models(plan: Plan) -> tuple[dict[str, Provider], dict[str, Price]]:
    """A provider and a price for every model of the plan, by id.

    Raises:
        ModelError: an unknown model, or one without a price.
    """
    providers = {id: connect(model) for id, model in plan.space.models.items()}
    return providers, {id: providers[id].price(model) for id, model in plan.space.models.items()}


def read_samples(plan: Plan) -> Readings:
    """The plan's empty readings, with its grader. Log-probabilities are asked for where a strategy selects by them."""
    grader = GRADERS[plan.grader](**plan.grader_options)
    logprobs = any(STRATEGIES[name].needs_logprobs for name in plan.space.strategies)
    return Readings(plan.space, grader, seed=plan.seed, logprobs=logprobs)


def assemble(plan: Plan, *, force: bool, create: bool, on_progress: Callable[[], None]) -> Parts:
    """Open the study of a plan, beginning it where it is new.

    Args:
        plan: as the study file has it now.
        force: go on although the study file has changed since the study began.
        create: begin the study, and its database, where there is none; otherwise that is an error.
        on_progress: told after every arrival of samples.

    Raises:
        StudyChanged: the file says something else than when the study began, and `force` is not given.
        StorageError: the database cannot be used.
        ModelError: a model cannot be used.
    """
    providers, prices = connect_models(plan)
    database = open_database(plan.storage, create=create)
    studies = Studies(database)
    row = studies.begin(plan.name, plan.text, plan.digest) if create else studies.find(plan.name)
    if row.digest != plan.digest:
        row = _changed(studies, row, plan, force=force)
    pool, ledger = SamplePool(database, row.id), Ledger(database, row.id, plan.budget)
    readings = read_samples(plan)
    draw = Draw(readings, pool, ledger, providers, on_progress)
    keep = Scoreboard(database, row.id).keep
    evaluate = Evaluate(plan.task, plan.space.policies(), draw, prices, plan.preference, keep)
    return Parts(plan, database, studies, row, pool, ledger, providers, prices, readings, draw, evaluate)


def _changed(studies: Studies, row: StudyRow, plan: Plan, *, force: bool) -> StudyRow:
    if not force:
        raise StudyChanged(
            f"the file has changed since study {plan.name!r} began: {'; '.join(changes(row.study_text, plan.text))}",
            where=str(plan.path),
            mend="run with --force to go on with the changed file (its samples stay in use), or give it a new name",
        )
    studies.amend(row.id, plan.text, plan.digest)
    for phase in ("search", "table", "sealed"):
        studies.record(row.id, phase, None)
    studies.set_state(row.id, "running")
    return studies.find(plan.name)
