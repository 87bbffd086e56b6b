"""How a completion is asked for, what comes back, and the seed that makes it the one it is.

It does not know how a completion is computed.
"""

from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from jointopt.pocket.shape import CONTEXT


@dataclass(frozen=True, slots=True)
class Decoding:
    """How completions are drawn.

    Attributes:
        temperature: of sampling; 0 takes the likeliest token.
        max_tokens: the longest completion.
        stop: texts that end a completion and are cut from it.
        top: how many of the likeliest tokens to report beside each token.
    """

    temperature: float = 1.0
    max_tokens: int = CONTEXT
    stop: tuple[str, ...] = ()
    top: int = 0


@dataclass(frozen=True, slots=True)
class Completion:
    """What one row wrote.

    Attributes:
        text: with the thoughts, without what is at and after a stop text.
        tokens: without the token that ends a text.
        logprobs: of each token in nats under the model itself (temperature 1).
        finish: ``stop`` or ``length``.
        drawn: how many tokens were drawn, the one that ends a text included.
        top: for each token, the likeliest tokens and their log-probabilities.
    """

    text: str
    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    finish: str
    drawn: int
    top: tuple[tuple[tuple[int, float], ...], ...] = ()

    @property
    def reasoning(self) -> str:
        """What it thought before it answered."""
        return split_thoughts(self.text)[0]

    @property
    def answer(self) -> str:
        """The text after the thoughts."""
        return split_thoughts(self.text)[1]

    @property
    def mean_logprob(self) -> float | None:
        """Mean log-probability of the tokens in nats; None where there are none."""
        return float(np.mean(self.logprobs)) if self.logprobs else None


def split_thoughts(text: str) -> tuple[str, str]:
    """(thoughts, answer) of a text. A text that ends within its thoughts has no answer."""
    if not text.startswith("<think>"):
        return "", text
    thoughts, _, answer = text.removeprefix("<think>").partition("</think>")
    return thoughts.strip(), answer.strip()


def seed_of(name: str, replicate: int) -> int:
    """The seed of a replicate of a request, from the request's name."""
    return int.from_bytes(sha256(f"{name}:{replicate}".encode()).digest()[:16])
