"""Trains the embedded model: ``python -m jointopt.pocket.train micro``. Needs the extra ``train`` (torch).

Checkpoints are kept beside the weights while a training runs, so that the same command goes on after a stop;
the same seed gives the same lessons in the same order. At the end it prints the held-out table.
"""

import argparse
import json
import math
import random
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from jointopt.pocket.lessons import Lesson, draw_lesson
from jointopt.pocket.shape import LESSON_TOKENS, TIERS, Shape
from jointopt.pocket.table import lines
from jointopt.pocket.tokens import EOS, PAD, Tokenizer, collect_words

WEIGHTS = Path(__file__).parent / "weights"
IGNORED = -100
RECIPES = {"nano": (6000, 4e-3), "micro": (9000, 2.5e-3)}  # steps, peak learning rate
SHELF = 16  # batches drawn together, so that each can hold lessons of like length


class Pocket(nn.Module):
    """The network of `jointopt.pocket.network` in torch, under the same weight names and shapes."""

    def __init__(self, shape: Shape, vocabulary: int) -> None:
        super().__init__()
        self.shape = shape
        self.table = nn.ParameterDict()
        for name, size in shape.weights(vocabulary).items():
            start = torch.ones(size) if len(size) == 1 else torch.randn(size) / math.sqrt(size[0])
            if name == "embedding":
                start = torch.randn(size) * 0.02
            elif name.endswith("out"):
                start = start / math.sqrt(2 * shape.layers)
            self.table[name.replace(".", "/")] = nn.Parameter(start)
        self.register_buffer("angles", rotary_angles(shape.head), persistent=False)
        future = torch.full((LESSON_TOKENS, LESSON_TOKENS), float("-inf")).triu(1)
        self.register_buffer("mask", future.bfloat16(), persistent=False)

    def weight(self, name: str) -> Tensor:
        """The weight of that name."""
        return self.table[name.replace(".", "/")]

    def forward(self, tokens: Tensor) -> Tensor:
        """Hidden states (batch, time, width) of tokens (batch, time), after the last norm."""
        stream = functional.embedding(tokens, self.weight("embedding"))
        for layer in range(self.shape.layers):
            stream = stream + self.attend(layer, stream)
            inner = self.norm(f"{layer}.forward.norm", stream) @ self.weight(f"{layer}.forward.in")
            stream = stream + functional.relu(inner).square() @ self.weight(f"{layer}.forward.out")
        return self.norm("norm", stream)

    def attend(self, layer: int, stream: Tensor) -> Tensor:
        """What causal attention adds to the stream (batch, time, width)."""
        batch, length, width = stream.shape
        head = self.shape.head
        mixed = self.norm(f"{layer}.attention.norm", stream) @ self.weight(f"{layer}.attention.in")
        query, key, value = mixed.split((width, head, head), dim=-1)
        query = query.view(batch, length, self.shape.heads, head).transpose(1, 2)
        query, key = rotate(query, self.angles[:length]), rotate(key[:, None], self.angles[:length])
        # One key-value head: the query heads fold into the rows of a single batched product, which on a CPU is
        # several times faster than torch's fused attention over expanded keys.
        scores = query.reshape(batch, -1, head) @ key[:, 0].transpose(1, 2) * head**-0.5
        scores = scores.view(batch, self.shape.heads, length, length) + self.mask[:length, :length]
        out = (scores.softmax(-1).to(value.dtype).view(batch, -1, length) @ value).view(query.shape)
        return out.transpose(1, 2).reshape(batch, length, width) @ self.weight(f"{layer}.attention.out")

    def norm(self, name: str, stream: Tensor) -> Tensor:
        """The stream with its root mean square taken out, scaled by the weight of that name."""
        return functional.rms_norm(stream, (self.shape.width,), self.weight(name), eps=1e-5)


def rotary_angles(head: int, length: int = LESSON_TOKENS) -> Tensor:
    """Cosines and sines (length, 2, head / 2) of the rotary positions (Su et al. 2104.09864)."""
    rates = 1000.0 ** (-torch.arange(0, head, 2) / head)
    angles = torch.arange(length)[:, None] * rates
    return torch.stack((angles.cos(), angles.sin()), dim=1)


def rotate(vectors: Tensor, angles: Tensor) -> Tensor:
    """Vectors (..., time, head) turned by their positions' angles."""
    cosine, sine = angles[:, 0].to(vectors.dtype), angles[:, 1].to(vectors.dtype)
    left, right = vectors.chunk(2, dim=-1)
    return torch.cat((left * cosine - right * sine, left * sine + right * cosine), dim=-1)


def encode_lesson(tokenizer: Tokenizer, lesson: Lesson) -> tuple[list[int], list[int]]:
    """(tokens, targets): targets are shifted by one, and ignored on the question and on what is not to be learnt."""
    tokens = tokenizer.chat(lesson.system, lesson.user)
    learnt = [False] * len(tokens)
    for text, learn in lesson.completion:
        piece = tokenizer.encode(text)
        tokens += piece
        learnt += [learn] * len(piece)
    tokens.append(EOS)
    learnt.append(True)
    targets = [token if learn else IGNORED for token, learn in zip(tokens, learnt, strict=True)]
    return tokens[:-1], targets[1:]


