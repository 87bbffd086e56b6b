"""The parts of a study, put together from its plan: the one place where they all meet."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

from jointopt.config import Plan, changes
from jointopt.domain import Example, Model, Preference, Price, Source
from jointopt.errors import StorageError, StudyChanged, StudyFileError, UserError
from jointopt.evaluation import Draw, Estimate, Evaluate, Readings
from jointopt.grading import Rubric, build
from jointopt.providers import Provider, connect_all
from jointopt.search import set_trials_aside
from jointopt.storage import (
    Crew,
    Database,
    Ledger,
    SamplePool,
    Scoreboard,
    SharedPace,
    Studies,
    StudyRow,
    next_worker,
    open_database,
)
from jointopt.strategies import Playbook
from jointopt.study.kept import begun_by, file_of, keep_files
from jointopt.study.lender import Lender, find_lender, promise_copies


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
    board: Scoreboard
    readings: Readings
    draw: Draw
    estimate: Estimate
    evaluate: Evaluate
    lender: Lender | None


def models_of(plan: Plan) -> dict[str, Model]:
    """Every model of the plan, judges included, by id."""
    return {**plan.space.models, **{judge.model.id: judge.model for judge in plan.judges.values()}}


def connect_models(plan: Plan) -> tuple[dict[str, Provider], dict[str, Price]]:
    """A provider and a price for every model of the plan, judges included, by id.

    Raises:
        ModelError: an unknown model, or one without a price.
    """
    models = models_of(plan)
    providers = connect_all(models.values())
    return providers, {id: providers[id].price(model) for id, model in models.items()}


def read_rubric(plan: Plan) -> Rubric:
    """The graders of the plan's objectives."""
    return Rubric({name: build(grader, options) for name, (grader, options) in plan.objectives.items()})


def open_playbook(plan: Plan, preference: Preference) -> Playbook:
    """The plan's strategies, as a preference has them choose."""
    return Playbook(plan.judges, read_rubric(plan).weights(preference))


