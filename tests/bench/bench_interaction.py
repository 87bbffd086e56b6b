"""How long the variance shares of a large table take, against a plain loop over resamples. Run by hand."""

from itertools import combinations
from time import perf_counter

import numpy as np

from jointopt.analysis import Table, components, variance_shares

DRAWS, LOOPED = 1000, 3


def main() -> None:
    """Time 20 x 6 x 8 x 4 cells on 200 examples with 1,000 draws."""
    rng = np.random.default_rng(0)
    values = rng.random((200, 20, 6, 8, 4))
    values[:, 0] += 0.2
    factors = ("prompt", "strategy", "n", "temperature")
    table = Table(values, factors, tuple(tuple(map(str, range(count))) for count in values.shape[1:]))
    start = perf_counter()
    found = variance_shares(table, draws=DRAWS)
    middle = perf_counter()
    for _ in range(LOOPED):
        components(values[rng.integers(200, size=200)].mean(axis=0), factors)
    plain_s = (perf_counter() - middle) / LOOPED * DRAWS
    effects = sum(len(list(combinations(factors, order))) for order in range(1, 5))
    print(f"{len(found.shares)} shares, the rest pooled, {DRAWS} draws: {middle - start:.2f} s")
    print(f"a loop over resampled tables ({effects} effects, not corrected for noise): {plain_s:.1f} s")
    print(f"ratio: {plain_s / (middle - start):.0f}")


if __name__ == "__main__":
    main()
