"""When a provider has not given what a strategy selects by."""

from dataclasses import replace

import pytest

from jointopt.domain import Message, Model, Request, Sample
from jointopt.providers import lacks_logprobs

WISH = Request(Model("m", "openai/m"), (Message("user", "Hi"),), 1.0, logprobs=True)
TOLD, UNTOLD, EMPTY = Sample(0, "4", logprob=-0.5), Sample(1, "5"), Sample(2, "", finish="filter")
FAILED = Sample(3, "", finish="error", error="timed out")


@pytest.mark.parametrize(
    ("samples", "lacks"),
    [
        ([UNTOLD], True),
        ([UNTOLD, EMPTY, FAILED], True),
        ([UNTOLD, TOLD], False),
        ([TOLD], False),
        ([EMPTY, FAILED], False),
        ([], False),
    ],
)
def test_only_a_text_without_its_logprob_shows_the_lack(samples: list[Sample], lacks: bool) -> None:
    """What holds no text has no log-probability anywhere; without the wish nothing is lacking."""
    assert lacks_logprobs(WISH, samples) is lacks
    assert not lacks_logprobs(replace(WISH, logprobs=False), samples)
