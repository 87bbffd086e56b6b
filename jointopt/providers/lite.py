"""Any vendor, through LiteLLM. It asks for n completions at once, and for the rest again where fewer come back.

LiteLLM's own retries, caches and callbacks are off: its cache would return one sample for all, and its retries would
spend what no ledger has seen.
"""

import asyncio
import logging
import os
import random
import re
import time
from collections.abc import Sequence
from dataclasses import replace

import litellm
from litellm import exceptions
from litellm.llms.custom_httpx.async_client_cleanup import close_litellm_async_clients
from openai import OpenAIError

from jointopt.domain import Model, Price, Request, Sample
from jointopt.errors import ModelError, ProviderError
from jointopt.providers.base import Provider
from jointopt.providers.prices import price_of
from jointopt.providers.reply import Reply, most_input_tokens

litellm.cache = None
litellm.telemetry = False
litellm.suppress_debug_info = True
litellm.drop_params = False
litellm.callbacks = []
litellm.success_callback = []
litellm.failure_callback = []
logging.getLogger("LiteLLM").setLevel(logging.CRITICAL)

TRIES = 5
TIMEOUT_S = 300.0
_TOO_SOON = {408, 409, 429}  # HTTP states that pass, besides a server's faults; LiteLLM gives lost connections one too
_SERVERS_FAULT = 500
_KEY_REFUSED = {401, 403}
_REFUSED = {400, 403, 422}
_NO_SUCH_MODEL = 404
_NO_SUCH_VENDOR = "Provider NOT provided"
_NO_KEY = re.compile(r"Missing credentials|Missing \S+ API key|api_key client option", re.IGNORECASE)
_LOGPROBS = "logprobs"
_NAMES_N = re.compile(r"(?<![\w.])n(?![\w.])")
_SECRET = re.compile(r"(sk-|Bearer\s+|gsk_|AIza|hf_)[\w.~*+/-]+")


class Lite(Provider):
    """Completes requests through LiteLLM.

    Args:
        backoff_s: the first pause before a request is repeated; each later one is twice as long, and up to
            half more by lot.
    """

    may_split = True

    def __init__(self, *, backoff_s: float = 1.0) -> None:
        self._backoff_s = backoff_s
        self._gates: dict[tuple[str, str | None], asyncio.Semaphore] = {}
        self._one_by_one: set[tuple[str, str | None]] = set()  # endpoints that ignore or refuse n

    async def complete(self, request: Request, replicates: Sequence[int]) -> list[Sample]:
        """One sample for each replicate number; those that could not be had say why, unless none could."""
        samples: list[Sample] = []
        failures: list[ModelError | ProviderError] = []
        while len(samples) < len(replicates) and not failures:
            missing = len(replicates) - len(samples)
            portions = [1] * missing if _address(request.model) in self._one_by_one else [missing]
            for outcome in await asyncio.gather(*(self._portion(request, portion) for portion in portions)):
                if isinstance(outcome, list):
                    samples += outcome
                else:
                    failures.append(outcome)
        if failures and not samples:
            raise failures[0]
        samples += [_failed(failures[0]) for _ in replicates[len(samples) :]]
        return [replace(sample, replicate=number) for sample, number in zip(samples, replicates, strict=True)]

    def price(self, model: Model) -> Price:
        """The study file's price, else the one that LiteLLM lists."""
        return price_of(model)

    def count_tokens(self, request: Request) -> int:
        """An upper bound, without a tokenizer."""
        return most_input_tokens(request)

    async def close(self) -> None:
        """Close LiteLLM's connections of this event loop."""
        await close_litellm_async_clients()  # type: ignore[no-untyped-call]  # LiteLLM leaves it untyped

    async def _portion(self, request: Request, n: int) -> list[Sample] | ModelError | ProviderError:
        """Some of n samples, perhaps none yet; an error is returned, so that what others got is not lost."""
        address = _address(request.model)
        try:
            price = self.price(request.model)
            reply = await self._insist(request, n)
            samples = reply.samples(n, price)
        except exceptions.BadRequestError as error:
            if n > 1 and _NAMES_N.search(str(error)):
                self._one_by_one.add(address)
                return []
            return _explain(error, request)
        except OpenAIError as error:
            return _explain(error, request)
        except (ModelError, ProviderError) as error:
            return error
        if len(samples) < n:
            self._one_by_one.add(address)
        return samples or ([] if n > 1 else ProviderError("the server returned no choice"))

    async def _insist(self, request: Request, n: int) -> Reply:
        """Ask, and ask again after what may pass: rate limits, timeouts, lost connections, server errors."""
        gate = self._gates.setdefault(_address(request.model), asyncio.Semaphore(request.model.concurrency))
        for attempt in range(TRIES - 1):
            try:
                async with gate:
                    return await _ask(request, n)
            except OpenAIError as error:
                if not _passes(error):
                    raise
                await asyncio.sleep(self._backoff_s * 2**attempt * random.uniform(1, 1.5))  # spreads the workers
        async with gate:
            return await _ask(request, n)


