"""How long the variance shares of a large table take, against one pass over the table. Run by hand."""

from time import perf_counter

import numpy as np

from jointopt.analysis import Table, variance_shares


def main() -> None:
    """Time 20 x 6 x 8 x 4 cells on 200 examples with 1,000 draws."""
    values = np.random.default_rng(0).random((200, 20, 6, 8, 4))
    values[:, 0] += 0.2
    levels = tuple(tuple(map(str, range(count))) for count in values.shape[1:])
    table = Table(values, ("prompt", "strategy", "n", "temperature"), levels)
    start = perf_counter()
    values.mean()
    middle = perf_counter()
    variance_shares(table, draws=1000)
    end = perf_counter()
    print(f"variance shares: {end - middle:.2f} s, {(end - middle) / (middle - start):.0f} times a mean of the table")


if __name__ == "__main__":
    main()
