"""Does a model behind a network keep its promises? One cheap round of requests, each sent for one promise.

Every request is counted and priced, none is kept. It does not know what a study is; `promises` judges what it hears.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from jointopt.domain import Message, Mode, Model, Price, Request, Sample, Spend
from jointopt.errors import ModelError
from jointopt.providers import promises
from jointopt.providers.failure import LOST, OUT_OF_SHAPE, TOO_LATE, TOO_MANY, Failure, explain, variables
from jointopt.providers.promises import Heard, Needs, Probed, Promise, said_by
from jointopt.providers.remote import Remote, read_keys
from jointopt.providers.reply import Reply, part
from jointopt.providers.throttle import Clock, Throttle
from jointopt.providers.usage import read_usage

SHORT, ROOMY, LONG = 16, 1024, 512  # tokens: of most answers; where thoughts take all of those; of a mode's answer
ATTEMPT_S, PATIENCE_S = 30.0, 5.0
SEVERAL = 4  # completions in one request
SEEDS = 11, 12
_LINE = "Write one unusual sentence about the sea."
_PUZZLE = "How often does the letter r occur in 'a refrigerator for raspberries'? Multiply that by 17."
_KEY, _MODEL, _BODY = {401, 403}, {404}, {400, 413, 422}
_GONE = {LOST, TOO_LATE, TOO_MANY, 401}  # whatever was asked, the next request will fare no better


async def probe(remote: Remote, model: Model, needs: Needs, say: Callable[[str], None]) -> Probed:
    """Ask a model a handful of short questions, and hold its promises against the answers.

    What is not reached, or refuses the key, is asked nothing more.

    Args:
        remote: how it is reached.
        model: who is asked.
        needs: of the study.
        say: told before each request what it is for.
    """
    return await _Round(remote, model, needs, say).run()


class _Ended(Exception):
    """Nothing more is to be asked."""


class _Round:
    """The requests of one probe, one after the other."""

    def __init__(self, remote: Remote, model: Model, needs: Needs, say: Callable[[str], None]) -> None:
        self.remote, self.model, self.needs, self.say = remote, model, needs, say
        self.found: dict[str, Promise] = {}
        self.spend, self.requests, self.room = Spend(), 0, min(SHORT, model.max_tokens)
        self.price, self.keys, self.warm, self.longest = Price(), list[str](), list[str](), Heard(1)
        self.throttle, self._clock = Throttle(1, 0.5, lambda: False), Clock()

    async def run(self) -> Probed:
        """Every promise in turn, until one makes the others moot."""
        try:
            self._price()
            await self._reach()
            await self._count()
            await self._temperature()
            await self._seed()
            await self._logprobs()
            await self._modes()
        except _Ended:
            pass
        else:
            self._keep(promises.judge_latency(self.longest, self.model.max_tokens, self.model.timeout_s))
        found = tuple(self.found.values())
        return Probed(self.model.id, self.model.endpoint, found, self.requests, self.spend)

    def _price(self) -> None:
        """Whether what it costs is known; without it the round is counted as free."""
        try:
            self.price = self.remote.price(self.model)
        except ModelError as error:
            self._keep(Promise("price", "broken", error.message, error.mend, needed=True))

    async def _reach(self) -> None:
        """The first request, once with each key."""
        names = self.remote.client.key_names(self.model)
        try:
            self.keys = read_keys(self.model, names)
        except ModelError as error:
            self._keep(Promise("key", "broken", error.message, error.mend, needed=True))
            raise _Ended from None
        request = self._request(self.needs.warmest)
        for number, key in enumerate(self.keys or [None]):
            try:
                reply = await self._ask(request, 1, "reachable", key)
            except Failure as failure:
                for promise in _barred(failure, request, names[number : number + 1]):
                    self._keep(promise)
                raise _Ended from None
        first = await self._roomy(self._heard(reply, 1))
        self._keep(Promise("reachable", "kept", self.model.base_url or "at its vendor", needed=True))
        told = "accepted: " + ", ".join(names) if names else "none named in the study file"
        self._keep(Promise("key", "kept", told, needed=True))
        self._keep(promises.judge_usage(first, self.needs))
        self.warm += first.texts

    async def _roomy(self, first: Heard) -> Heard:
        """The first answer; where nothing of it is to be seen, what it says with more room, as for all that follow."""
        if first.texts or first.samples[0].finish != "length" or self.room == self.model.max_tokens:
            return first
        self.room = min(ROOMY, self.model.max_tokens)
        return await self._hear(self._request(self.needs.warmest), 1, "reachable")

    async def _count(self) -> None:
        """Several in one request, then as many as the study will ever ask for."""
        wanted = self.needs.n
        if wanted == 1:
            await self._again()
            return
        heard = await self._hear(self._request(self.needs.warmest), min(SEVERAL, wanted), "n")
        self.warm += heard.texts
        self._keep(promises.judge_n(heard))
        came = len(heard.samples)
        if came < min(SEVERAL, wanted):
            await self._again()
        elif wanted > came:
            self._keep(promises.judge_most(wanted, await self._most(wanted, came)))

    async def _again(self) -> None:
        """A second answer, where one request brings but one: so that it can be seen whether they differ."""
        if len(self.warm) == 1:
            self.warm += (await self._hear(self._request(self.needs.warmest), 1, "temperature")).texts

    async def _most(self, wanted: int, known: int) -> int:
        """The most completions that come from one request; what is refused is halved."""
        n = wanted
        while n > known:
            heard = await self._hear(self._request(self.needs.warmest), n, "largest n")
            if heard.samples:
                return max(len(heard.samples), known)
            n //= 2
        return known

    async def _temperature(self) -> None:
        cold = [await self._hear(self._request(0.0), 1, "temperature")]
        if not cold[0].refusal:
            cold.append(await self._hear(self._request(0.0), 1, "temperature"))
        self._keep(promises.judge_temperature(self.warm, cold, self.needs))

    async def _seed(self) -> None:
        fixed = "seed" in self.model.extra
        heard = []
        for seed in (SEEDS[0], *SEEDS):
            heard.append(await self._hear(self._request(self.needs.warmest, seed=seed), 1, "seed"))
            if heard[-1].refusal:
                break
        one, again, other = (heard * 3)[:3]
        self._keep(promises.judge_seed(one, again, other, fixed=fixed, needs=self.needs))

    async def _logprobs(self) -> None:
        heard = await self._hear(self._request(self.needs.warmest, logprobs=True), 1, "logprobs")
        self._keep(promises.judge_logprobs(heard, self.needs))

    async def _modes(self) -> None:
        """Each mode of the study, against the first; those that send the same are one."""
        heard: dict[str, Heard] = {}
        named: dict[str, str] = {}
        cold = self.found["temperature"].state == "kept"
        for mode in self.needs.modes:
            request, name = self._in_mode(mode), f"mode {mode.id}"
            if request.key in named:
                told = f"sends what {named[request.key]} sends, but for a longer max_tokens"
                self._keep(Promise(name, "untold", told))
                continue
            named[request.key] = mode.id
            answer = await self._hear(replace(request, temperature=0.0) if cold else request, 1, name)
            if cold and "temperature" in answer.refusal:  # as where thinking has a temperature of its own
                cold, answer = False, await self._hear(request, 1, name)
            heard[mode.id] = answer
            if cold and len(heard) == 1 < len(self.needs.modes):  # a long answer may not repeat where a short one did
                cold = (await self._hear(replace(request, temperature=0.0), 1, name)).texts == answer.texts
            first = next(iter(heard))
            self._keep(promises.judge_mode(mode.id, answer, first, heard[first], steady=cold))

    def _in_mode(self, mode: Mode) -> Request:
        applied, line = mode.apply(self.model), mode.line(self.model)
        messages = (*([Message("system", line)] if line else []), Message("user", _PUZZLE))
        return Request(self._brief(applied, min(LONG, applied.max_tokens)), messages, self.needs.warmest)

    def _request(self, temperature: float, *, seed: int | None = None, logprobs: bool = False) -> Request:
        model = self._brief(self.model, self.room)
        if seed is not None:
            model = replace(model, extra={**model.extra, "seed": seed})
        return Request(model, (Message("user", _LINE),), temperature, logprobs=logprobs)

    def _brief(self, model: Model, max_tokens: int) -> Model:
        """The model with short answers, and with little time for each."""
        return replace(
            model,
            max_tokens=max_tokens,
            timeout_s=min(ATTEMPT_S, model.timeout_s),
            patience_s=min(PATIENCE_S, model.patience_s),
        )

    async def _hear(self, request: Request, n: int, purpose: str) -> Heard:
        """What a request brought; that it is refused is an answer, too."""
        try:
            reply = await self._ask(request, n, purpose, self.keys[0] if self.keys else None)
        except Failure as failure:
            told = explain(failure, request)
            if failure.status in _GONE:
                seen = f"it answered at first, and then no more ({purpose}): {_line(told)}"
                mend = getattr(told, "mend", "") or "ask again when the server is well"
                self._keep(Promise("reachable", "broken", seen, mend, needed=True))
                raise _Ended from None
            return Heard(n, refusal=_line(told), mend=getattr(told, "mend", ""))
        return self._heard(reply, n)

    async def _ask(self, request: Request, n: int, purpose: str, key: str | None) -> Reply:
        """One request, tried again as the throttle sees fit.

        Raises:
            Failure: there is no answer.
        """
        self.say(purpose)
        if request.model.requests_per_minute:
            await self.throttle.rest(self._clock("probe", 60 / request.model.requests_per_minute))
        reply = await self.throttle.insist(partial(self._attempt, request, n, key), request.model.patience_s)
        if not reply.choices:
            raise Failure(OUT_OF_SHAPE, "the server returned no choice")
        if reply.wait_s:
            self.throttle.close_for(min(reply.wait_s, PATIENCE_S))
        return reply

    async def _attempt(self, request: Request, n: int, key: str | None) -> Reply:
        self.requests += 1
        return await self.remote.client.ask(request, n, key)

    def _heard(self, reply: Reply, n: int) -> Heard:
        """A reply, read; all of it is paid for, also what was not asked for."""
        samples = tuple(reply.samples(max(n, len(reply.choices)), self.price))
        tokens = sum(sample.input_tokens + sample.output_tokens for sample in samples)
        self.spend += Spend(len(samples), tokens, sum(sample.cost_usd for sample in samples))
        usage = read_usage(part(reply.body, "usage"), self.model.endpoint)
        heard = Heard(n, samples, usage=bool(usage.input_tokens and (usage.output_tokens or not _said(samples))))
        if n == 1 and samples[0].output_tokens >= _tokens(self.longest):
            self.longest = heard
        return heard

    def _keep(self, promise: Promise) -> None:
        self.found[promise.name] = promise


def _barred(failure: Failure, request: Request, names: tuple[str, ...]) -> list[Promise]:
    """What the first request says where it brought no answer."""
    error = explain(failure, request)
    name, mend = "reachable", "check base_url, and that an OpenAI-compatible server answers there"
    if failure.status in _KEY and not failure.unsupported:
        name, mend = "key", f"check the key in {', '.join(names) or variables(request.model)}"
    elif failure.status in _MODEL:
        name, mend = "model", getattr(error, "mend", "")
    elif failure.status in _BODY or failure.lasting:
        name, mend = "request", getattr(error, "mend", "") or "check `extra` against what the server says"
    broken = Promise(name, "broken", _line(error), mend, needed=True)
    return [broken] if name == "reachable" else [Promise("reachable", "kept", "it answers", needed=True), broken]


def _line(error: Exception) -> str:
    return str(getattr(error, "message", "") or getattr(error, "reason", ""))


def _said(samples: tuple[Sample, ...]) -> bool:
    return any(map(said_by, samples))


def _tokens(heard: Heard) -> int:
    return heard.samples[0].output_tokens if heard.samples else 0