async def _ask(request: Request, n: int) -> Reply:
    model = request.model
    options = {"n": n} if n > 1 else {}
    started = time.perf_counter()
    body = await litellm.acompletion(
        **request.body,
        **options,
        api_base=model.base_url,
        api_key=_key(model),
        timeout=TIMEOUT_S,
        max_retries=0,
        caching=False,
    )
    return Reply(request, body, time.perf_counter() - started)


def _key(model: Model) -> str | None:
    """The key from the environment. A server of the user's own never gets a vendor's key that was not meant for it."""
    if model.key_env is None:
        return "none" if model.base_url else None  # None: LiteLLM looks for the vendor's usual variable
    key = os.environ.get(model.key_env)
    if not key:
        where, mend = f"models.{model.id}.key_env", f"export {model.key_env}=..."
        raise ModelError(f"the environment variable {model.key_env} is not set", where=where, mend=mend)
    return key


def _address(model: Model) -> tuple[str, str | None]:
    return model.endpoint, model.base_url


def _failed(error: ModelError | ProviderError) -> Sample:
    return Sample(replicate=0, text="", finish="error", error=str(error).partition("\n")[0])


def _status(error: OpenAIError) -> int:
    """The HTTP state; LiteLLM calls a key that is not set a server's error, and we a key that is refused."""
    return 401 if _NO_KEY.search(str(error)) else int(getattr(error, "status_code", None) or 0)


def _passes(error: OpenAIError) -> bool:
    return _status(error) in _TOO_SOON or _status(error) >= _SERVERS_FAULT


def _explain(error: OpenAIError, request: Request) -> ModelError | ProviderError:
    """What a failed request means: for the whole study, or for itself alone."""
    model = request.model
    where, variable = f"models.{model.id}", model.key_env or "the vendor's variable, e.g. OPENAI_API_KEY"
    if isinstance(error, exceptions.UnsupportedParamsError) or _denies_logprobs(error, request):
        line = _line(error, model).partition(". To drop")[0]  # what follows is advice for users of LiteLLM
        return ModelError(f"{model.endpoint!r}: {line}", where=where, mend=_do_without(line, request))
    if _status(error) in _KEY_REFUSED:
        mend = f"check the key in {variable}"
        return ModelError(f"{model.endpoint!r} refuses the key", where=where, mend=mend)
    if _status(error) == _NO_SUCH_MODEL or _NO_SUCH_VENDOR in str(error):
        mend = "check the endpoint's spelling, and base_url where one is given"
        return ModelError(f"there is no model {model.endpoint!r}", where=where, mend=mend)
    return ProviderError(f"{type(error).__name__}: {_line(error, model)}")


def _denies_logprobs(error: OpenAIError, request: Request) -> bool:
    """Whether the server itself refuses log-probabilities: OpenAI does it with the state of a refused key."""
    return request.logprobs and _status(error) in _REFUSED and _LOGPROBS in _line(error, request.model)


def _do_without(line: str, request: Request) -> str:
    """How to mend a request for what the model cannot do, by the names in the error."""
    named = set(re.findall(r"'(\w+)'", line))
    mends: list[str] = []
    if request.logprobs and _LOGPROBS in line:
        mends.append("take out the selectors that need log-probabilities (logprob, p_true)")
    if fields := ", ".join(field for field in request.model.extra if field in named):
        mends.append(
            f"move {fields} into `extra_body`, which is sent as it is, or let it pass with "
            f"`allowed_openai_params: [{fields}]` beside it, or take it out"
        )
    if "temperature" in line:
        mends.append("write a temperature that it can do: `temperatures: [1]`")
    return "; ".join(mends) or "take out what the model cannot do (`temperatures`, `extra`)"


def _line(error: OpenAIError, model: Model) -> str:
    """The first line of an error, with anything like a key taken out."""
    line = " ".join(str(error).split("\n")[0].split())
    key = os.environ.get(model.key_env or "", "")
    return _SECRET.sub("(key)", line.replace(key, "(key)") if key else line)[:300]
