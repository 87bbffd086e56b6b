"""What vendors charge, by the list that LiteLLM brings. It does not know what a study's file says.

The list is a file of LiteLLM's package, and is read as such: a study that asks its models directly never imports
LiteLLM, which takes seconds.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jointopt.domain import Model, Price
from jointopt.errors import ModelError

_PER_MILLION = 1e6
_WRITING, _WRITING_FOR_AN_HOUR = 1.25, 2.0  # times the input price: what Anthropic asks, and most others after it


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
    """What the list asks for a chat model; None where it has no such model of that vendor.

    Not in it: fees per search, citation or tool, what a vendor adds for very long prompts, and that Alibaba bills an
    answer that follows from thoughts like the thoughts.
    """
    entry = _listed(endpoint)
    if entry is None:
        return None
    cached, reasoning = entry.get("cache_read_input_token_cost"), entry.get("output_cost_per_reasoning_token")
    return Price(
        input_usd=float(entry["input_cost_per_token"]) * _PER_MILLION,
        output_usd=float(entry["output_cost_per_token"]) * _PER_MILLION,
        cached_usd=None if cached is None else float(cached) * _PER_MILLION,
        reasoning_usd=None if reasoning is None else float(reasoning) * _PER_MILLION,
        request_usd=sum(float(entry.get(f"{side}_cost_per_request") or 0) for side in ("input", "output")),
    )


def writing_usd(endpoint: str, price: Price, written_tokens: int, hour_tokens: int) -> float:
    """US dollars that a vendor asks for putting a part of a prompt into its cache, beyond the price of a fresh prompt.

    As many times the input price as the list says; where it says nothing, 1.25 times, and twice to keep it for an hour.
    Vendors do this where a body asks for it (Anthropic's ``cache_control``), and some of their own accord.

    Args:
        endpoint: of the model.
        price: of the model.
        written_tokens: how many were put there.
        hour_tokens: the part of them that is kept for an hour.
    """
    if not written_tokens:
        return 0.0
    entry = _listed(endpoint) or {}
    short = _times(entry, "cache_creation_input_token_cost", _WRITING)
    long = _times(entry, "cache_creation_input_token_cost_above_1hr", max(short, _WRITING_FOR_AN_HOUR))
    extra = (written_tokens - hour_tokens) * (short - 1) + hour_tokens * (long - 1)
    return extra * price.input_usd / _PER_MILLION


def _times(entry: Mapping[str, Any], name: str, otherwise: float) -> float:
    """How many times the input price a listed price is, once at least."""
    listed, base = entry.get(name), entry.get("input_cost_per_token")
    return max(float(listed) / float(base), 1.0) if listed is not None and base else otherwise


def _listed(endpoint: str) -> Mapping[str, Any] | None:
    """The list's entry of a model that has a price for every token."""
    vendor, _, name = endpoint.partition("/")
    for key in (endpoint, name):
        entry = _price_list().get(key, {})
        same_vendor = key == endpoint or str(entry.get("litellm_provider", "")).startswith(vendor)
        costs = entry.get("input_cost_per_token"), entry.get("output_cost_per_token")
        if same_vendor and None not in costs:
            return dict(entry)
    return None


@cache
def _price_list() -> Mapping[str, Mapping[str, Any]]:
    """By model, in US dollars for a token; found without importing LiteLLM."""
    found = find_spec("litellm")
    if found is None or found.origin is None:
        return {}
    file = Path(found.origin).parent / "model_prices_and_context_window_backup.json"
    entries: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return entries
