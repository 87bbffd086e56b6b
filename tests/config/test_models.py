"""Prices and body fields of models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.config.conftest import Folder

SPOILED = {
    # name: (what the model says, words that the message must hold)
    "a cached price above the other": (
        "price: {input: 1, output: 2, cached_input: 1.5}",
        ["study.yaml:9: models.nano.price.cached_input", "1.5 is more than 1", "write 1 or less"],
    ),
    "a negative cached price": (
        "price: {input: 1, output: 2, cached_input: -1}",
        ["models.nano.price.cached_input", "0 or more"],
    ),
    "a length in extra": (
        "extra: {max_tokens: 9}",
        ["models.nano.extra", "'max_tokens' is set elsewhere", "beside it"],
    ),
    "a number of samples in extra_body": ("extra: {extra_body: {n: 9}}", ["models.nano.extra", "'n'", "`n: [...]`"]),
    "a secret deep inside": (
        "extra: {extra_body: {tools: [{headers: {api_key: x}}]}}",
        ["models.nano.extra", "'api_key' would hold a secret", "key_env"],
    ),
}


@pytest.mark.parametrize(("inside", "words"), SPOILED.values(), ids=SPOILED)
def test_a_spoiled_model_is_refused(folder: Folder, inside: str, words: list[str]) -> None:
    """What would break the budget's promise, or be kept with the study, is named."""
    folder.replace("embedded/nano", f"{{endpoint: a/b, {inside}}}")
    message = folder.refusal()
    assert all(word in message for word in words), message


def test_a_cached_price_is_part_of_the_text(folder: Folder) -> None:
    """A change of it is noticed."""
    folder.replace("embedded/nano", "{endpoint: a/b, price: {input: 1, output: 2}}")
    before = folder.read().text
    folder.replace("output: 2", "output: 2, cached_input: 0.1")
    assert before != folder.read().text
