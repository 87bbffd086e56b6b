"""What a reply was billed for: every part within its whole, and never less than the vendor counts."""

import math
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jointopt.providers.usage import Usage, read_usage

ENDPOINT = "openai/m"


def as_objects(value: Any) -> Any:
    """Mappings as objects, all the way down."""
    return SimpleNamespace(**{k: as_objects(v) for k, v in value.items()}) if isinstance(value, dict) else value


@pytest.mark.parametrize("shape", [dict, as_objects])
@pytest.mark.parametrize(
    ("said", "read"),
    [
        ({}, Usage()),
        ({"prompt_tokens": None, "completion_tokens": None, "prompt_tokens_details": None}, Usage()),
        ({"prompt_tokens": 7, "completion_tokens": 9, "completion_tokens_details": None}, Usage(7, output_tokens=9)),
        ({"prompt_tokens": 7, "prompt_tokens_details": {"cached_tokens": 5}}, Usage(7, 5)),
        ({"prompt_tokens": 7, "prompt_tokens_details": {"cached_tokens": 50}}, Usage(7, 7)),
        ({"prompt_tokens": 7, "prompt_tokens_details": {"cached_tokens": -5}}, Usage(7)),
        ({"prompt_tokens": 7, "prompt_tokens_details": {"cached_tokens": "5"}}, Usage(7)),
        ({"prompt_tokens": math.nan, "completion_tokens": math.inf}, Usage()),
        ({"prompt_tokens": 7, "prompt_tokens_details": {"cache_write_tokens": 5}}, Usage(7, 0, 5)),
        (
            {"prompt_tokens": 7, "prompt_tokens_details": {"cached_tokens": 4, "cache_creation_tokens": 5}},
            Usage(7, 4, 3),
        ),
        ({"completion_tokens": 9, "completion_tokens_details": {"reasoning_tokens": 5}}, Usage(0, 0, 0, 0, 9, 5)),
    ],
)
def test_what_is_said_is_read(shape: Any, said: dict[str, Any], read: Usage) -> None:
    """As a mapping or as an object; what is absent or makes no sense is nothing."""
    assert read_usage(shape(said), ENDPOINT) == read


def test_no_usage_is_nothing_used() -> None:
    """A server may send none."""
    assert read_usage(None, ENDPOINT) == Usage()


def test_what_is_kept_for_an_hour_is_a_part_of_what_was_written() -> None:
    """As Anthropic says it, through LiteLLM."""
    kept = {"ephemeral_5m_input_tokens": 60, "ephemeral_1h_input_tokens": 40}
    details = {"cached_tokens": 50, "cache_creation_tokens": 100, "cache_creation_token_details": kept}
    assert read_usage({"prompt_tokens": 160, "prompt_tokens_details": details}, ENDPOINT) == Usage(160, 50, 100, 40)


@pytest.mark.parametrize(
    ("endpoint", "completion", "total", "reasoning", "output"),
    [
        (ENDPOINT, 90, 190, 40, 90),  # in the completion, as OpenAI counts
        (ENDPOINT, 50, 190, 40, 90),  # in the total alone
        (ENDPOINT, 50, 190, 0, 90),  # in the total alone, and not even named
        (ENDPOINT, 30, 130, 400, 430),  # in neither, as it is larger
        ("perplexity/sonar-deep-research", 30, 130, 20, 50),  # in neither, as this vendor counts
        (ENDPOINT, 30, 0, 20, 30),  # without a total
    ],
)
def test_reasoning_is_billed_wherever_it_is_counted(
    endpoint: str, completion: int, total: int, reasoning: int, output: int
) -> None:
    """Once, of a prompt of 100 tokens."""
    said = {"prompt_tokens": 100, "completion_tokens": completion, "total_tokens": total}
    used = read_usage(said | {"completion_tokens_details": {"reasoning_tokens": reasoning}}, endpoint)
    assert (used.input_tokens, used.output_tokens, used.reasoning_tokens) == (100, output, reasoning)


counts = st.none() | st.integers(-5, 500)
usages = st.fixed_dictionaries(
    {
        "prompt_tokens": counts,
        "completion_tokens": counts,
        "total_tokens": counts,
        "prompt_tokens_details": st.none()
        | st.fixed_dictionaries(
            {
                "cached_tokens": counts,
                "cache_creation_tokens": counts,
                "cache_creation_token_details": st.fixed_dictionaries({"ephemeral_1h_input_tokens": counts}),
            }
        ),
        "completion_tokens_details": st.none() | st.fixed_dictionaries({"reasoning_tokens": counts}),
    }
)


@given(usages, st.lists(st.integers(1, 50), min_size=1, max_size=9))
def test_parts_lie_within_their_wholes(said: dict[str, Any], lengths: list[int]) -> None:
    """Of the reply and of each of its completions, which sum to it; no count is below what was said."""
    used = read_usage(said, ENDPOINT)
    assert used.output_tokens >= (said["completion_tokens"] or 0)
    assert used.input_tokens == max(said["prompt_tokens"] or 0, 0)
    parts = used.split(lengths)
    assert len(parts) == len(lengths)
    for name in Usage.__dataclass_fields__:
        assert sum(getattr(part, name) for part in parts) == getattr(used, name)
    for one in (used, *parts):
        assert one.cached_tokens + one.written_tokens <= one.input_tokens
        assert 0 <= one.hour_tokens <= one.written_tokens
        assert 0 <= one.reasoning_tokens <= one.output_tokens


def test_a_longer_completion_carries_more() -> None:
    """The prompt is on the first; nothing at all is split without a fault."""
    assert Usage(7, 5, 1, 1, 12, 6).split([1, 2, 3]) == [
        Usage(7, 5, 1, 1, 2, 1),
        Usage(output_tokens=4, reasoning_tokens=2),
        Usage(output_tokens=6, reasoning_tokens=3),
    ]
    assert Usage(7).split([1, 1]) == [Usage(7), Usage()]
    uneven = Usage(output_tokens=3, reasoning_tokens=2).split([1] * 5)
    assert all(part.reasoning_tokens <= part.output_tokens for part in uneven)
    assert Usage(7).split([]) == []