def read_samples(plan: Plan) -> Readings:
    """The plan's empty readings. Log-probabilities are asked for where a strategy selects by them."""
    playbook = open_playbook(plan, plan.preference)
    logprobs = any(playbook.build(way.strategy, way.options).needs_logprobs for way in plan.space.ways())
    failed_count = plan.on_error == "wrong"
    return Readings(plan.space, read_rubric(plan), seed=plan.seed, logprobs=logprobs, failed_count=failed_count)


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
        UserError: the study to begin with cannot be used.
        ModelError: a model cannot be used.
    """
    providers, prices = connect_models(plan)
    database = open_database(plan.storage, create=create)
    for provider in set(providers.values()):
        provider.keep(SharedPace(database))
    studies = Studies(database)
    try:
        lender, row = _begin(plan, studies, force=force, create=create)
    except UserError:
        database.close()
        raise
    pool = SamplePool(database, row.id, *([lender.fetch(database)] if lender else []))
    ledger = Ledger(database, row.id, plan.budget, owner=next_worker())
    board = Scoreboard(database, row.id, ledger.fence)
    draw = Draw(read_samples(plan), pool, ledger, providers, on_progress, plan.on_error)
    learning = _learn(plan, draw, prices, board)
    return Parts(plan, database, studies, row, pool, ledger, providers, prices, board, *learning, lender)


def forget(parts: Parts) -> Parts:
    """The same parts, to begin a run with: nothing of what the pool holds has been seen yet."""
    plan, told = parts.plan, parts.draw.on_progress
    draw = Draw(read_samples(plan), parts.pool, parts.ledger, parts.providers, told, plan.on_error)
    readings, draw, estimate, evaluate = _learn(plan, draw, parts.prices, parts.board)
    return replace(parts, readings=readings, draw=draw, estimate=estimate, evaluate=evaluate)


def restore(parts: Parts) -> None:
    """See all that the pool holds of the dev half, and score every policy that it covers, without a call."""
    _recall(parts)
    parts.evaluate.restore()


def look_at(parts: Parts, source: Source, examples: Sequence[Example]) -> Parts:
    """The same parts, which have seen what the pool holds of one source on these examples and nothing else."""
    some = forget(parts)
    _recall(some)
    some.evaluate.load([source], examples)
    return some


def _recall(parts: Parts) -> None:
    """Take up from the scoreboard about how many samples all that follows had been asked."""
    here = set(parts.evaluate.policies)
    cards = (card for policy, card in parts.board.cards().items() if policy in here)
    parts.estimate.recall(cards, parts.plan.task.dev)


def _learn(
    plan: Plan, draw: Draw, prices: Mapping[str, Price], board: Scoreboard
) -> tuple[Readings, Draw, Estimate, Evaluate]:
    """What learns from the samples that are drawn, and has learnt nothing yet."""
    estimate = Estimate(draw.readings, open_playbook(plan, plan.preference), prices)
    evaluate = Evaluate(plan.task, plan.space.policies(), draw, estimate, plan.preference, board.keep)
    return draw.readings, draw, estimate, evaluate


def _begin(plan: Plan, studies: Studies, *, force: bool, create: bool) -> tuple[Lender | None, StudyRow]:
    """The study as the register has it, and the one that it begins with."""
    lender = _lender(plan, studies) if create else None
    row = studies.begin(plan.name, plan.text, plan.digest) if create else studies.find(plan.name)
    if row.digest != plan.digest:
        row = _changed(studies, row, plan, force=force)
    if lender:
        promise_copies(studies, row.id, lender)
    if create:
        keep_files(studies, row.id, plan, anew=False)
    return lender, row


def _lender(plan: Plan, studies: Studies) -> Lender | None:
    """The study that this one begins with; a finished study asks nothing more of it."""
    begun = next((row for row in studies.all() if row.name == plan.name), None)
    if plan.warm_start is None or (begun and begun.state == "finished" and begun.digest == plan.digest):
        return None
    return find_lender(plan, plan.warm_start, studies.database)


def _changed(studies: Studies, row: StudyRow, plan: Plan, *, force: bool) -> StudyRow:
    if not force:
        mend = "run with --force to go on with the changed file (its samples stay in use), or give it a new name"
        told = f"{_says_otherwise(studies, row, plan)}: {'; '.join(changes(row.study_text, plan.text))}"
        raise StudyChanged(told, where=str(plan.path), mend=mend)
    _refuse_worked_on(studies, row)
    _refuse_spent(studies, row, plan)
    set_trials_aside(plan.storage, row.name)
    keep_files(studies, row.id, plan, anew=True)  # before the text: cut off after this, the file is refused as before
    studies.amend(row.id, plan.text, plan.digest)
    for found in ("place", "search", "table", "sealed"):
        studies.record(row.id, found, None)
    studies.set_state(row.id, "running")
    return studies.find(plan.name)


def _says_otherwise(studies: Studies, row: StudyRow, plan: Plan) -> str:
    """Whether the same file was changed, or another one has the study's name."""
    began = begun_by(studies, row.id)
    if began in (None, file_of(plan)):
        return f"the file has changed since study {plan.name!r} began"
    return f"study {plan.name!r} was begun by another file, {began}, which says otherwise"


def _refuse_worked_on(studies: Studies, row: StudyRow) -> None:
    """Refuse to change a study under its workers: they would go on with what it was."""
    living = Crew(studies.database, row.id).living()
    if living:
        message = f"study {row.name!r} has a worker that lives, {living[0].name}, and cannot change under it"
        raise StorageError(message, where=studies.database.url, mend=f"stop it first: jointopt stop {row.name}")


def _refuse_spent(studies: Studies, row: StudyRow, plan: Plan) -> None:
    """Refuse a budget below what is spent: it could not be kept any more."""
    spent = Ledger(studies.database, row.id, plan.budget).spent()
    used = {"calls": spent.calls, "tokens": spent.tokens, "usd": spent.usd, "wall_clock_s": row.elapsed_s}
    for unit, amount in used.items():
        limit = getattr(plan.budget, unit)
        if limit is not None and amount > limit:
            key, cents = unit.removesuffix("_s"), unit == "usd"
            told = (
                f"budget.{key} is {limit:,}, and {amount:,.4f} are spent already"
                if cents
                else (f"budget.{key} is {limit:,.0f}, and {ceil(amount):,} are spent already")
            )
            least = ceil(amount * 100) / 100 if cents else ceil(amount)
            mend = f"write {least:,} or more, or give the study a new name"
            raise StudyFileError(told, where=str(plan.path), mend=mend)
