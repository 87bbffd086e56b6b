"""Tables with holes: the balanced part is found, and what it lacks is said."""

import numpy as np
import pytest

from jointopt.analysis import Table, balance
from jointopt.errors import NothingToReport


def _table(shape: tuple[int, ...]) -> Table:
    names = ("prompt", "n", "model")[: len(shape) - 1]
    levels = tuple(
        tuple(f"{name}{place}" for place in range(count)) for name, count in zip(names, shape[1:], strict=True)
    )
    return Table(np.arange(np.prod(shape), dtype=np.float64).reshape(shape), names, levels)


def test_a_full_table_is_left_as_it_is() -> None:
    """Nothing is left out, and nothing is said."""
    table = _table((6, 3, 2))
    part, said = balance(table)
    assert said == "" and part.levels == table.levels and (part.values == table.values).all()


def test_examples_that_few_cells_met_are_left_out() -> None:
    """Where one prompt was raced out after 4 of 6 examples, either it or two examples go: what loses less."""
    table = _table((6, 5, 2))
    table.values[4:, 2] = np.nan
    part, said = balance(table)
    assert part.levels[0] == ("prompt0", "prompt1", "prompt3", "prompt4") and len(part.values) == 6
    assert said == "left out, for the pool does not fill the whole table: prompt prompt2"
    table.values[4:, 1:] = np.nan
    part, said = balance(table)
    assert part.values.shape == (4, 5, 2) and said.endswith("2 of 6 examples")


def test_no_hole_is_left_whatever_is_missing() -> None:
    """Over random holes the part is full, and its values are those of its names."""
    rng = np.random.default_rng(0)
    for share in (0.05, 0.3, 0.7, 0.95):
        table = _table((8, 4, 3, 2))
        table.values[rng.random(table.values.shape) < share] = np.nan
        part, said = balance(table)
        assert not np.isnan(part.values).any() and part.values.size and "left out" in said
        places = [tuple(map(all_.index, some)) for all_, some in zip(table.levels, part.levels, strict=True)]
        whole = table.values[np.ix_(range(8), *places)]
        assert {float(value) for value in part.values.flat} <= {float(value) for value in whole.flat}


def test_which_scores_there_are_decides_and_not_what_they_say() -> None:
    """The same holes leave out the same, whatever the scores."""
    table = _table((8, 4, 3, 2))
    table.values[np.random.default_rng(1).random(table.values.shape) < 0.2] = np.nan
    again = Table(-3 * table.values, table.factors, table.levels)
    assert balance(table)[0].levels == balance(again)[0].levels


def test_an_empty_table_has_no_part() -> None:
    """Holes alone are said to be holes."""
    table = _table((3, 2, 2))
    table.values[:] = np.nan
    with pytest.raises(NothingToReport, match="every score of the table is missing"):
        balance(table)
