"""A recorded table as a provider: studies run on answers that were given once, without a key and, unless the study says
so, without a price.

A request names what it means by a line ``prompt=NAME example=NAME`` in its messages, which the study's prompts write:
``prompt=steps example={id}``. Follow-ups are not recorded. It does not know how a table is written.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches

from jointopt.domain import Model, Price, Request, Sample
from jointopt.errors import ModelError, ProviderError
from jointopt.providers.base import Provider
from jointopt.providers.recorded import Table, read_table

PREFIX = "replay/"
_ADDRESS = re.compile(r"^[ \t]*prompt=(\S+)[ \t]+example=(.*\S)", re.MULTILINE)


class Replay(Provider):
    """Completes requests to ``replay/<file>``, a table beside the study file."""

    def __init__(self) -> None:
        self._tables: dict[str, Table] = {}
        self._temperatures: dict[str, float] = {}

    async def complete(self, request: Request, replicates: Sequence[int]) -> list[Sample]:
        """One sample for each replicate number; those beyond the record say so, unless none is within. The prompt is
        billed on the first.

        Raises:
            ProviderError: none of them is recorded.
            ModelError: no table, a request that names nothing in it, or one that it cannot know (a follow-up, further
                fields of a body, a second temperature).
        """
        table, (prompt, example) = self._table(request.model), self._place(request)
        self._check_temperature(request)
        found = [table.sample(prompt, example, number, request.key) for number in replicates]
        known = table.count(prompt, example)
        why = f"{known} samples of prompt {prompt!r}, example {example!r} are recorded, and more were asked for: "
        why += "record more, or lower n, trials or the budget"
        if replicates and not any(found):
            raise ProviderError(why)
        missing = Sample(0, "", finish="error", error=why)
        return [
            self._bill(request.model, sample or missing, replicate, first=i == 0)
            for i, (replicate, sample) in enumerate(zip(replicates, found, strict=True))
        ]

    def price(self, model: Model) -> Price:
        """What the study says, else nothing."""
        self._table(model)
        return model.price or Price()

    def count_tokens(self, request: Request) -> int:
        """The recorded input tokens of a request."""
        return self._table(request.model).input_tokens(*self._place(request))

    def _bill(self, model: Model, sample: Sample, replicate: int, *, first: bool) -> Sample:
        tokens_in = sample.input_tokens if first else 0
        amount = tokens_in, sample.output_tokens, 0, sample.reasoning_tokens
        cost_usd = self.price(model).of(*amount, requests=int(first))
        return replace(sample, replicate=replicate, input_tokens=tokens_in, cost_usd=cost_usd)

    def _table(self, model: Model) -> Table:
        """The model's table, read once; refused where the model is to do what no record can."""
        table = self._tables.get(model.endpoint)
        if table is None:
            table = read_table(model.endpoint.removeprefix(PREFIX), model.read_file)
            self._tables[model.endpoint] = table
        if model.extra:
            told = f"a recorded table knows no {', '.join(sorted(model.extra))}"
            raise ModelError(told, where=f"model {model.id}", mend="take it out of `extra` and of the modes")
        if table.longest > model.max_tokens:
            told = f"max_tokens is {model.max_tokens}, and a recorded answer has {table.longest}"
            raise ModelError(told, where=f"model {model.id}", mend=f"write max_tokens: {table.longest} or more")
        return table

    def _place(self, request: Request) -> tuple[str, str]:
        """The prompt and the example that a request means."""
        model, table = request.model, self._table(request.model)
        if any(message.role == "assistant" for message in request.messages):
            mend = "take out strategies and selectors that ask the model about its own answers"
            raise ModelError("a recorded table knows no follow-up", where=f"model {model.id}", mend=mend)
        found = [place for message in request.messages for place in _ADDRESS.findall(message.content)]
        if len(found) != 1:
            told = f"the request names {len(found)} recorded answers"
            mend = "write one line `prompt=NAME example={id}` in every prompt"
            raise ModelError(told, where=f"model {model.id}", mend=mend)
        for kind, name, known in zip(("prompt", "example"), found[0], (table.prompts, table.examples), strict=True):
            if name not in known:
                where, mend = f"model {model.id}", _nearest(name, known)
                raise ModelError(f"no {kind} {name!r} is recorded in {model.endpoint}", where=where, mend=mend)
        prompt, example = found[0]
        return prompt, example

    def _check_temperature(self, request: Request) -> None:
        """A record was made at one temperature: a second one would get the first one's answers."""
        first = self._temperatures.setdefault(request.model.endpoint, request.temperature)
        if request.temperature != first:
            told = f"a recorded table has one temperature, and is asked at {first:g} and {request.temperature:g}"
            mend = "write one temperature in `temperatures`, and let no strategy ask at another"
            raise ModelError(told, where=f"model {request.model.id}", mend=mend)


def _nearest(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=1, cutoff=0.4)
    return f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known[:8])}{', ...' if known[8:] else ''}"
