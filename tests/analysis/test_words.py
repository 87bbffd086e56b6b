"""Numbers in sentences."""

import pytest

from jointopt.analysis.words import cost, dollars, hundredths, percent, points, size

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        (0.0, "$0"),
        (0.0000121, "$0.0000121"),
        (4.03e-06, "$0.00000403"),
        (0.124, "$0.124"),
        (1.239, "$1.24"),
        (12_345.67, "$12,345.67"),
        (1e16, "$10,000,000,000,000,000.00"),
    ],
)
def test_no_amount_has_a_power_of_ten(amount: float, said: str) -> None:
    """Small ones keep three digits, and a bill keeps its cents."""
    assert dollars(amount) == said == cost(amount, "usd")
    assert cost(1234.5, "tokens") == "1,234 tokens"


def test_nothing_is_less_than_nothing() -> None:
    """What is rounded to 0 has no minus; what is not has a real one."""
    for tiny in (-1e-9, -0.0, 0.0, 1e-9):
        assert (percent(tiny), points(tiny), size(tiny), hundredths(tiny, 0)) == ("0.0%", "+0.0", "0.0", "0")
    assert (percent(-0.012), points(-0.012), size(0.012)) == (f"{MINUS}1.2%", f"{MINUS}1.2", "1.2")
