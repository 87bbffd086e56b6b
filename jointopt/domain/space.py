"""Every policy a study may choose."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product

from jointopt.domain.example import Example
from jointopt.domain.model import Mode, Model
from jointopt.domain.policy import Policy, Scalar, Source, Tactic
from jointopt.domain.prompt import Prompt, fill
from jointopt.domain.sample import Request


@dataclass(frozen=True, slots=True)
class Space:
    """The choices, in the order of the study file: the first of each is the *default*.

    Attributes:
        prompts: by id.
        models: by id.
        strategies: by name, the choices of each option that has several: ``{"early_stop": {"window": (4, 8)}}``.
        ns: the most samples for one answer, ascending.
        temperatures: of sampling.
        slots: option texts by slot and option id; each slot is a trial parameter of its own.
        modes: by id; empty: one mode without a name, which changes nothing.
        folds: the tactic that stands for all that cannot differ from it, for each tactic that is not its own.
    """

    prompts: Mapping[str, Prompt]
    models: Mapping[str, Model]
    strategies: Mapping[str, Mapping[str, tuple[Scalar, ...]]]
    ns: tuple[int, ...]
    temperatures: tuple[float, ...]
    slots: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    modes: Mapping[str, Mode] = field(default_factory=dict)
    folds: Mapping[Tactic, Tactic] = field(default_factory=dict)

    def sources(self) -> Iterator[Source]:
        """Every source, defaults first."""
        names = sorted(self.slots)
        every = product(self.prompts, self.models, self.temperatures, self.modes or ("",))
        for prompt, model, temperature, mode in every:
            for options in product(*(self.slots[name] for name in names)):
                yield Source(prompt, model, temperature, tuple(zip(names, options, strict=True)), mode)

    def ways(self) -> list[Tactic]:
        """Every strategy with every choice of its options, at the largest n, as the study names them."""
        return [
            Tactic(name, max(self.ns), tuple(zip(sorted(options), values, strict=True)))
            for name, options in self.strategies.items()
            for values in product(*(options[option] for option in sorted(options)))
        ]

    def tactics(self) -> list[Tactic]:
        """Every tactic, each once (canonical), defaults first."""
        every = (replace(way, n=n) for way in self.ways() for n in self.ns)
        return list(dict.fromkeys(self.folds.get(tactic, tactic) for tactic in every))

    def policies(self) -> list[Policy]:
        """Every policy, each once (canonical), defaults first."""
        tactics = self.tactics()
        return [
            Policy(source, tactic.strategy, tactic.n, tactic.options) for source in self.sources() for tactic in tactics
        ]

    def canonical(self, policy: Policy) -> Policy:
        """The one policy that stands for all that are equal to it."""
        tactic = self.folds.get(policy.tactic, policy.tactic)
        return Policy(policy.source, tactic.strategy, tactic.n, tactic.options)

    def request(self, source: Source, example: Example, *, seed: int, logprobs: bool) -> Request:
        """What a source sends for an example. Slots fill the prompt first, so that an option may show a field."""
        prompt, model = self.prompts[source.prompt], self.models[source.model]
        options = {slot: self.slots[slot][option] for slot, option in source.slots}
        filled = replace(prompt, system=fill(prompt.system, options), user=fill(prompt.user, options))
        if source.mode:
            mode = self.modes[source.mode]
            system = "\n".join(filter(None, (mode.line(model), filled.system)))
            model, filled = mode.apply(model), replace(filled, system=system)
        return Request(model, filled.render(example.fields), source.temperature, seed, logprobs)
