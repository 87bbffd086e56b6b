"""The network of the embedded model in numpy: tokens in, hidden states and logits out, over a cache of keys and values.

A token's numbers are the same to the last bit whatever else is in its batch. A matrix product's rounding depends on
how many rows it has, so rows are multiplied in blocks of `BLOCK`, and every position attends in a product of its own:
prefill and step-by-step decoding are therefore one code path. It knows nothing of text, sampling or requests.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from jointopt.errors import ModelError
from jointopt.pocket.shape import CONTEXT, TIERS, Shape
from jointopt.pocket.tokens import Tokenizer

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Matrix = list[tuple[int, Floats]]

WEIGHTS = Path(__file__).parent / "weights"
BLOCK = 8  # rows per product: the largest size at which no BLAS kernel that we tried treats rows unequally
_STRETCH = 32  # positions that attention reads are rounded up to a multiple of this, for the same reason
_MOST_PRODUCTS = 4 * 65536  # beyond this OpenBLAS wakes its threads, which cost more than they bring
_EPSILON = 1e-5
_ROTARY_BASE = 1000.0


class Cache:
    """Keys and values of every position so far, per layer and row of the batch.

    Values carry a last column of ones, so that the product that mixes them also sums the attention weights. Memory is
    touched only as positions are written.
    """

    def __init__(self, shape: Shape, rows: int) -> None:
        self.keys = np.zeros((shape.layers, rows, CONTEXT, shape.head), np.float32)
        self.values = np.zeros((shape.layers, rows, CONTEXT, shape.head + 1), np.float32)

    def copy(self, source: int, to: Ints, length: int) -> None:
        """Copy the first `length` positions of a row to other rows."""
        for table in (self.keys, self.values):
            table[:, to, :length] = table[:, source : source + 1, :length]


class Network:
    """The weights, made ready: in float32, with norm scales and the attention's scale folded into the matrices.

    Args:
        shape: sizes of the tier.
        weights: by name, as in `Shape.weights`.
    """

    def __init__(self, shape: Shape, weights: Mapping[str, NDArray[np.floating]]) -> None:
        self.shape = shape
        table = {name: array.astype(np.float32) for name, array in weights.items()}
        self._embedding = table["embedding"]
        self._output = _cut((table["embedding"] * table["norm"]).T)
        self._layers = [_fold(shape, layer, table) for layer in range(shape.layers)]
        rates = _ROTARY_BASE ** (-np.arange(0, shape.head, 2) / shape.head)
        angles = np.arange(CONTEXT)[:, None] * rates
        self._cosines, self._sines = np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)

    def forward(self, cache: Cache, tokens: Ints, rows: Ints, positions: Ints) -> Floats:
        """Normed hidden states (tokens, width) of a flat list of tokens, whose keys and values enter the cache.

        Args:
            cache: what has been computed of each row.
            tokens: of any rows and positions, as long as each row's earlier positions are in the cache or the list.
            rows: the cache row of each token. Where it is 0, 1, 2 ... the cache is read without copying.
            positions: the position of each token in its row.
        """
        count = len(tokens)
        stream = np.zeros((-(-count // BLOCK) * BLOCK, self.shape.width), np.float32)
        stream[:count] = self._embedding[tokens]
        length = -(-(int(positions.max()) + 1) // _STRETCH) * _STRETCH
        future = np.where(np.arange(length) > positions[:, None], np.float32(-np.inf), np.float32(0))[:, None]
        angles = self._cosines[positions][:, None], self._sines[positions][:, None]
        decoding = count == rows[-1] + 1 and bool((rows == np.arange(count)).all())
        mixed = np.zeros_like(stream)
        for layer, (attend_in, attend_out, forward_in, forward_out) in enumerate(self._layers):
            parts = _multiply(_normed(stream), attend_in)[:count].reshape(count, -1, self.shape.head)
            _rotate(parts[:, :-1], *angles)
            keys, values = cache.keys[layer], cache.values[layer]
            keys[rows, positions], values[rows, positions, :-1] = parts[:, -2], parts[:, -1]
            values[rows, positions, -1] = 1
            seen = slice(0, count) if decoding else rows
            mixed[:count] = _attend(parts[:, :-2], keys[seen, :length], values[seen, :length], future)
            stream += _multiply(mixed, attend_out)
            inner = _multiply(_normed(stream), forward_in)
            np.maximum(inner, 0, out=inner)
            inner *= inner
            stream += _multiply(inner, forward_out)
        return _normed(stream)[:count]

    def logits(self, hidden: Floats) -> Floats:
        """Logits (rows, vocabulary) of hidden states (rows, width)."""
        padded = np.zeros((-(-len(hidden) // BLOCK) * BLOCK, self.shape.width), np.float32)
        padded[: len(hidden)] = hidden
        return _multiply(padded, self._output)[: len(hidden)]


def _fold(shape: Shape, layer: int, table: Mapping[str, Floats]) -> tuple[Matrix, Matrix, Matrix, Matrix]:
    """The four matrices of a layer, with the norms' scales and 1 / sqrt(head) multiplied in."""
    attend_in = table[f"{layer}.attention.in"] * table[f"{layer}.attention.norm"][:, None]
    attend_in[:, : shape.width] *= np.float32(shape.head**-0.5)
    forward_in = table[f"{layer}.forward.in"] * table[f"{layer}.forward.norm"][:, None]
    attend_out, forward_out = table[f"{layer}.attention.out"], table[f"{layer}.forward.out"]
    return _cut(attend_in), _cut(attend_out), _cut(forward_in), _cut(forward_out)


