"""The running batch: completions that join, take a token each at every step, and leave when they are done.

A completion draws its tokens by inverting the cumulative distribution at uniforms from its own generator, so a seed
gives the same completion in whatever batch it runs. The rows in use are always the first ones. It knows nothing of
threads or futures.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from jointopt.errors import ModelError
from jointopt.pocket.completion import Completion, Decoding
from jointopt.pocket.network import Cache, Floats, Ints, Network
from jointopt.pocket.shape import CONTEXT
from jointopt.pocket.tokens import EOS, Tokenizer

_PREFILL_TOKENS = 1024  # prompts computed together, which bounds the memory of a prefill


@dataclass(slots=True)
class Seat:
    """One completion in the making: what it wants, and whom to tell.

    Attributes:
        prompt: tokens. Seats that join together with the same tuple share its prefill.
        seed: of this completion's generator.
        decoding: how to draw.
        done: called with the completion.
        heard: called with the text so far after every token, or None.
        wanted: whether anybody still waits for it.
    """

    prompt: tuple[int, ...]
    seed: int
    decoding: Decoding
    done: Callable[[Completion], None]
    heard: Callable[[str], None] | None = None
    wanted: Callable[[], bool] = lambda: True
    text: str = ""
    stopped: bool = False
    top: list[tuple[tuple[int, float], ...]] = field(default_factory=list)

    @property
    def limit(self) -> int:
        """The most tokens that it may draw."""
        return min(self.decoding.max_tokens, CONTEXT - len(self.prompt))


def check_prompt(prompt: Sequence[int]) -> None:
    """Refuse a prompt that leaves no room for a completion.

    Raises:
        ModelError: with the lengths.
    """
    if len(prompt) >= CONTEXT:
        raise ModelError(
            f"the prompt has {len(prompt)} tokens, and prompt and completion together must fit into {CONTEXT}",
            where="embedded model",
            mend="shorten the prompt; a word that the model does not know costs a token per letter",
        )


class Batch:
    """Up to `capacity` completions, computed together.

    Args:
        network: who answers.
        tokenizer: turns tokens into the text in which stops are looked for.
        capacity: rows.
    """

    def __init__(self, network: Network, tokenizer: Tokenizer, capacity: int = 256) -> None:
        self.network, self.tokenizer, self.capacity = network, tokenizer, capacity
        self.seats: list[Seat] = []
        self._cache = Cache(network.shape, capacity)
        self._uniforms = np.zeros((capacity, CONTEXT))
        self._tokens = np.zeros((capacity, CONTEXT), np.int64)
        self._logprobs = np.zeros((capacity, CONTEXT), np.float32)
        self._drawn = np.zeros(capacity, np.int64)
        self._prompts = np.zeros(capacity, np.int64)
        self._limits = np.zeros(capacity, np.int64)
        self._temperatures = np.ones(capacity)

    @property
    def free(self) -> int:
        """Rows not in use."""
        return self.capacity - len(self.seats)

    def join(self, seats: Sequence[Seat]) -> None:
        """Take in up to `free` completions, and draw the first token of each."""
        groups: dict[tuple[int, ...], list[int]] = {}
        first = len(self.seats)
        for row, seat in enumerate(seats, first):
            self.seats.append(seat)
            groups.setdefault(seat.prompt, []).append(row)
            self._seat(row, seat)
        hidden = np.empty((len(seats), self.network.shape.width), np.float32)
        for prompts in _shelves(list(groups)):
            last = self._prefill(prompts, [groups[prompt][0] for prompt in prompts])
            for prompt, state in zip(prompts, last, strict=True):
                rows = np.array(groups[prompt])
                self._cache.copy(int(rows[0]), rows[1:], len(prompt))
                hidden[rows - first] = state
        self._draw(np.arange(first, first + len(seats)), hidden)

    def step(self) -> None:
        """Draw one more token of every completion."""
        rows = np.arange(len(self.seats))
        drawn = self._drawn[rows]
        tokens = self._tokens[rows, drawn - 1]
        hidden = self.network.forward(self._cache, tokens, rows, self._prompts[rows] + drawn - 1)
        self._draw(rows, hidden)

    def drop(self) -> None:
        """Let go of completions that nobody waits for any more."""
        for row in reversed(range(len(self.seats))):
            if not self.seats[row].wanted():
                self._vacate(row)

    def _seat(self, row: int, seat: Seat) -> None:
        self._uniforms[row, : seat.limit] = np.random.Generator(np.random.PCG64(seat.seed)).random(seat.limit)
        self._drawn[row], self._limits[row], self._prompts[row] = 0, seat.limit, len(seat.prompt)
        self._temperatures[row] = seat.decoding.temperature

    def _prefill(self, prompts: Sequence[tuple[int, ...]], rows: Sequence[int]) -> Floats:
        """Hidden states (prompts, width) of the last token of each prompt."""
        lengths = [len(prompt) for prompt in prompts]
        tokens = np.concatenate([np.array(prompt) for prompt in prompts])
        positions = np.concatenate([np.arange(length) for length in lengths])
        hidden = self.network.forward(self._cache, tokens, np.repeat(rows, lengths), positions)
        last: Floats = hidden[np.cumsum(lengths) - 1]
        return last

    def _draw(self, rows: Ints, hidden: Floats) -> None:
        logprobs = log_softmax(self.network.logits(hidden))
        drawn = self._drawn[rows]
        tokens = draw_tokens(logprobs, self._temperatures[rows], self._uniforms[rows, drawn])
        self._tokens[rows, drawn] = tokens
        self._logprobs[rows, drawn] = logprobs[np.arange(len(rows)), tokens]
        self._drawn[rows] += 1
        for row, token, scores in zip(rows.tolist(), tokens.tolist(), logprobs, strict=True):
            seat = self.seats[row]
            if seat.heard or seat.decoding.stop or seat.decoding.top:
                self._watch(seat, token, scores)
        stopped = np.array([self.seats[row].stopped for row in rows.tolist()])
        done = stopped | (tokens == EOS) | (self._drawn[rows] == self._limits[rows])
        for row in reversed(rows[done].tolist()):
            seat = self.seats[row]
            completion = self._finish(row, seat)
            self._vacate(row)
            seat.done(completion)

    def _watch(self, seat: Seat, token: int, logprobs: Floats) -> None:
        """Keep the text of a completion that someone listens to, or that may stop at a text."""
        if token == EOS:
            return
        if seat.decoding.top:
            best = np.argsort(-logprobs, kind="stable")[: seat.decoding.top]
            seat.top.append(tuple((int(number), float(logprobs[number])) for number in best))
        piece = self.tokenizer.pieces([token])[0]
        seat.text += piece if seat.text else piece.removeprefix(" ")
        seat.stopped = any(stop in seat.text for stop in seat.decoding.stop)
        if seat.heard and not seat.stopped:
            seat.heard(seat.text)

    def _finish(self, row: int, seat: Seat) -> Completion:
        drawn = int(self._drawn[row])
        tokens = self._tokens[row, :drawn].tolist()
        ended = tokens[-1] == EOS
        written = drawn - ended
        text = self.tokenizer.decode(tokens[:written])
        text = text[: min((text.find(stop) for stop in seat.decoding.stop if stop in text), default=None)]
        return Completion(
            text,
            tuple(tokens[:written]),
            tuple(self._logprobs[row, :written].tolist()),
            "stop" if ended or seat.stopped else "length",
            drawn,
            tuple(seat.top),
        )

    def _vacate(self, row: int) -> None:
        """Free a row by moving the last one into it."""
        last = len(self.seats) - 1
        if row != last:
            self._cache.copy(last, np.array([row]), int(self._prompts[last] + self._drawn[last]))
            for table in (self._uniforms, self._tokens, self._logprobs):
                table[row] = table[last]
            for column in (self._drawn, self._prompts, self._limits, self._temperatures):
                column[row] = column[last]
            self.seats[row] = self.seats[last]
        self.seats.pop()


def _shelves(prompts: list[tuple[int, ...]]) -> list[list[tuple[int, ...]]]:
    """The prompts in groups of like length, none above `_PREFILL_TOKENS` tokens unless it is a single prompt."""
    shelves: list[list[tuple[int, ...]]] = []
    room = 0
    for prompt in sorted(prompts, key=len):
        if len(prompt) > room:
            shelves.append([])
            room = _PREFILL_TOKENS
        shelves[-1].append(prompt)
        room -= len(prompt)
    return shelves


def log_softmax(logits: Floats) -> Floats:
    """Log-probabilities (rows, vocabulary) in nats."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    result: Floats = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result


def draw_tokens(logprobs: Floats, temperatures: NDArray[np.float64], uniforms: NDArray[np.float64]) -> Ints:
    """One token per row, by inverting the cumulative distribution at a uniform; the likeliest at temperature 0."""
    best: Ints = logprobs.argmax(axis=-1)
    warm = temperatures > 0
    if not warm.any():
        return best
    scaled = logprobs / np.where(warm, temperatures, 1.0).astype(np.float32)[:, None]
    weights = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    heights = weights.cumsum(axis=-1, dtype=np.float64)
    drawn = (heights <= uniforms[:, None] * heights[:, -1:]).sum(axis=-1)
    return np.where(warm, drawn, best)
