"""Tables from a study's cards: what else the pool covers comes in, and what it does not cover is said."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from jointopt.analysis import Extent, variance_shares
from jointopt.config import read_study
from jointopt.study import Study
from jointopt.study.tables import fill_table, gather, widen


def _study(file: Path, *changes: tuple[str, str]) -> Study:
    text = file.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
    return Study(read_study(file))


def test_the_table_of_cards_is_the_table_that_was_bought(small_study: Callable[[int], Path]) -> None:
    """Gathered from scorecards or worked out anew: the same scores in the same places."""
    with _study(small_study(1200)) as study:
        study.run()
        extent, parts = study.phases.extent(), study.parts
        assert isinstance(extent, Extent)
        bought = fill_table(parts, study.phases.table_sources(), extent)
        gathered = gather(parts, study.phases.around())
        assert gathered.values[: extent.examples] == pytest.approx(bought.values)
        assert widen(parts, bought, study.phases.around()) is bought  # nothing else varies


def test_a_temperature_that_every_cell_was_sampled_with_comes_in(small_study: Callable[[int], Path]) -> None:
    """Temperature is a factor then; where a setting was sampled here and there, it stays out."""
    with _study(small_study(4000), ("n: [1, 2, 4]", "n: [1, 2]\ntemperatures: [0.7, 1.0]")) as study:
        study.run()
        extent, parts, around = study.phases.extent(), study.parts, study.phases.around()
        assert isinstance(extent, Extent)
        bought = fill_table(parts, study.phases.table_sources(), extent)
        wide = widen(parts, bought, around)
        assert wide.factors == ("prompt", "strategy", "n", "model", "temperature")
        assert wide.levels[:4] == bought.levels and len(wide.values) == len(bought.values)
        for policy in [one for one in parts.evaluate.cards if one.source.temperature != around.temperature]:
            parts.evaluate.cards[policy] = parts.evaluate.cards[policy].first(3)
        assert widen(parts, bought, around) is bought


def test_a_table_that_was_not_filled_gives_its_balanced_part(small_study: Callable[[int], Path]) -> None:
    """Cards cut short by hand: shares come with what is left out."""
    with _study(small_study(1200)) as study:
        study.run()
        cards = study.parts.evaluate.cards
        for policy in [one for one in cards if one.source.prompt == "plain" and one.n == 4]:
            del cards[policy]
        table = gather(study.parts, study.phases.around())
        assert np.isnan(table.values).any()
        assert "left out" in variance_shares(table, draws=50).left_out
