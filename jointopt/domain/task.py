"""The examples of a study, in two halves."""

from collections.abc import Iterator
from dataclasses import dataclass

from jointopt.domain.example import Example

BLOCK = 16  # examples that a policy is judged on at a time


@dataclass(frozen=True, slots=True)
class Task:
    """Examples split into a *dev* half, which the search may look at, and a *sealed* half, scored once at the end.

    Both are in the seeded order in which every policy meets them, so that policies are compared on the same examples.
    """

    name: str
    dev: tuple[Example, ...]
    sealed: tuple[Example, ...]

    def blocks(self) -> Iterator[tuple[Example, ...]]:
        """The dev half in blocks of `BLOCK` examples; the last one may be shorter."""
        for start in range(0, len(self.dev), BLOCK):
            yield self.dev[start : start + BLOCK]
