"""Is every model of a study as the study needs it? A probe of each, judges too; nothing is written anywhere."""

import asyncio
from collections.abc import Callable, Mapping

from jointopt.config import Plan
from jointopt.domain import Model, Spend
from jointopt.errors import ModelError, ProviderError
from jointopt.providers import Needs, Probed, Promise, Provider, connect_all, in_process, probe_model
from jointopt.study.parts import read_samples

_HERE = ("n", "temperature", "seed", "logprobs", "usage")
_WHY_NOT = "not asked: it answers in this process"


def examine(plan: Plan, say: Callable[[str, str], None] = lambda model, purpose: None) -> list[Probed]:
    """Probe every model of a plan, all at once; what each costs is in its result, and in no study's ledger.

    Args:
        plan: of the study; it need not have begun.
        say: told the model's id and what the next request is for.
    """
    models = {**plan.space.models, **{judge.model.id: judge.model for judge in plan.judges.values()}}
    return asyncio.run(_examine(plan, models, connect_all(models.values()), say))


async def _examine(
    plan: Plan, models: Mapping[str, Model], providers: Mapping[str, Provider], say: Callable[[str, str], None]
) -> list[Probed]:
    async def look(model: Model) -> Probed:
        if in_process(model):
            return await _look_here(plan, model, providers[model.id])
        needs = needs_of(plan, model.id)
        return await probe_model(providers[model.id], model, needs, lambda purpose: say(model.id, purpose))

    try:
        return list(await asyncio.gather(*(look(model) for model in models.values())))
    finally:
        for provider in set(providers.values()):
            await provider.close()


def needs_of(plan: Plan, model: str) -> Needs:
    """What a study asks of one of its models, by id. Judges are asked for single marks, in no mode."""
    usage = plan.budget.tokens is not None or plan.budget.usd is not None
    cold = {judge.temperature for judge in plan.judges.values() if judge.model.id == model}
    if model not in plan.space.models:
        return Needs(1, tuple(sorted(cold)), usage=usage)
    warm = {*plan.space.temperatures, *cold}
    logprobs, modes = read_samples(plan).logprobs, tuple(plan.space.modes.values())
    return Needs(max(plan.space.ns), tuple(sorted(warm)), logprobs, usage, modes)


async def _look_here(plan: Plan, model: Model, provider: Provider) -> Probed:
    """The embedded model or a recorded table: whether it can serve the study's first request."""
    readings, sources = read_samples(plan), plan.space.sources()
    source = next((source for source in sources if source.model == model.id), None)
    spend, requests = Spend(), 0
    try:
        provider.price(model)
        if source is None:
            return Probed(model.id, model.endpoint, _told("it is there", _WHY_NOT), requests, spend)
        requests = 1
        (sample,) = await provider.complete(readings.request(source, plan.task.dev[0]), [0])
    except ModelError as error:
        broken = Promise("reachable", "broken", error.message, error.mend, needed=True)
        return Probed(model.id, model.endpoint, (broken,), requests, spend)
    except ProviderError as error:
        broken = Promise("reachable", "broken", error.reason, "shorten the first prompt or example", needed=True)
        return Probed(model.id, model.endpoint, (broken,), requests, spend)
    spend = Spend(1, sample.input_tokens + sample.output_tokens, sample.cost_usd)
    promises = _told("it answers", _WHY_NOT)
    if readings.logprobs and sample.text and sample.logprob is None:
        mend = "select by length, stated, a judge or a function of your own (best_of: {by: length})"
        broken = Promise("logprobs", "broken", "none are recorded", mend, needed=True)
        promises = tuple(broken if promise.name == "logprobs" else promise for promise in promises)
    return Probed(model.id, model.endpoint, promises, requests, spend)


def _told(reached: str, others: str) -> tuple[Promise, ...]:
    reachable = Promise("reachable", "kept", reached, needed=True)
    return (reachable, *(Promise(name, "untold", others) for name in _HERE))
