"""Before a study starts: does every model answer, and what can the study cost at most?"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil

from jointopt.config import Plan
from jointopt.domain import Judge, Message, Model, Price, Request, Sample, Source, Spend
from jointopt.errors import ModelError, ProviderError
from jointopt.evaluation import DEPTH, no_logprobs
from jointopt.providers import Provider, lacks_logprobs
from jointopt.search import POOLED, plans
from jointopt.strategies import Windows
from jointopt.study.parts import connect_models, open_playbook, read_samples

_PATIENCE_S = 15.0  # whoever checks is waiting: what is busy or broken is told soon
_TURN = 100  # tokens that a further turn of a chat may bring beside what a model wrote


@dataclass(frozen=True, slots=True)
class Check:
    """One answer of one model.

    Attributes:
        source: what was asked.
        messages: the chat as it was sent.
        sample: the completion.
        answer: as the grader reads it; None where it finds none.
        reference: the right answer.
        score: of the answer, 0 to 1.
    """

    source: Source
    messages: tuple[Message, ...]
    sample: Sample
    answer: str | None
    reference: str
    score: float


def ask_once(plan: Plan) -> list[Check]:
    """Ask every model, in every mode, for one completion of the first prompt and example. It is paid, but no study
    begins.

    Raises:
        ModelError: a model does not answer, or not as the study needs it.
    """
    providers, _ = connect_models(plan)
    readings, example = read_samples(plan), plan.task.dev[0]
    first = next(iter(plan.space.sources()))
    modes = list(plan.space.modes) or [first.mode]
    sources = [replace(first, model=model, mode=mode) for model in plan.space.models for mode in modes]
    requests = [readings.request(source, example) for source in sources]
    samples = asyncio.run(_ask_all(providers, requests))
    checks = []
    for source, request, sample in zip(sources, requests, samples, strict=True):
        if lacks_logprobs(request, [sample]):
            raise no_logprobs(source.model)
        answer = readings.rubric.parse(sample.text)
        score = readings.rubric.marks(sample.text, example.reference)[0]
        checks.append(Check(source, request.messages, sample, answer, example.reference, score))
    return checks


async def _ask_all(providers: Mapping[str, Provider], requests: list[Request]) -> list[Sample]:
    async def ask(request: Request) -> Sample:
        hasty = replace(request.model, patience_s=min(_PATIENCE_S, request.model.patience_s))
        try:
            return (await providers[hasty.id].complete(replace(request, model=hasty), [0]))[0]
        except ProviderError as error:
            raise ModelError(
                error.reason, where=f"model {request.model.id!r}", mend="mend the endpoint and check again"
            ) from None

    try:
        return [await ask(request) for request in requests]
    finally:
        for provider in set(providers.values()):
            await provider.close()


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a study can cost.

    Attributes:
        policies: different ones in the space.
        sources: different requests for each example.
        examples: dev and sealed.
        everything: an upper bound on sampling the whole space: every source, every example, the largest n.
        promised: an upper bound on what the study spends: the budget, where it is lower.
    """

    policies: int
    sources: int
    examples: int
    everything: Spend
    promised: Spend


def look_ahead(plan: Plan) -> Outlook:
    """What the study can cost at most, without a call: input tokens are bounded from above, completions are as long
    as `max_tokens` allows.
    """
    providers, prices = connect_models(plan)
    readings, everything, deepest = read_samples(plan), Spend(), max(plan.space.ns)
    deepest *= 1 if plans(plan.sampler) else DEPTH  # one that only suggests may sample a policy deeper
    requests = _requests(plan, deepest)
    sources, examples = list(plan.space.sources()), (*plan.task.dev, *plan.task.sealed)
    raters = _raters(plan, deepest)
    for source in sources:
        for example in examples:
            request = readings.request(source, example)
            tokens_in = providers[source.model].count_tokens(request)
            everything += _worst(tokens_in * requests, request.model, deepest, requests, prices[source.model])
            for judge, most in raters:
                model = judge.model if judge else request.model
                shown = tokens_in + (deepest + most) * (request.model.max_tokens + _TURN)
                everything += _worst(most * shown, model, most, most, prices[model.id])
    limits = plan.budget
    promised = Spend(
        min(everything.calls, limits.calls if limits.calls is not None else everything.calls),
        min(everything.tokens, limits.tokens if limits.tokens is not None else everything.tokens),
        min(everything.usd, limits.usd if limits.usd is not None else everything.usd),
    )
    return Outlook(len(plan.space.policies()), len(sources), len(examples), everything, promised)


def _raters(plan: Plan, deepest: int) -> list[tuple[Judge | None, int]]:
    """Who asks about samples, with the most requests that `deepest` samples can lead to; None: the model itself.

    What is no rule over arrays asks for every n on its own, once for each run of n samples.
    """
    playbook = open_playbook(plan, plan.preference)
    strategies = [playbook.build(way.strategy, way.options) for way in plan.space.ways()]
    asking = {
        strategy.rater: strategy.follow_ups(deepest)
        if isinstance(strategy, Windows)
        else sum(deepest // n * strategy.follow_ups(n) for n in plan.space.ns)
        for strategy in strategies
        if strategy.follows
    }
    return [(getattr(rater, "judge", None), most) for rater, most in asking.items()]


def _requests(plan: Plan, deepest: int) -> int:
    """How often the prompt of an example may be sent for one source: its samples come in portions."""
    akin = len(plan.space.prompts) * len(plan.space.temperatures)
    return ceil(deepest / min(ceil(POOLED / akin), deepest)) + 1


def _worst(tokens_in: int, model: Model, n: int, requests: int, price: Price) -> Spend:
    tokens_out = n * model.max_tokens
    return Spend(n, tokens_in + tokens_out, price.most(tokens_in, tokens_out, requests=requests))
