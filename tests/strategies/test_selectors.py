"""Who rates: read from the vote, or asked."""

import math
from collections.abc import Callable, Sequence

import pytest

from jointopt.domain import Message, Model, Request, Vote
from jointopt.errors import StrategyError
from jointopt.strategies import Ask, Case
from jointopt.strategies.selectors import Judged, Length, LogProb, Objectives, Own, PTrue, Selector, Stated
from tests.strategies.conftest import JUDGE

CASE = Case(Request(Model("m", "echo/one"), (Message("user", "why?"),), 1.0), {"question": "why?"})


def _rate(selector: Selector, vote: Vote, reply: Vote) -> tuple[float, list[Ask]]:
    """The rating, and what was asked on the way; every ask is answered with the same reply."""
    rating, asked = selector.rate(CASE, vote), list[Ask]()
    try:
        asks: Sequence[Ask] = next(rating)
        while True:
            asked += asks
            asks = rating.send([[reply] * ask.n for ask in asks])
    except StopIteration as end:
        return float(end.value.rating), asked


@pytest.mark.parametrize(
    ("text", "confidence"),
    [
        ("42. Confidence: 85%", 0.85),
        ("confidence: 0.85", 0.85),
        ("I am 3 years old. Confidence is 85", 0.85),
        ("confidence 8.5/10", 0.85),
        ("My confidence: 20%. On reflection, confidence: 90%", 0.9),
        ("confidence: 150%", 1.0),
        ("confident answer", 0.0),
        ("42", 0.0),
    ],
)
def test_a_stated_confidence_is_read(text: str, confidence: float) -> None:
    """The last one, in percent, tenths or as a share; none is none."""
    found, asks = _rate(Stated(), Vote("42", text=text), Vote(None))
    assert found == pytest.approx(confidence)
    assert asks == []


def test_what_the_vote_itself_says() -> None:
    """Its probability, its length, its objectives."""
    vote = Vote("a", logprob=-0.5, tokens=9, marks=(0.5, 1.0))
    assert LogProb().value(vote) == pytest.approx(math.exp(-0.5))
    assert LogProb().value(Vote("a")) == 0.0
    assert Length().value(vote) == pytest.approx(0.1)
    assert Objectives((2.0, 0.25)).value(vote) == pytest.approx(1.25)


def test_what_failed_is_not_the_best() -> None:
    """Without a token it is not the shortest; a verdict without a probability is no confidence."""
    assert Length().value(Vote(None)) == 0.0
    assert PTrue().value(Vote(None, text="False")) == 0.0


@pytest.mark.parametrize(
    ("said", "rating"), [("True", 0.8), (" true.", 0.8), ("yes", 0.8), ("False", 0.2), ("", 0.0), ("Well, let me", 0.0)]
)
def test_p_true_is_the_probability_of_the_word(said: str, rating: float) -> None:
    """The model is shown its own answer; not False counts as True."""
    found, (ask,) = _rate(PTrue(), Vote("a", text="it is a"), Vote(None, math.log(0.8), said))
    assert found == pytest.approx(rating)
    assert ask.request is not None and ask.request.logprobs and ask.request.temperature == 0
    assert [message.role for message in ask.request.messages] == ["user", "assistant", "user"]
    assert ask.request.messages[1].content == "it is a" and ask.request.model.max_tokens == 4


@pytest.mark.parametrize(
    ("said", "rating"),
    [
        ("7", 0.7),
        ("I give 9 of 10", 0.9),
        ("11", 1.0),
        ("good", 0.0),
        ("Score: 3/10", 0.3),
        ("4 out of 5", 0.8),
        ("-3", 0.0),
    ],
)
def test_a_judges_mark_is_a_share_of_its_best(said: str, rating: float) -> None:
    """The last number, of what it is out of; no number is nothing. The judge sees the fields and the completion."""
    found, (ask,) = _rate(Judged(JUDGE), Vote("a", text="it is a"), Vote(None, text=said))
    assert found == pytest.approx(rating)
    assert ask.request is not None and ask.request.model == JUDGE.model
    assert ask.request.messages == (Message("user", "why?: it is a? 0 to 10"),)


def _fails(_: Vote) -> object:
    raise KeyError("no")


@pytest.mark.parametrize(
    ("function", "told"), [(lambda _: "high", "returned 'high'"), (lambda _: math.nan, "nan"), (_fails, "KeyError")]
)
def test_a_function_of_ones_own_has_to_say_a_number(function: Callable[[Vote], object], told: str) -> None:
    """Anything else is told, with the function's name."""
    with pytest.raises(StrategyError, match=rf"my:own(.|\n)*{told}"):
        Own("my:own", function).value(Vote("a"))
    assert Own("my:own", lambda vote: len(vote.text)).value(Vote("a", text="abc")) == 3.0