def draw_batches(tokenizer: Tokenizer, seed: int, size: int, start: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Endless batches of lessons of like length; batch number `start` comes first."""
    for shelf in range(start // SHELF, 10**9):
        rng = random.Random(seed * 1_000_003 + shelf)
        lessons: list[tuple[list[int], list[int]]] = []
        while len(lessons) < size * SHELF:
            encoded = encode_lesson(tokenizer, draw_lesson(rng))
            if len(encoded[0]) <= LESSON_TOKENS:
                lessons.append(encoded)
        lessons.sort(key=lambda pair: len(pair[0]))
        order = rng.sample(range(SHELF), SHELF)
        for i in order[start % SHELF if shelf == start // SHELF else 0 :]:
            yield pad(lessons[i * size : (i + 1) * size])


def pad(lessons: list[tuple[list[int], list[int]]]) -> tuple[Tensor, Tensor]:
    """(tokens, targets), each (lessons, time of the longest)."""
    longest = max(len(tokens) for tokens, _ in lessons)
    tokens = torch.full((len(lessons), longest), PAD)
    targets = torch.full((len(lessons), longest), IGNORED)
    for i, (left, right) in enumerate(lessons):
        tokens[i, : len(left)] = torch.tensor(left)
        targets[i, : len(right)] = torch.tensor(right)
    return tokens, targets


def gather_vocabulary(lessons: int = 60_000) -> list[str]:
    """The words of the lessons, found by drawing many of them."""
    rng = random.Random(0)
    texts: list[str] = []
    for _ in range(lessons):
        lesson = draw_lesson(rng)
        texts += (lesson.system, lesson.user, *(text for text, _ in lesson.completion))
    return collect_words(texts)


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Linear warm-up, then a straight line down to zero."""
    return peak * min(1.0, step / 200, (steps - step) / (0.7 * steps))


def train(tier: str, *, steps: int, batch: int, peak: float, seed: int, out: Path) -> None:
    """Train `tier` for `steps` batches, going on from its checkpoint where there is one."""
    torch.manual_seed(seed)
    words_file = out / "words.json"
    if not words_file.exists():
        words_file.write_text(json.dumps(gather_vocabulary(), indent=0) + "\n")
    tokenizer = Tokenizer(json.loads(words_file.read_text()))
    model = Pocket(TIERS[tier], len(tokenizer))
    optimizer = torch.optim.AdamW(model.parameters(), lr=peak, betas=(0.9, 0.98), weight_decay=0.05)
    checkpoint, first = out / f"{tier}.checkpoint", 0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        first = int(saved["step"])
    started = time.monotonic()
    batches = draw_batches(tokenizer, seed, batch, first)
    for step in range(first, steps):
        loss = learn(model, optimizer, next(batches), learning_rate(step + 1, steps, peak))
        if (step + 1) % 100 == 0:
            print(f"{tier} step {step + 1}/{steps} loss {loss:.4f} {time.monotonic() - started:.0f}s", flush=True)
        if (step + 1) % 500 == 0 or step + 1 == steps:
            torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step + 1}, checkpoint)
            save_weights(model, out / f"{tier}.safetensors")
    checkpoint.unlink(missing_ok=True)


def learn(model: Pocket, optimizer: torch.optim.Optimizer, batch: tuple[Tensor, Tensor], rate: float) -> float:
    """One step of gradient descent. Returns the loss in nats per learnt token."""
    for group in optimizer.param_groups:
        group["lr"] = rate
    tokens, targets = batch
    with torch.autocast("cpu", dtype=torch.bfloat16):
        states = model(tokens)
        kept = targets != IGNORED
        logits = states[kept] @ model.weight("embedding").T
    loss = functional.cross_entropy(logits.float(), targets[kept])
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()


def save_weights(model: Pocket, path: Path) -> None:
    """Write the weights in half precision, by their names in `Shape.weights`."""
    table = {name.replace("/", "."): weight.detach().half().contiguous() for name, weight in model.table.items()}
    save_file(table, path)


def main() -> None:
    """Train one tier."""
    parser = argparse.ArgumentParser(description="Train a tier of the embedded model.")
    parser.add_argument("tier", choices=sorted(TIERS))
    parser.add_argument("--steps", type=int, help="as the weights in the repository were trained, if left out")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--peak", type=float, help="likewise: the highest learning rate")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    steps, peak = RECIPES[args.tier]
    steps, peak = args.steps or steps, args.peak or peak
    train(args.tier, steps=steps, batch=args.batch, peak=peak, seed=args.seed, out=args.out)
    if args.out == WEIGHTS:
        for line in lines(args.tier, questions=60, phrasings=2, temperature=1.0):
            print(line, flush=True)


if __name__ == "__main__":
    main()
