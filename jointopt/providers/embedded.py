"""The embedded model as a provider: in this process, with no key, no network and, unless the study says so, no price.

Replicate r of a request is always the same completion, because its seed is a digest of the request's key and r.
It does not know how the model computes.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence

from jointopt.domain import Model, Price, Request, Sample
from jointopt.errors import ModelError, ProviderError
from jointopt.pocket.completion import Completion, Decoding, seed_of
from jointopt.pocket.engine import Engine, encode_chat, shared_engine
from jointopt.pocket.lessons import THINK_LINE
from jointopt.pocket.shape import TIERS
from jointopt.pocket.tokens import END_THINK, THINK
from jointopt.providers.base import Provider

PREFIX = "embedded/"


class Embedded(Provider):
    """Completes requests to ``embedded/nano`` and ``embedded/micro``."""

    async def complete(self, request: Request, replicates: Sequence[int]) -> list[Sample]:
        """One sample for each replicate number; the prompt is billed on the first.

        Raises:
            ProviderError: the prompt leaves no room for a completion in the model's context.
            ModelError: an unknown tier or setting.
        """
        if not replicates:
            return []
        engine = _engine(request.model)
        prompt = encode_chat(request.messages)
        seeds = [seed_of(request.key, replicate) for replicate in replicates]
        began = time.perf_counter()
        decoding = _decoding(request)
        try:
            future = engine.submit(prompt, seeds, decoding)
        except ModelError as too_long:  # this prompt, not the model: what follows from a sample may be long
            raise ProviderError(too_long.message) from None
        completions = await asyncio.wrap_future(future)
        latency_s = time.perf_counter() - began
        return [
            self._sample(request.model, replicate, completion, 0 if i else len(prompt), latency_s)
            for i, (replicate, completion) in enumerate(zip(replicates, completions, strict=True))
        ]

    def price(self, model: Model) -> Price:
        """What the study says, else nothing."""
        _tier(model)
        return model.price or Price()

    def count_tokens(self, request: Request) -> int:
        """The exact input tokens of a request."""
        return len(encode_chat(request.messages))

    def _sample(
        self, model: Model, replicate: int, completion: Completion, input_tokens: int, latency_s: float
    ) -> Sample:
        reasoning_tokens, requests = _reasoning_tokens(completion), int(input_tokens > 0)  # the first has the prompt
        return Sample(
            replicate=replicate,
            text=completion.answer,
            reasoning=completion.reasoning,
            finish=completion.finish,
            logprob=completion.mean_logprob,
            input_tokens=input_tokens,
            output_tokens=completion.drawn,
            cost_usd=self.price(model).of(input_tokens, completion.drawn, 0, reasoning_tokens, requests=requests),
            latency_s=latency_s,
            reasoning_tokens=reasoning_tokens,
        )


def _engine(model: Model) -> Engine:
    return shared_engine(_tier(model))


def _tier(model: Model) -> str:
    tier = model.endpoint.removeprefix(PREFIX)
    if tier not in TIERS or not model.endpoint.startswith(PREFIX):
        known = ", ".join(f"{PREFIX}{tier}" for tier in sorted(TIERS))
        raise ModelError(
            f"there is no embedded model {model.endpoint!r}", where=f"model {model.id}", mend=f"use one of {known}"
        )
    return tier


def _reasoning_tokens(completion: Completion) -> int:
    """How many tokens its thoughts took, with the marks around them; all of them where it never came to an answer."""
    tokens = completion.tokens
    if tokens[:1] != (THINK,):
        return 0
    return tokens.index(END_THINK) + 1 if END_THINK in tokens else len(tokens)


def _decoding(request: Request) -> Decoding:
    """How to draw. The model understands one further field of a body: ``stop``."""
    extra = request.model.extra
    if unknown := set(extra) - {"stop"}:
        raise ModelError(
            f"the embedded model does not know {', '.join(sorted(unknown))}",
            where=f"model {request.model.id}",
            mend="take it out of `extra`, where it reads `stop` alone; a mode of the embedded model is the system line "
            f'"{THINK_LINE}"',
        )
    return Decoding(request.temperature, request.model.max_tokens, _read_stops(extra))


def _read_stops(extra: Mapping[str, object]) -> tuple[str, ...]:
    stop = extra.get("stop", ())
    texts = (stop,) if isinstance(stop, str) else tuple(stop) if isinstance(stop, list | tuple) else (None,)
    if not all(isinstance(text, str) and text for text in texts):
        raise ModelError(f"stop is {stop!r}", where="model extra", mend="give a text or a list of texts")
    return texts
