"""What vendors charge, by the list that LiteLLM brings. It does not know what a study's file says."""

import litellm

from jointopt.domain import Model, Price
from jointopt.errors import ModelError

_PER_MILLION = 1e6


def price_of(model: Model) -> Price:
    """The price in the study file, else the listed one.

    Raises:
        ModelError: neither is known.
    """
    price = model.price or listed_price(model.endpoint)
    if price is None:
        mend = "write `price: {input: ..., output: ...}` (USD per million tokens), or `price: 0` where it is free"
        raise ModelError(f"no price is known for {model.endpoint!r}", where=f"models.{model.id}", mend=mend)
    return price


def listed_price(endpoint: str) -> Price | None:
    """US dollars per million tokens of a chat model; None where the list has no such model of that vendor."""
    vendor, _, name = endpoint.partition("/")
    for key in (endpoint, name):
        entry = litellm.model_cost.get(key, {})
        same_vendor = key == endpoint or str(entry.get("litellm_provider", "")).startswith(vendor)
        costs = entry.get("input_cost_per_token"), entry.get("output_cost_per_token")
        if same_vendor and None not in costs:
            return Price(float(costs[0]) * _PER_MILLION, float(costs[1]) * _PER_MILLION)
    return None
