"""The sizes of the two tiers, and what each weight is called."""

from dataclasses import dataclass

CONTEXT = 256  # the longest prompt and completion together, in tokens; lessons are at most 96
LESSON_TOKENS = 96


@dataclass(frozen=True, slots=True)
class Shape:
    """A decoder-only transformer: RMS norms, rotary positions, one key-value head, squared-ReLU feed-forward.

    Attributes:
        width: size of the residual stream.
        layers: how many blocks.
        heads: query heads; keys and values have one head of the same size (multi-query, Shazeer 1911.02150).
        hidden: size of the feed-forward layer.
    """

    width: int
    layers: int
    heads: int
    hidden: int

    @property
    def head(self) -> int:
        """Size of one head."""
        return self.width // self.heads

    def weights(self, vocabulary: int) -> dict[str, tuple[int, ...]]:
        """Name and shape of every weight; matrices are (inputs, outputs). The embedding is also the output layer."""
        shapes: dict[str, tuple[int, ...]] = {"embedding": (vocabulary, self.width), "norm": (self.width,)}
        for layer in range(self.layers):
            shapes |= {
                f"{layer}.attention.norm": (self.width,),
                f"{layer}.attention.in": (self.width, self.width + 2 * self.head),
                f"{layer}.attention.out": (self.width, self.width),
                f"{layer}.forward.norm": (self.width,),
                f"{layer}.forward.in": (self.width, self.hidden),
                f"{layer}.forward.out": (self.hidden, self.width),
            }
        return shapes


TIERS = {
    "nano": Shape(width=64, layers=4, heads=4, hidden=256),
    "micro": Shape(width=128, layers=6, heads=4, hidden=512),
}
