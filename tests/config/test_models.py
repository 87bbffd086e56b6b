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
    "an address with a request's path": (
        "base_url: 'http://127.0.0.1:8000/v1/chat/completions'",
        ["models.nano.base_url", "ends in '/chat/completions'", "write http://127.0.0.1:8000/v1"],
    ),
    "an address with a question": (
        "base_url: 'http://h/v1?api_key=x'",
        ["models.nano.base_url", "no plain http address"],
    ),
    "a direct client that knows no address": (
        "client: direct",
        ["models.nano.client", "'direct' does not know where 'a' is", "write base_url"],
    ),
    "an address without a host": ("base_url: 'http://a..b/v1'", ["models.nano.base_url", "names no host"]),
    "half an address": ("base_url: 'http://[::1/v1'", ["models.nano.base_url", "names no host"]),
    "what LiteLLM is told otherwise": ("extra: {timeout: 30}", ["models.nano.extra", "'timeout' is set elsewhere"]),
    "an answer that is made up": (
        "extra: {mock_response: hi}",
        ["models.nano.extra", "'mock_response'", "take it out"],
    ),
    "a client that there is not": ("client: curl", ["models.nano.client", "litellm"]),
    "a key among variables": (
        "key_env: [SOME_KEY, sk-abc]",
        ["models.nano.key_env", "no name of an environment variable"],
    ),
    "no patience": ("patience: 0s", ["models.nano.patience"]),
    "a limit of none": ("requests_per_minute: 0", ["models.nano.requests_per_minute", "1 or more"]),
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


def test_how_requests_travel_is_no_part_of_the_text(folder: Folder) -> None:
    """A study that is slowed down, or sent another way, is the same study; and every setting arrives."""
    folder.replace("embedded/nano", "{endpoint: hosted_vllm/m, price: 0, base_url: 'http://127.0.0.1:8000/v1/'}")
    before = folder.read()
    assert before.space.models["nano"].concurrency == 100
    folder.replace(
        "price: 0,",
        "price: 0, client: direct, requests_per_minute: 60, tokens_per_minute: 9000, timeout: 30s, patience: 2m,",
    )
    plan = folder.read()
    assert plan.text == before.text
    model = plan.space.models["nano"]
    assert (model.client, model.requests_per_minute, model.tokens_per_minute) == ("direct", 60, 9000)
    assert (model.timeout_s, model.patience_s) == (30.0, 120.0)


def test_several_keys_are_named_as_a_list(folder: Folder) -> None:
    """One alone is written as ever."""
    folder.replace("embedded/nano", "{endpoint: a/b, price: 0, key_env: ONE}")
    assert folder.read().space.models["nano"].key_envs == ("ONE",)
    assert '"key_env":"ONE"' in folder.read().text
    folder.replace("key_env: ONE", "key_env: [ONE, OTHER]")
    assert folder.read().space.models["nano"].key_envs == ("ONE", "OTHER")


def test_what_becomes_of_failures_is_part_of_the_text(folder: Folder) -> None:
    """Unless it is what happens anyway, which leaves no trace."""
    before = folder.read()
    folder.add("on_error: wrong\n")
    assert (before.on_error, folder.read().on_error) == ("stop", "wrong")
    assert folder.read().text != before.text


def test_a_cached_price_is_part_of_the_text(folder: Folder) -> None:
    """A change of it is noticed."""
    folder.replace("embedded/nano", "{endpoint: a/b, price: {input: 1, output: 2}}")
    before = folder.read().text
    folder.replace("output: 2", "output: 2, cached_input: 0.1")
    assert before != folder.read().text
