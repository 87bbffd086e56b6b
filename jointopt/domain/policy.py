"""A policy: what is searched, and what is shipped."""

import json
from dataclasses import asdict, dataclass

Scalar = str | int | float | bool
Options = tuple[tuple[str, Scalar], ...]  # (option, value) pairs, sorted by option


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """What samples are drawn from: everything in a policy that changes the request. Policies that differ only in
    strategy or n share their samples.

    Attributes:
        prompt: id of the prompt.
        model: id of the model.
        temperature: of sampling.
        slots: (slot, option) pairs, sorted by slot.
        mode: id of the mode; empty where the study names none.
    """

    prompt: str
    model: str
    temperature: float
    slots: tuple[tuple[str, str], ...] = ()
    mode: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Tactic:
    """How samples become one answer.

    Attributes:
        strategy: name.
        n: the most samples that it may ask for.
        options: of the strategy.
    """

    strategy: str
    n: int
    options: Options = ()

    @property
    def label(self) -> str:
        """The strategy with its options, without n: ``early_stop(window=5)``."""
        inside = ", ".join(f"{option}={value}" for option, value in self.options)
        return f"{self.strategy}({inside})" if inside else self.strategy


@dataclass(frozen=True, slots=True, order=True)
class Policy:
    """A source, and how at most n samples of it become one answer."""

    source: Source
    strategy: str
    n: int
    options: Options = ()

    @property
    def tactic(self) -> Tactic:
        """The part that is not the source."""
        return Tactic(self.strategy, self.n, self.options)

    def to_json(self) -> str:
        """The policy as canonical JSON: its identity wherever it is written down."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Policy":
        """The policy that `to_json` wrote."""
        entry = json.loads(text)
        source = entry["source"]
        slots = tuple((slot, option) for slot, option in source["slots"])
        options = tuple((option, value) for option, value in entry.get("options", ()))
        return cls(Source(**source | {"slots": slots}), entry["strategy"], entry["n"], options)

    def __str__(self) -> str:
        source = self.source
        how = self.tactic.label if self.strategy == "single" else f"{self.tactic.label} of {self.n}"
        mode = f", {source.mode}" if source.mode else ""
        slots = "".join(f", {slot}={option}" for slot, option in source.slots)
        return f"{source.prompt} x {how} on {source.model}{mode}, T={source.temperature:g}{slots}"