def _normed(stream: Floats) -> Floats:
    scale = np.square(stream).mean(axis=-1, keepdims=True)
    scale += np.float32(_EPSILON)
    np.sqrt(scale, out=scale)
    result: Floats = np.divide(stream, scale, dtype=np.float32)
    return result


def _cut(matrix: Floats) -> Matrix:
    """Columns in strips, each with its first column, so narrow that BLAS computes a block on one thread."""
    width = _MOST_PRODUCTS // (BLOCK * len(matrix))
    return [
        (start, np.ascontiguousarray(matrix[:, start : start + width])) for start in range(0, matrix.shape[1], width)
    ]


def _multiply(stream: Floats, matrix: Matrix) -> Floats:
    """Multiply (rows, inputs) by (inputs, outputs), in blocks of rows. The rows must be a multiple of BLOCK."""
    last, strip = matrix[-1]
    product = np.empty((len(stream) // BLOCK, BLOCK, last + strip.shape[1]), np.float32)
    blocks = stream.reshape(-1, BLOCK, stream.shape[1])
    for start, strip in matrix:
        np.matmul(blocks, strip, out=product[..., start : start + strip.shape[1]])
    return product.reshape(len(stream), -1)


def _rotate(vectors: Floats, cosines: Floats, sines: Floats) -> None:
    """Turn vectors (tokens, heads, head) by the angles of their positions, in place."""
    half = vectors.shape[-1] // 2
    left, right = vectors[..., :half].copy(), vectors[..., half:].copy()
    vectors[..., :half] = left * cosines - right * sines
    vectors[..., half:] = left * sines + right * cosines


def _attend(queries: Floats, keys: Floats, values: Floats, future: Floats) -> Floats:
    """What each token (tokens, heads, head) reads from its row's keys and values (tokens, length, head)."""
    scores = queries @ keys.transpose(0, 2, 1)
    scores += future
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    sums = scores @ values
    read: Floats = np.divide(sums[..., :-1], sums[..., -1:], dtype=np.float32)
    return read.reshape(len(queries), -1)


@lru_cache(maxsize=1)
def load_tokenizer() -> Tokenizer:
    """The tokenizer of the shipped weights."""
    return Tokenizer(json.loads((WEIGHTS / "words.json").read_text()))


@lru_cache(maxsize=len(TIERS))
def load_network(tier: str, folder: Path = WEIGHTS) -> Network:
    """The network of a tier, read once per process.

    Raises:
        ModelError: there is no such tier.
    """
    if tier not in TIERS:
        raise ModelError(
            f"there is no embedded model {tier!r}",
            where="embedded model",
            mend=f"use one of {', '.join(sorted(TIERS))}",
        )
    return Network(TIERS[tier], load_file(folder / f"{tier}.safetensors"))
