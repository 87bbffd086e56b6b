"""The server as LiteLLM sees it. LiteLLM must not fetch its price map from the network."""

import os

import pytest

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
litellm = pytest.importorskip("litellm")
pytestmark = [
    # LiteLLM's own types, of which pydantic complains when they are first used.
    pytest.mark.filterwarnings("ignore:Item '.*' on TypedDict class .* is using the `ReadOnly` qualifier:UserWarning"),
]

CHAT = [
    {"role": "system", "content": "think step by step."},
    {"role": "user", "content": "leo has 12 apples. leo buys 5 more. how many apples does leo have now?"},
]


@pytest.mark.parametrize("prefix", ["openai", "hosted_vllm"])
async def test_litellm_gets_its_completions(url: str, prefix: str) -> None:
    """All n choices come, with usage and log-probabilities, and repeat with the seed."""
    ask = {
        "model": f"{prefix}/embedded/nano",
        "api_base": f"{url}/v1",
        "api_key": "none",
        "messages": CHAT,
        "max_retries": 0,
    }
    answers = [await litellm.acompletion(**ask, n=5, seed=3, temperature=0.8, logprobs=True) for _ in range(2)]
    texts = [[choice.message.content for choice in answer.choices] for answer in answers]
    assert len(texts[0]) == 5
    assert texts[0] == texts[1]
    assert answers[0].usage.completion_tokens > 5
    assert answers[0].choices[0].logprobs.content[0].logprob <= 0


async def test_litellm_streams(url: str) -> None:
    """The pieces add up to an answer."""
    ask = {"model": "openai/embedded/micro", "api_base": f"{url}/v1", "api_key": "none", "messages": CHAT}
    stream = await litellm.acompletion(**ask, stream=True, seed=1)
    pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
    assert len([piece for piece in pieces if piece]) > 5
    assert "answer: " in "".join(pieces)


async def test_litellm_raises_what_the_server_refuses(url: str) -> None:
    """A bad value is LiteLLM's BadRequestError, with our words in it."""
    ask = {
        "model": "openai/embedded/nano",
        "api_base": f"{url}/v1",
        "api_key": "none",
        "messages": CHAT,
        "max_retries": 0,
    }
    with pytest.raises(litellm.BadRequestError, match="from 1 to 128"):
        await litellm.acompletion(**ask, n=500)
