"""Completions per second of the numpy engine and of the same weights in torch: ``python tests/bench/bench_pocket.py``.

Both answer the same step-by-step questions at temperature 1 on one thread, with a cache of keys and values, a whole
batch at a time; the engine's time includes its thread, and its completions are those of its seeds. Needs torch.
"""

import argparse
import random
import time
from collections.abc import Callable
from statistics import median

import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from jointopt.pocket.completion import Decoding
from jointopt.pocket.engine import Engine
from jointopt.pocket.lessons import draw_problem
from jointopt.pocket.network import WEIGHTS, load_network, load_tokenizer
from jointopt.pocket.shape import CONTEXT, TIERS
from jointopt.pocket.tokens import EOS, PAD
from jointopt.pocket.train import Pocket, rotary_angles

Prompts = list[list[int]]


def draw_prompts(count: int, copies: int) -> Prompts:
    """`count` prompts, each question `copies` times."""
    rng, tokenizer = random.Random(1), load_tokenizer()
    questions = [draw_problem(rng, held_out=True).question for _ in range(-(-count // copies))]
    chats = [tokenizer.chat("think step by step.", question) for question in questions]
    return [chat for chat in chats for _ in range(copies)][:count]


class Twin:
    """Sampling in torch: left-padded prompts, one prefill, then a token per step until all have ended."""

    def __init__(self, tier: str) -> None:
        weights = load_file(WEIGHTS / f"{tier}.safetensors")
        self.shape = TIERS[tier]
        self.net = Pocket(self.shape, len(weights["embedding"]))
        for name, parameter in self.net.table.items():
            parameter.data = weights[name.replace("/", ".")].float()
        self.angles = rotary_angles(self.shape.head, CONTEXT)

    def complete(self, prompts: Prompts) -> tuple[int, int]:
        """(completions, tokens drawn)."""
        with torch.inference_mode():
            return self._complete(prompts)

    def _complete(self, prompts: Prompts) -> tuple[int, int]:
        longest = max(map(len, prompts))
        tokens = torch.tensor([[PAD] * (longest - len(prompt)) + prompt for prompt in prompts])
        skipped = torch.tensor([longest - len(prompt) for prompt in prompts])
        self.cache: list[tuple[Tensor, Tensor] | None] = [None] * self.shape.layers
        done, drawn, start = torch.zeros(len(prompts), dtype=torch.bool), 0, 0
        while not done.all() and start + tokens.shape[1] < CONTEXT:
            hidden = self.forward(tokens, start, skipped)
            start += tokens.shape[1]
            chances = (hidden[:, -1] @ self.net.weight("embedding").T).softmax(-1)
            drawn += int((~done).sum())
            tokens = torch.multinomial(chances, 1)
            done |= tokens[:, 0] == EOS
        return len(prompts), drawn

    def forward(self, tokens: Tensor, start: int, skipped: Tensor) -> Tensor:
        """Hidden states (batch, 1, width) of the last of some tokens, of which `skipped` at the left are padding."""
        net, end = self.net, start + tokens.shape[1]
        positions = (torch.arange(start, end)[None] - skipped[:, None]).clamp(min=0)
        seen = torch.arange(end)[None, None] <= torch.arange(start, end)[None, :, None]
        mask = (seen & (torch.arange(end)[None, None] >= skipped[:, None, None]))[:, None]
        mask = mask | (torch.arange(end) == torch.arange(start, end)[:, None])  # padding sees itself
        stream = functional.embedding(tokens, net.weight("embedding"))
        for layer in range(self.shape.layers):
            stream = stream + self.attend(layer, stream, positions, mask)
            inner = net.norm(f"{layer}.forward.norm", stream) @ net.weight(f"{layer}.forward.in")
            stream = stream + functional.relu(inner).square() @ net.weight(f"{layer}.forward.out")
        return net.norm("norm", stream[:, -1:])

    def attend(self, layer: int, stream: Tensor, positions: Tensor, mask: Tensor) -> Tensor:
        """What a layer's attention adds; keys and values enter the cache."""
        net, (batch, length, width), head = self.net, stream.shape, self.shape.head
        mixed = net.norm(f"{layer}.attention.norm", stream) @ net.weight(f"{layer}.attention.in")
        query, key, value = mixed.split((width, head, head), dim=-1)
        angles = self.angles[positions][:, None]
        query = turn(query.view(batch, length, self.shape.heads, head).transpose(1, 2), angles)
        key, value = turn(key[:, None], angles), value[:, None]
        if (past := self.cache[layer]) is not None:
            key, value = (torch.cat(pair, dim=2) for pair in zip(past, (key, value), strict=True))
        self.cache[layer] = key, value
        scores = (query @ key.transpose(-1, -2) * head**-0.5).masked_fill(~mask, float("-inf"))
        out = (scores.softmax(-1) @ value).transpose(1, 2).reshape(batch, length, width)
        return out @ net.weight(f"{layer}.attention.out")


def turn(vectors: Tensor, angles: Tensor) -> Tensor:
    """Rotary positions: vectors (batch, heads, time, head), angles (batch, 1, time, 2, head / 2)."""
    cosine, sine = angles.unbind(-2)
    left, right = vectors.chunk(2, dim=-1)
    return torch.cat((left * cosine - right * sine, left * sine + right * cosine), dim=-1)


def measure(complete: Callable[[Prompts], tuple[int, int]], prompts: Prompts, repeats: int) -> tuple[float, float]:
    """Median (completions, tokens) per second."""
    complete(prompts)
    rates = []
    for _ in range(repeats):
        began = time.perf_counter()
        completions, tokens = complete(prompts)
        took_s = time.perf_counter() - began
        rates.append((completions / took_s, tokens / took_s))
    return median(rate for rate, _ in rates), median(rate for _, rate in rates)


def main() -> None:
    """Print one line per tier and batch size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--copies", type=int, default=1, help="completions per question (a shared prefill)")
    args = parser.parse_args()
    torch.set_num_threads(1)
    print("tier   batch | numpy compl/s   tok/s | torch compl/s   tok/s | numpy / torch (tok/s)")
    for tier in TIERS:
        engine, twin = Engine(load_network(tier), load_tokenizer()), Twin(tier)

        def ours(prompts: Prompts, engine: Engine = engine) -> tuple[int, int]:
            futures = [engine.submit(prompt, [i], Decoding()) for i, prompt in enumerate(prompts)]
            found = [completion for future in futures for completion in future.result()]
            return len(found), sum(completion.drawn for completion in found)

        for batch in (1, 16, 64, 256):
            prompts = draw_prompts(batch, args.copies)
            left, right = measure(ours, prompts, args.repeats), measure(twin.complete, prompts, args.repeats)
            print(
                f"{tier:6} {batch:5} | {left[0]:13.1f} {left[1]:7.0f} | {right[0]:13.1f} {right[1]:7.0f} "
                f"| {left[1] / right[1]:.2f}",
                flush=True,
            )
        engine.close()


if __name__ == "__main__":
    main()
