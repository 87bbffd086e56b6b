"""The palette: read on light and dark, and apart for eyes that see two primary colours instead of three."""

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from jointopt.reports.figures.theme import BLUE, PALETTE, SLATE, WHITE, mixed

LIGHT, DARK = ("#ffffff", "#fdfcfa"), ("#14161a", "#1b1e23", "#121212", "#1e1e1e")  # the page's and the dashboard's
APART = 15.0  # CIE 1976; a just noticeable difference is 2.3
SEEN = {  # Machado, Oliveira and Fernandes (2009), severity 1, on linear light
    "all three": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
Array = NDArray[np.float64]


@pytest.mark.parametrize("hue", PALETTE)
@pytest.mark.parametrize("paper", [*LIGHT, *DARK])
def test_every_colour_stands_out_from_every_paper(hue: str, paper: str) -> None:
    """Contrast is 3 : 1 at least, what WCAG 2.2 asks of graphics (1.4.11)."""
    assert _contrast(hue, paper) >= 3


@pytest.mark.parametrize("eye", SEEN)
def test_all_colours_are_apart_for_every_eye(eye: str) -> None:
    """No two of the palette come near each other, whoever looks."""
    seen = [_lab(SEEN[eye] @ _linear(hue)) for hue in PALETTE]
    assert min(float(np.linalg.norm(one - other)) for one, other in combinations(seen, 2)) >= APART


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_white_words_read_on_every_tile(share: float) -> None:
    """4.5 : 1, what WCAG asks of words, however full the tile."""
    assert _contrast(mixed(SLATE, BLUE, share), WHITE) >= 4.5


def _linear(hue: str) -> Array:
    """Linear light of red, green and blue, 0 to 1."""
    parts = np.array([int(hue[start : start + 2], 16) / 255 for start in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def _contrast(one: str, other: str) -> float:
    """As WCAG defines it, 1 to 21."""
    light, dark = sorted((float(TO_XYZ[1] @ _linear(hue)) for hue in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _lab(light: Array) -> Array:
    """CIE L*a*b* of linear light, white at D65."""
    x, y, z = np.clip(light, 0, 1) @ TO_XYZ.T / np.array([0.95047, 1.0, 1.08883])
    cube = [value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116 for value in (x, y, z)]
    return np.array([116 * cube[1] - 16, 500 * (cube[0] - cube[1]), 200 * (cube[1] - cube[2])])
