"""The canary: a few pinned requests that show whether the model behind a name is still the one that a study began with.

They are asked of every model behind a network, at temperature 0: twice when a study begins, in requests apart (two
completions of one request repeat each other more readily than they repeat themselves later), and again when it goes
on after nobody had worked on it. Their samples are paid for and kept like any other, but apart from the study's own,
which finds the same without them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from jointopt.domain import Example, Model, Request, Sample, Spend
from jointopt.errors import BudgetExhausted, ModelDrift, ModelError, TooManyFailed
from jointopt.evaluation import Draw, Readings
from jointopt.providers import in_process
from jointopt.storage import SamplePool
from jointopt.study.parts import Parts

PHASE = "canary"
EXAMPLES = 4  # pinned
LONGEST = 256  # tokens of their answers: a model that has changed shows it soon
SHARE, SHARE_IN_ALL = 0.02, 0.05  # of the budget: at the beginning, at the worst price; and ever
CHANGED = 2  # answers at least

Digests = dict[str, str]  # of an answer, by its request's key; empty where nothing was said


@dataclass(frozen=True, slots=True)
class Watch:
    """What is known of one model.

    Attributes:
        steady: pinned answers that repeated themselves when the study began.
        changed: those of them that read otherwise now.
    """

    steady: int
    changed: int

    @property
    def drifted(self) -> bool:
        """Whether so many changed that it can hardly be the same model."""
        return self.changed >= CHANGED and 2 * self.changed > self.steady


class Canary:
    """Asks the pinned requests of a study, and remembers what was said.

    Args:
        parts: of the study.
        force: go on with a model that has changed, as it is now.
    """

    def __init__(self, parts: Parts, *, force: bool) -> None:
        self.parts, self.force = parts, force
        kept = parts.studies.recall(parts.row.id, PHASE) or {"said": {}, "notes": {}, "drifted": {}}
        self._said: dict[str, list[str]] = kept["said"]  # digests at the beginning, by the request's key
        self.notes: dict[str, str] = kept["notes"]  # why a model cannot be watched, by its id
        self._drifted: dict[str, list[int]] = kept["drifted"]  # changed and steady, by the model's id
        self._whole: bool = kept.get("whole", False)  # whether the last look came to its end
        readings = Readings(parts.plan.space, parts.readings.rubric, seed=parts.plan.seed, logprobs=False)
        pool = SamplePool(parts.database, parts.row.id)
        self._draw = Draw(readings, pool, parts.ledger, parts.providers, parts.draw.on_progress, "skip")

    async def look(self, *, again: bool = True) -> None:
        """Ask, and compare with what was said when the study began.

        What the budget does not allow is left out, and a model that cannot be asked so is not watched: `notes` says it.

        Args:
            again: whether a look that has come to its end is followed by another one.

        Raises:
            ModelDrift: a model has changed.
            ModelError: no request of a model can succeed.
        """
        pinned = dict(self._pinned())
        if not pinned or (self._whole and not again):
            return
        self._whole = False
        self._remember()
        self._draw.deadline_s = self.parts.draw.deadline_s
        affordable = self._affordable([request for requests in pinned.values() for request in requests])
        for model, requests in pinned.items():
            self.notes.pop(model, None)
            try:
                await self._look_at(model, requests, affordable=affordable)
            except BudgetExhausted as refused:
                self._leave_out(model, f"the budget does not allow it: {refused}")
            except TooManyFailed as failed:
                self._leave_out(model, failed.message)
            except ModelError as error:
                if "temperature" not in str(error).lower() or 0.0 in self.parts.plan.space.temperatures:
                    raise
                self._leave_out(model, f"it cannot be asked at temperature 0: {error.message}")
            finally:
                self._remember()
        self._whole = True
        self._remember()

    async def _look_at(self, model: str, requests: Sequence[Request], *, affordable: bool) -> None:
        known = [request for request in requests if request.key in self._said]
        if known:
            await self._compare(model, known)
        elif affordable:
            await self._begin(requests)
        else:
            raise BudgetExhausted(f"at the worst price it takes more than {SHARE:.0%} of it")
        steady = len(self._steady(requests))
        if steady < CHANGED:
            self.notes[model] = "its answers do not repeat at temperature 0: a change could not be told from chance"

    async def _begin(self, requests: Sequence[Request]) -> None:
        first, second = await self._ask(requests), await self._ask(requests)
        self._said |= {key: [first[key], second[key]] for key in first}

    async def _compare(self, model: str, known: Sequence[Request]) -> None:
        """Once more; where that looks like another model, a second time, so that chance is not taken for change."""
        steady = self._steady(known)
        fresh = await self._ask(known)
        changed = _changed(steady, fresh)
        if Watch(len(steady), len(changed)).drifted:
            again = await self._ask(known)
            changed = {key: said for key, said in changed.items() if key in _changed(steady, again)}
            if Watch(len(steady), len(changed)).drifted:
                if not self.force:
                    self._drifted[model] = [len(changed), len(steady)]
                    raise self._drift(model)
                self._said |= {request.key: [fresh[request.key], again[request.key]] for request in known}
        self._drifted.pop(model, None)

    async def _ask(self, requests: Sequence[Request]) -> Digests:
        """One more sample of each."""
        draw = self._draw
        draw.load(requests)
        wishes = [(request, len(draw.readings.samples(request)) + 1) for request in requests]
        await draw.fill(wishes, phase=PHASE, cap=self.parts.plan.budget.part(SHARE_IN_ALL))
        return {request.key: _digest(draw.readings.samples(request)[-1]) for request in requests}

    def _steady(self, requests: Sequence[Request]) -> Digests:
        """What those said at the beginning that repeated themselves."""
        said = {request.key: self._said.get(request.key, [""]) for request in requests}
        return {key: texts[0] for key, texts in said.items() if texts[0] and len(set(texts)) == 1}

    def _affordable(self, requests: Sequence[Request]) -> bool:
        """Whether those that were never asked may be asked twice for a small share of the budget."""
        fresh = [request for request in requests if request.key not in self._said]
        worst = sum((self._draw.worst(request, 1) for request in fresh), Spend())
        return self.parts.plan.budget.share(worst + worst) <= SHARE

    def _leave_out(self, model: str, why: str) -> None:
        """It is not watched now; that it had changed stays true until it is seen to be well, or forced."""
        if model in self._drifted and not self.force:
            raise self._drift(model)
        self.notes[model] = why

    def _drift(self, model: str) -> ModelDrift:
        changed, steady = self._drifted[model]
        endpoint, counted = self._models()[model].endpoint, f"{changed} of {steady} pinned answers have changed"
        return ModelDrift(
            f"another model seems to answer behind {endpoint!r} since the study began: {counted}",
            where=f"model {model!r}",
            mend="run with --force to go on with it as it is now (the samples of before stay in use), or give the "
            "study a new name",
        )

    def _remember(self) -> None:
        kept = {"said": self._said, "notes": self.notes, "drifted": self._drifted, "whole": self._whole}
        self.parts.studies.record(self.parts.row.id, PHASE, kept, self.parts.ledger.fence)

    def _models(self) -> dict[str, Model]:
        plan = self.parts.plan
        return {**{judge.model.id: judge.model for judge in plan.judges.values()}, **plan.space.models}

    def _pinned(self) -> Iterator[tuple[str, list[Request]]]:
        """The pinned requests of each model behind a network; one that asks what another asks is watched with it."""
        seen = set[str]()
        for model in self._models().values():
            if in_process(model):
                continue
            requests = [self._request(model, example) for example in self.parts.plan.task.dev[:EXAMPLES]]
            fresh = [request for request in requests if request.key not in seen]
            seen.update(request.key for request in fresh)
            if fresh:
                yield model.id, fresh

    def _request(self, model: Model, example: Example) -> Request:
        """An example under the defaults, with an identity that no request of a study has."""
        plan, first = self.parts.plan, next(self.parts.plan.space.sources())
        source = replace(first, model=model.id if model.id in plan.space.models else first.model, temperature=0.0)
        request = plan.space.request(source, example, seed=-1 - plan.seed, logprobs=False)
        asked = request.model if model.id in plan.space.models else model
        return replace(request, model=replace(asked, max_tokens=min(LONGEST, asked.max_tokens)))


def _changed(steady: Digests, fresh: Digests) -> Digests:
    """What reads otherwise now; what says nothing now, as where a request failed, proves nothing."""
    return {key: fresh[key] for key, said in steady.items() if fresh[key] and fresh[key] != said}


def _digest(sample: Sample) -> str:
    said = sample.reasoning + "\0" + sample.text
    return sha256(said.encode(errors="replace")).hexdigest() if said.strip("\0 \n") else ""
