"""Every policy a study may choose."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product

from jointopt.domain.example import Example
from jointopt.domain.model import Model
from jointopt.domain.policy import Policy, Source
from jointopt.domain.prompt import Prompt, fill
from jointopt.domain.sample import Request


@dataclass(frozen=True, slots=True)
class Space:
    """The choices, in the order of the study file: the first of each is the *default*.

    Attributes:
        prompts: by id.
        models: by id.
        strategies: names, e.g. ``("single", "majority")``.
        ns: numbers of samples, ascending.
        temperatures: of sampling.
        slots: option texts by slot and option id; each slot is a trial parameter of its own.
    """

    prompts: Mapping[str, Prompt]
    models: Mapping[str, Model]
    strategies: tuple[str, ...]
    ns: tuple[int, ...]
    temperatures: tuple[float, ...]
    slots: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def sources(self) -> Iterator[Source]:
        """Every source, defaults first."""
        names = sorted(self.slots)
        for prompt, model, temperature in product(self.prompts, self.models, self.temperatures):
            for options in product(*(self.slots[name] for name in names)):
                yield Source(prompt, model, temperature, tuple(zip(names, options, strict=True)))

    def policies(self) -> list[Policy]:
        """Every policy, each once (canonical), defaults first."""
        every = product(self.sources(), self.strategies, self.ns)
        return list(dict.fromkeys(Policy(source, strategy, n).canonical() for source, strategy, n in every))

    def request(self, source: Source, example: Example, *, seed: int, logprobs: bool) -> Request:
        """What a source sends for an example. Slots fill the prompt first, so that an option may show a field."""
        prompt = self.prompts[source.prompt]
        options = {slot: self.slots[slot][option] for slot, option in source.slots}
        filled = replace(prompt, system=fill(prompt.system, options), user=fill(prompt.user, options))
        messages = filled.render(example.fields)
        return Request(self.models[source.model], messages, source.temperature, seed, logprobs)
