"""A model's price is the study's, else the listed one, else an error with a mend."""

import pytest

from jointopt.domain import Model, Price
from jointopt.errors import ModelError
from jointopt.providers.prices import listed_price, price_of, writing_usd


def test_the_study_files_price_comes_first() -> None:
    """Free too."""
    assert price_of(Model("m", "openai/gpt-4o-mini", price=Price())) == Price()


def test_listed_prices_are_per_million_tokens() -> None:
    """With and without the vendor in the list's own name."""
    price = listed_price("openai/gpt-4o-mini")
    assert price is not None
    assert (price.input_usd, price.output_usd, price.cached_usd) == pytest.approx((0.15, 0.6, 0.075))
    assert listed_price("gemini/gemini-2.5-flash") is not None


def test_a_name_of_another_vendor_is_no_price() -> None:
    """What runs on a server of one's own does not cost what OpenAI asks."""
    assert listed_price("hosted_vllm/gpt-4o-mini") is None


def test_no_price_is_an_error_with_a_mend() -> None:
    """It names the model and both ways out."""
    with pytest.raises(ModelError, match="no price is known for 'openai/mine'") as refusal:
        price_of(Model("m", "openai/mine"))
    assert "price: 0" in refusal.value.mend


def test_a_model_without_a_cache_bills_all_alike() -> None:
    """The list names no price for cached tokens."""
    price = listed_price("openai/gpt-4")
    assert price is not None
    assert price.cached_usd is None
    assert price.of(100, 0, 60) == price.of(100, 0)


@pytest.mark.parametrize(
    ("endpoint", "output", "reasoning"),
    [("dashscope/qwen-plus-2025-04-28", 1.2, 4.0), ("perplexity/sonar-deep-research", 8.0, 3.0)],
)
def test_reasoning_has_the_price_that_is_listed_for_it(endpoint: str, output: float, reasoning: float) -> None:
    """Dearer than other output, or cheaper; the worst price is that of the dearer one."""
    price = listed_price(endpoint)
    assert price is not None
    assert (price.output_usd, price.reasoning_usd) == pytest.approx((output, reasoning))
    assert price.most(0, 1_000_000, requests=0) == pytest.approx(max(output, reasoning))


def test_a_fee_for_each_request_is_listed_too() -> None:
    """In US dollars, not per million; most models have none."""
    with_fee, without = listed_price("perplexity/sonar-medium-online"), listed_price("openai/gpt-4o-mini")
    assert with_fee is not None and without is not None
    assert (with_fee.request_usd, without.request_usd) == (0.005, 0.0)


@pytest.mark.parametrize(
    ("endpoint", "times", "times_for_an_hour"),
    [
        ("anthropic/claude-sonnet-4-5", 1.25, 2.0),
        ("openai/mine", 1.25, 2.0),  # on no list: as most vendors do
        ("deepseek/deepseek-chat", 1.0, 2.0),  # listed at nothing: it is a part of the prompt all the same
        ("dashscope/qwen3.8-flash", 4 / 3, 2.0),
    ],
)
def test_what_is_put_into_a_cache_costs_more(endpoint: str, times: float, times_for_an_hour: float) -> None:
    """As many times the study's price as the list says; what a fresh prompt costs is billed already."""
    price = Price(3.0, 15.0)
    assert writing_usd(endpoint, price, 0, 0) == 0
    assert writing_usd(endpoint, price, 1_000_000, 0) == pytest.approx(3.0 * (times - 1), rel=0.01)
    extra = 3.0 * (0.6 * (times - 1) + 0.4 * (times_for_an_hour - 1))
    assert writing_usd(endpoint, price, 1_000_000, 400_000) == pytest.approx(extra, rel=0.01)
