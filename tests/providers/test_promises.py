"""Each promise against a real server that keeps it, or breaks it."""

from collections.abc import Mapping
from typing import Any

import pytest

from jointopt.domain import Mode
from jointopt.providers import Needs, Promise
from tests.hostile import faults
from tests.hostile.exchange import Exchange
from tests.hostile.faults import Fault
from tests.hostile.probing import named, of, probe, says
from tests.hostile.server import serving


def _states(found: Mapping[str, Promise]) -> dict[str, str]:
    return {name: promise.state for name, promise in found.items()}


def test_n_may_be_ignored_and_a_study_does_without() -> None:
    """It is said, with what it costs; log-probabilities and temperature are seen all the same."""
    found = of(faults.IGNORES_N)
    assert _states(found) | {"n": "broken"} == _states(found)
    assert "1 of 4" in found["n"].seen and "pays its prompt" in found["n"].mend and not found["n"].needed
    assert "largest n" not in found
    assert found["temperature"].state == found["logprobs"].state == "kept"


@pytest.mark.parametrize(("fault", "most"), [(faults.caps_n(4), 4), (faults.refuses_n(4), 4), (faults.refuses_n(8), 8)])
def test_the_largest_n_is_found(fault: Fault, most: int) -> None:
    """Silently capped, or refused above: the study's n is not had in one request."""
    found = of(fault)
    assert found["n"].state == "kept"
    assert found["largest n"].state == "broken" and found["largest n"].seen.startswith(f"{most} in one request")


def test_a_study_of_single_samples_needs_no_n() -> None:
    """Nothing is asked for several completions; the temperature is seen by a second request."""
    with serving(settled=True) as server:
        probed = probe(server.url, Needs(1, (1.0,)))
        assert {request.n for request in server.asked} == {1}
    assert not {"n", "largest n"} & named(probed).keys() and named(probed)["temperature"].state == "kept"


@pytest.mark.parametrize("fault", [faults.NO_LOGPROBS, faults.REFUSES_LOGPROBS])
def test_logprobs_may_be_missing(fault: Fault) -> None:
    """Refused or silently left out: fatal where a strategy selects by them, else only said."""
    needed, spared = of(fault)["logprobs"], of(fault, Needs(4, (1.0,)))["logprobs"]
    assert needed.fails and "best_of: {by: length}" in needed.mend
    assert spared.state == "broken" and not spared.fails and not spared.mend


def test_usage_may_be_missing() -> None:
    """Fatal where tokens or dollars are budgeted."""
    assert of(faults.NO_USAGE)["usage"].fails
    assert not of(faults.NO_USAGE, Needs(4, (1.0,)))["usage"].fails


def test_seeds_may_be_ignored() -> None:
    """The server's texts are all different: neither a seed nor temperature 0 repeats them, and a study does without."""
    with serving() as server:
        probed = probe(server.url)
    found = named(probed)
    assert (found["seed"].state, found["temperature"].state) == ("broken", "broken")
    assert "one seed gave two answers" in found["seed"].seen and "differ at 0" in found["temperature"].seen
    assert probed.sound


def test_a_seed_in_the_study_file_would_make_copies() -> None:
    """Where seeds are kept, a fixed one gives the same sample again and again."""
    seed = of(extra={"seed": 5})["seed"]
    assert seed.fails and "take `seed`" in seed.mend


def test_answers_that_are_all_alike_are_no_samples() -> None:
    """As from a cache: votes would choose among copies."""
    found = of(says(lambda body: {"content": "the sea"}))
    assert found["temperature"].fails and "cache" in found["temperature"].mend
    assert found["n"].state == "untold"
    assert not of(says(lambda body: {"content": "the sea"}), Needs(4, (0.0,)))["temperature"].fails


def _refuses_temperature(exchange: Exchange) -> None:
    if exchange.asked.body["temperature"] == 0:
        exchange.refuse(400, "'temperature' does not support 0", code="unsupported_value", param="temperature")
    else:
        exchange.honest()


def test_a_temperature_may_be_refused() -> None:
    """Fatal where the study asks for it; otherwise it is only not told."""
    fault = Fault("refuses", _refuses_temperature)
    asked, spared = of(fault, Needs(4, (0.0, 1.0)))["temperature"], of(fault)["temperature"]
    assert asked.fails and "temperatures" in asked.mend
    assert spared.state == "untold" and "refused" in spared.seen


def _thinks(body: Mapping[str, Any]) -> dict[str, Any]:
    return {"reasoning_content": "r " * 40} if body.get("enable_thinking") else {}


MODES = (Mode("fast"), Mode("think", extra={"extra_body": {"enable_thinking": True}}))


def test_a_mode_shows_in_what_a_model_does() -> None:
    """One thinks where the other does not; a mode that is ignored is named, with a mend; one that is refused, too."""
    needs = Needs(1, (1.0,), modes=MODES)
    kept = of(says(_thinks), needs)
    assert (kept["mode fast"].state, kept["mode think"].state) == ("kept", "kept")
    ignored = of(needs=needs)["mode think"]
    assert ignored.fails and "extra_body" in ignored.mend
    refused = of(Fault("refuses", _refuses_thinking), needs)["mode think"]
    assert refused.fails and "enable_thinking" in refused.seen


def _refuses_thinking(exchange: Exchange) -> None:
    if exchange.asked.body.get("enable_thinking"):
        exchange.refuse(400, "unknown field 'enable_thinking'")
    else:
        exchange.honest()


def test_a_mode_is_told_by_words_only_where_words_repeat() -> None:
    """At temperature 0 another text is another behaviour; where answers never repeat it is chance, and not told."""
    needs = Needs(1, (1.0,), modes=MODES)
    rude = says(lambda body: {"content": "No."} if body.get("enable_thinking") else {})
    assert of(rude, needs)["mode think"].state == "kept"
    with serving(rude) as server:
        told = named(probe(server.url, needs))["mode think"]
    assert told.state == "untold" and "too alike" in told.seen


def test_a_mode_may_have_a_temperature_of_its_own() -> None:
    """Where thinking refuses temperature 0, modes are compared at the study's."""

    def act(exchange: Exchange) -> None:
        body = exchange.asked.body
        if body.get("enable_thinking") and body["temperature"] == 0:
            exchange.refuse(400, "'temperature' may only be 1", code="unsupported_value", param="temperature")
        else:
            says(_thinks).act(exchange)

    assert of(Fault("own", act), Needs(1, (1.0,), modes=MODES))["mode think"].state == "kept"


def test_modes_that_send_the_same_are_one() -> None:
    """The second one is not asked."""
    with serving(settled=True) as server:
        probed = probe(server.url, Needs(1, (1.0,), modes=(Mode("a"), Mode("b"))))
        puzzles = [request for request in server.asked if "refrigerator" in request.body["messages"][-1]["content"]]
        assert len(puzzles) == 2  # the first mode's, and whether its answer repeats
    assert "what a sends" in named(probed)["mode b"].seen


def test_a_slow_model_may_not_get_through_its_longest_answer() -> None:
    """At the speed that is seen, `max_tokens` take longer than an attempt may."""
    with serving(delay_s=0.1, settled=True) as server:
        slow = named(probe(server.url, Needs(1, (1.0,)), max_tokens=100_000, timeout_s=20.0))["latency"]
    assert slow.state == "untold" and "timeout" in slow.mend
