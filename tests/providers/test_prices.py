"""A model's price is the study's, else the listed one, else an error with a mend."""

import pytest

from jointopt.domain import Model, Price
from jointopt.errors import ModelError
from jointopt.providers.prices import listed_price, price_of


def test_the_study_files_price_comes_first() -> None:
    """Free too."""
    assert price_of(Model("m", "openai/gpt-4o-mini", price=Price())) == Price()


def test_listed_prices_are_per_million_tokens() -> None:
    """With and without the vendor in the list's own name."""
    price = listed_price("openai/gpt-4o-mini")
    assert price is not None
    assert (price.input_usd, price.output_usd) == pytest.approx((0.15, 0.6))
    assert listed_price("gemini/gemini-2.5-flash") is not None


def test_a_name_of_another_vendor_is_no_price() -> None:
    """What runs on a server of one's own does not cost what OpenAI asks."""
    assert listed_price("hosted_vllm/gpt-4o-mini") is None


def test_no_price_is_an_error_with_a_mend() -> None:
    """It names the model and both ways out."""
    with pytest.raises(ModelError, match="no price is known for 'openai/mine'") as refusal:
        price_of(Model("m", "openai/mine"))
    assert "price: 0" in refusal.value.mend
