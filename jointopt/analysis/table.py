"""A table of scores, and the balanced part of one with holes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jointopt.errors import NothingToReport

MORE = "let the study run longer, on more examples or with more choices"

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table of scores.

    Attributes:
        values: shape (Q, L1, ..., Lf): the score of every cell on each of Q examples; NaN where there is none.
        factors: f names.
        levels: the names of each factor's levels.
    """

    values: Array
    factors: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        if self.values.shape[1:] != tuple(map(len, self.levels)) or len(self.factors) != len(self.levels):
            raise ValueError(f"a table of shape {self.values.shape} does not fit {self.factors} x {self.levels}")


def balance(table: Table) -> tuple[Table, str]:
    """A part of the table without holes, and what it leaves out, in words; empty where the table is full.

    Whole levels and whole examples are left out one after the other: always that of which the most is missing for
    every score that is lost with it. Which cells are kept is decided by where scores are, never by what they say.

    Raises:
        NothingToReport: not even one cell is filled for one example.
    """
    known = ~np.isnan(table.values)
    if not known.size:
        return table, ""
    kept = [np.arange(size) for size in known.shape]
    part = known
    while not part.all():
        if not part.any():
            raise NothingToReport("every score of the table is missing", mend=MORE)
        axis, place = _worst(part)
        kept[axis] = np.delete(kept[axis], place)
        part = np.delete(part, place, axis=axis)
    levels = tuple(tuple(names[i] for i in places) for names, places in zip(table.levels, kept[1:], strict=True))
    return Table(table.values[np.ix_(*kept)], table.factors, levels), _left_out(table, levels, len(kept[0]))


def without_constants(table: Table) -> tuple[Table, str]:
    """The table without the factors of one level, and a note that names them.

    Raises:
        NothingToReport: fewer than two examples, or nothing varies.
    """
    values = table.values
    if len(values) <= 1:
        raise NothingToReport(f"{len(values)} example cannot tell an effect from noise", mend=MORE)
    varied = [axis for axis, levels in enumerate(table.levels) if len(levels) > 1]
    if not varied:
        raise NothingToReport("no parameter has more than one choice in the table", mend=MORE)
    constant = [table.factors[axis] for axis in range(len(table.factors)) if axis not in varied]
    shape = (len(values), *(len(table.levels[axis]) for axis in varied))
    note = f"One choice only, so no share: {', '.join(constant)}." if constant else ""
    names, levels = tuple(table.factors[axis] for axis in varied), tuple(table.levels[axis] for axis in varied)
    return Table(values.reshape(shape), names, levels), note


def _worst(known: NDArray[np.bool_]) -> tuple[int, int]:
    """The axis and place of the slice with the most holes for each score in it."""
    found = []
    for axis in (axis for axis in range(known.ndim) if known.shape[axis] > 1):
        rest = tuple(other for other in range(known.ndim) if other != axis)
        there = known.sum(axis=rest)
        holes = known.size // known.shape[axis] - there
        ratio = holes / (there + 0.5)
        place = len(ratio) - 1 - int(ratio[::-1].argmax())  # of equals the last: the first are the defaults
        found.append((float(ratio[place]), axis, place))
    _, axis, place = max(found, key=lambda entry: entry[0])
    return axis, place


def _left_out(table: Table, levels: tuple[tuple[str, ...], ...], examples: int) -> str:
    parts = []
    for factor, all_levels, some in zip(table.factors, table.levels, levels, strict=True):
        lost = [level for level in all_levels if level not in some]
        parts += [f"{factor} {', '.join(lost)}"] if lost else []
    count = len(table.values)
    parts += [f"{count - examples} of {count} examples"] if examples < count else []
    return f"left out, for the pool does not fill the whole table: {'; '.join(parts)}" if parts else ""
