"""What a request may wish for beside a completion: reasoning switches, further fields, log-probabilities."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from jointopt.domain import Request
from jointopt.errors import ModelError, ProviderError
from jointopt.providers import Provider, lacks_logprobs

if TYPE_CHECKING:
    from tests.providers.conftest import Server

Ask = Callable[..., Request]

# LiteLLM's own: a TypedDict of its types, met by pydantic while the first reply is read.
pytestmark = pytest.mark.filterwarnings("ignore:Item .* is using the `ReadOnly` qualifier:UserWarning")

NO_THINKING = {"chat_template_kwargs": {"enable_thinking": False}}


@pytest.mark.parametrize(
    ("endpoint", "extra", "arrives"),
    [
        ("hosted_vllm/m", {"top_p": 0.5, "extra_body": NO_THINKING}, {"top_p": 0.5} | NO_THINKING),
        (
            "openai/m",
            {"extra_body": NO_THINKING | {"reasoning_effort": "low"}},
            NO_THINKING | {"reasoning_effort": "low"},
        ),
        ("openai/m", NO_THINKING, NO_THINKING),
        ("hosted_vllm/m", NO_THINKING, NO_THINKING),
        ("openai/m", {"reasoning_effort": "low"}, {"reasoning_effort": "low"}),
        ("openai/gpt-5-mini", {"reasoning_effort": "minimal"}, {"reasoning_effort": "minimal"}),
        ("hosted_vllm/m", {"reasoning_effort": "low"}, {"reasoning_effort": "low"}),
        ("openai/gpt-4o-mini", {"extra_body": {"reasoning_effort": "low"}}, {"reasoning_effort": "low"}),
        ("deepseek/deepseek-chat", {"thinking": {"type": "enabled"}}, {"thinking": {"type": "enabled"}}),
    ],
)
async def test_what_a_study_adds_arrives(
    server: Server, vendors: Provider, ask: Ask, endpoint: str, extra: dict[str, Any], arrives: dict[str, Any]
) -> None:
    """Fields of the body are in the body, those inside `extra_body` too, and nothing of ours beside them."""
    await vendors.complete(ask(endpoint, **extra), [0])
    (body,) = server.asked
    limit = {"max_tokens", "max_completion_tokens"} & set(body)
    assert {name: body[name] for name in set(body) - {"model", "messages", "temperature"} - limit} == arrives


async def test_anthropic_is_told_to_think(server: Server, vendors: Provider, ask: Ask) -> None:
    """Its budget arrives as it was written, and its thoughts are kept apart."""
    content = [{"type": "thinking", "thinking": "two and two", "signature": "s"}, {"type": "text", "text": "4"}]
    server.answer = lambda body, _: (200, anthropic(content))
    thinking = {"type": "enabled", "budget_tokens": 1024}
    (sample,) = await vendors.complete(ask("anthropic/claude-sonnet-4-5", thinking=thinking), [0])
    assert server.asked[0]["thinking"] == thinking
    assert (sample.text, sample.reasoning) == ("4", "two and two")
    assert 0 < sample.reasoning_tokens < sample.output_tokens == 40


def anthropic(content: list[dict[str, Any]]) -> dict[str, Any]:
    """A reply as Anthropic writes it."""
    usage = {"input_tokens": 10, "output_tokens": 40}
    fixed = {"id": "1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn"}
    return fixed | {"content": content, "usage": usage}


@pytest.mark.parametrize(
    ("endpoint", "extra"),
    [
        ("openai/gpt-4o-mini", {"reasoning_effort": "low"}),
        ("mistral/m", {"reasoning_effort": "low"}),
        ("openai/m", {"thinking": {"type": "enabled"}}),
    ],
)
async def test_a_switch_that_the_model_does_not_have(
    server: Server, vendors: Provider, ask: Ask, endpoint: str, extra: dict[str, Any]
) -> None:
    """LiteLLM refuses it before anything is sent; the mend names the switch and both ways past LiteLLM."""
    (switch,) = extra
    with pytest.raises(ModelError, match=switch) as refusal:
        await vendors.complete(ask(endpoint, **extra), [0])
    assert f"move {switch} into `extra_body`" in refusal.value.mend
    assert f"`allowed_openai_params: [{switch}]`" in refusal.value.mend
    assert "drop" not in str(refusal.value)
    assert server.asked == []


async def test_the_mend_for_a_switch_works(server: Server, vendors: Provider, ask: Ask) -> None:
    """Let pass, the switch arrives, and the leave to pass stays here."""
    extra = {"reasoning_effort": "low", "allowed_openai_params": ["reasoning_effort"]}
    await vendors.complete(ask("openai/gpt-4o-mini", **extra), [0])
    assert server.asked[0]["reasoning_effort"] == "low"
    assert "allowed_openai_params" not in server.asked[0]


@pytest.mark.parametrize("endpoint", ["openai/gpt-5-mini", "openai/o3-mini"])
async def test_a_temperature_that_the_model_does_not_have(vendors: Provider, ask: Ask, endpoint: str) -> None:
    """The mend is about the temperature, and not about the switch that stands beside it."""
    with pytest.raises(ModelError, match=r"temperature=0\.7") as refusal:
        await vendors.complete(ask(endpoint, temperature=0.7, reasoning_effort="low"), [0])
    assert refusal.value.mend == "write a temperature that it can do: `temperatures: [1]`"


@pytest.mark.parametrize("endpoint", ["anthropic/claude-sonnet-4-5", "openai/gpt-5-mini", "mistral/m"])
@pytest.mark.parametrize("n", [1, 3])
async def test_vendors_without_logprobs_say_what_to_take_out(
    vendors: Provider, ask: Ask, endpoint: str, n: int
) -> None:
    """Those of which LiteLLM knows it, whether n is refused as well or not."""
    with pytest.raises(ModelError, match="logprobs") as refusal:
        await vendors.complete(ask(endpoint, logprobs=True), range(n))
    assert "take out the selectors that need log-probabilities (logprob, p_true)" in refusal.value.mend


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (403, "You are not allowed to request logprobs from this model."),
        (400, "deepseek-reasoner does not support the parameter logprobs"),
    ],
)
async def test_a_server_that_refuses_logprobs(
    server: Server, vendors: Provider, ask: Ask, status: int, message: str
) -> None:
    """Its word is taken, and it is not asked again; without the wish, the same words mean something else."""
    server.answer = lambda body, _: (status, server.error(message))
    with pytest.raises(ModelError, match="logprobs") as refusal:
        await vendors.complete(ask("openai/m", logprobs=True), [0])
    assert "selectors" in refusal.value.mend
    assert len(server.asked) == 1
    with pytest.raises((ModelError, ProviderError)) as failure:
        await vendors.complete(ask("openai/m"), [0])
    assert "selectors" not in str(failure.value)


async def test_a_refused_key_is_a_refused_key(server: Server, vendors: Provider, ask: Ask) -> None:
    """Also where log-probabilities are wanted."""
    server.answer = lambda body, _: (403, server.error("this key may not use this model"))
    with pytest.raises(ModelError, match="refuses the key"):
        await vendors.complete(ask("openai/m", logprobs=True), [0])


@pytest.mark.parametrize("told", [None, {"content": None}, {"content": []}])
async def test_a_server_that_ignores_logprobs(server: Server, vendors: Provider, ask: Ask, told: object) -> None:
    """It was asked; what came is paid for and kept, and says that nothing is known of it."""
    reply = server.completion(2)
    for choice in reply["choices"]:
        choice["logprobs"] = told
    server.answer = lambda body, _: (200, reply)
    request = ask("hosted_vllm/m", logprobs=True)
    samples = await vendors.complete(request, range(2))
    assert server.asked[0]["logprobs"] is True
    assert [(sample.text, sample.logprob) for sample in samples] == [("text 0", None), ("text 1", None)]
    assert lacks_logprobs(request, samples)
