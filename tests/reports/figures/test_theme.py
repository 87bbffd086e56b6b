"""The dress of figures."""

import pytest

from jointopt.reports.figures import titled, words
from jointopt.reports.figures.theme import CARD_PX, PALETTE, blank, colour, dash, faint, label, stepped


def test_labels_hold_no_tags_and_are_cut() -> None:
    """Plotly reads tags in labels; there are none left, and long words end in an ellipsis."""
    assert label("<a href='x'>\nb</a>\ud800") == "&lt;a href='x'&gt; b&lt;/a&gt;\ufffd"
    assert len(label("x" * 100)) == 40


def test_series_differ_beyond_the_palette() -> None:
    """Colour and dashes together name at least 18 series."""
    assert len({(colour(place), dash(place)) for place in range(18)}) == 18


@pytest.mark.parametrize("paper", ["#ffffff", "#121212"])
def test_ink_reads_on_light_and_dark(paper: str) -> None:
    """The ink of figures that cannot know their background has contrast above 4 on either."""
    ink, ground = (_luminance(hue) for hue in (blank(100).layout.font.color, paper))
    assert (max(ink, ground) + 0.05) / (min(ink, ground) + 0.05) > 4


def test_a_blank_figure_is_small() -> None:
    """No template of plotly's comes along."""
    assert len(blank(100).to_json()) < 1000


def test_a_title_is_broken_into_lines_on_a_copy() -> None:
    """A long answer gets room, and the figure that it came from stays without."""
    figure = blank(200)
    long = titled(figure, "word " * 40)
    assert long.layout.title.text.count("<br>") == 2 and long.layout.height > 200
    assert figure.layout.title.text is None


def test_words_stand_in_for_a_figure() -> None:
    """The reason is shown, with its tags inert."""
    assert words("<b>none</b>").layout.annotations[0].text == "&lt;b&gt;none&lt;/b&gt;"


def test_faint_keeps_the_hue() -> None:
    """Only the alpha differs."""
    assert faint(PALETTE[0], 0.5) == "rgba(0,114,178,0.5)"


def _luminance(hue: str) -> float:
    """Relative luminance as WCAG defines it."""
    parts = (int(hue[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_a_tall_figure_fits_a_card_of_the_dashboard() -> None:
    """No figure is higher than the card that shows it, and no answer longer than four lines."""
    tall = titled(blank(1200, yaxis={}), "word " * 400)
    assert tall.layout.height == CARD_PX and tall.layout.title.text.count("<br>") <= 4
    assert tall.layout.yaxis.tickfont.size < titled(blank(200), "short").layout.font.size


def test_long_words_lose_their_middle() -> None:
    """Names that begin alike and end apart stay apart."""
    assert label("a" * 50 + "1") != label("a" * 50 + "2") and "\N{HORIZONTAL ELLIPSIS}" in label("a" * 50 + "1")


def test_steps_are_written_out() -> None:
    """1, 2 and 5 of every decade, without powers of ten; only 1 where they do not fit; none where something is free."""
    few = stepped([0.00002, 0.003])
    assert few["type"] == "log" and {"0.00002", "0.0005", "0.001"} <= set(few["ticktext"])
    assert stepped([3, 900_000])["ticktext"] == ["1", "10", "100", "1,000", "10,000", "100,000", "1,000,000"]
    assert stepped([0.0, 5.0]) == {"type": "linear"}
