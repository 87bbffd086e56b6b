"""A policy: what is searched, and what is shipped."""

import json
from dataclasses import asdict, dataclass, replace


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """What samples are drawn from: everything in a policy that changes the request. Policies that differ only in
    strategy or n share their samples.

    Attributes:
        prompt: id of the prompt.
        model: id of the model.
        temperature: of sampling.
        slots: (slot, option) pairs, sorted by slot.
    """

    prompt: str
    model: str
    temperature: float
    slots: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Policy:
    """A source, and how n samples of it become one answer."""

    source: Source
    strategy: str
    n: int

    def canonical(self) -> "Policy":
        """The one policy that stands for all that are equal to it: a single sample is the same at any n, and every
        strategy is a single sample at n = 1.
        """
        if self.strategy == "single" or self.n == 1:
            return replace(self, strategy="single", n=1)
        return self

    def to_json(self) -> str:
        """The policy as canonical JSON: its identity wherever it is written down."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Policy":
        """The policy that `to_json` wrote."""
        entry = json.loads(text)
        source = entry["source"]
        slots = tuple((slot, option) for slot, option in source["slots"])
        return cls(Source(**source | {"slots": slots}), entry["strategy"], entry["n"])

    def __str__(self) -> str:
        source = self.source
        slots = "".join(f", {slot}={option}" for slot, option in source.slots)
        how = self.strategy if self.n == 1 else f"{self.strategy} of {self.n}"
        return f"{source.prompt} x {how} on {source.model}, T={source.temperature:g}{slots}"
