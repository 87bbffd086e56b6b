"""A probe against a real server: what it asks of it, what ends it, and what it costs."""

from collections.abc import Mapping
from typing import Any

import pytest

from jointopt.domain import Spend
from jointopt.providers import Promise
from tests.hostile import faults
from tests.hostile.exchange import Exchange
from tests.hostile.faults import Fault
from tests.hostile.probing import named, of, probe
from tests.hostile.scripts import always, in_turn
from tests.hostile.server import serving

# LiteLLM's own: a TypedDict of its types, met by pydantic while the first reply is read.
pytestmark = pytest.mark.filterwarnings("ignore:Item .* is using the `ReadOnly` qualifier:UserWarning")


KEY, OTHER = "sk-planted-key-0123456789abcdef", "sk-another-key-0123456789abcdef"


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTED_KEY", KEY)
    monkeypatch.setenv("OTHER_KEY", OTHER)


def _states(found: Mapping[str, Promise]) -> dict[str, str]:
    return {name: promise.state for name, promise in found.items()}


@pytest.mark.parametrize("client", ["direct", "litellm"])
def test_a_good_server_keeps_every_promise(client: str) -> None:
    """Each promise once, nothing to mend, and the price of the round is the server's own bill."""
    with serving(settled=True, keys=[KEY]) as server:
        probed = probe(server.url, client=client, key_envs=("PLANTED_KEY",))
        bill, asked = server.bill, len(server.asked)
    expected = "reachable key usage n largest_n temperature seed logprobs latency".split()
    assert _states(named(probed)) == {name.replace("_", " "): "kept" for name in expected}
    assert probed.sound and not any(promise.mend for promise in probed.promises)
    assert (probed.requests, probed.spend.calls, probed.spend.tokens) == (asked, bill.completions, bill.tokens)
    assert probed.spend.usd == pytest.approx((bill.prompt_tokens + 2 * bill.completion_tokens) / 1e6)
    assert asked <= 10 and max(request.n for request in server.asked) == 16
    assert {request.max_tokens for request in server.asked} == {16}


def test_a_model_that_only_thinks_in_a_short_answer_gets_more_room() -> None:
    """A completion that is cut off before a word of it is seen says nothing; it is asked again with more room."""

    def act(exchange: Exchange) -> None:
        def edit(choice: dict[str, Any]) -> None:
            if exchange.asked.max_tokens <= 16:
                choice["message"]["content"], choice["finish_reason"] = "", "length"

        exchange.honest(edit=edit)

    with serving(Fault("thinks first", act), settled=True) as server:
        probed = probe(server.url)
        rooms = [request.max_tokens for request in server.asked]
    assert rooms[0] == 16 and set(rooms[1:]) == {512}
    assert named(probed)["temperature"].state == "kept"


def test_a_wrong_key_ends_the_round_with_one_line() -> None:
    """One request; the variable is named, the key is not."""
    with serving(keys=["right"]) as server:
        probed = probe(server.url, key_envs=("PLANTED_KEY",))
        assert server.visits.requests == probed.requests == 1
    found = named(probed)
    assert _states(found) == {"reachable": "kept", "key": "broken"}
    assert "PLANTED_KEY" in found["key"].mend and not probed.sound
    assert KEY not in repr(probed)
    assert probed.spend == Spend()


def test_the_one_of_several_keys_that_is_wrong_is_named() -> None:
    """Each key is tried once."""
    with serving(keys=[KEY]) as server:
        found = named(probe(server.url, key_envs=("PLANTED_KEY", "OTHER_KEY")))
    assert found["key"].fails and "OTHER_KEY" in found["key"].mend and "PLANTED" not in found["key"].mend


def test_a_missing_key_is_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment variable is not set."""
    monkeypatch.delenv("PLANTED_KEY")
    with serving() as server:
        found = named(probe(server.url, key_envs=("PLANTED_KEY",)))
        assert server.visits.requests == 0
    assert found["key"].fails and "export PLANTED_KEY" in found["key"].mend


def test_an_unknown_model_and_a_path_that_is_wrong() -> None:
    """Both are 404; the mend speaks of both."""
    with serving(models=["another"]) as server:
        unknown = named(probe(server.url))
        lost = named(probe(server.url.removesuffix("/v1")))
    assert unknown["model"].fails and "spelling" in unknown["model"].mend and "does not exist" in unknown["model"].mend
    assert lost["model"].fails and "/v1" in lost["model"].mend


@pytest.mark.parametrize("fault", [faults.PAGE_200, faults.MALFORMED, faults.EMPTY, faults.status(500), faults.RESET])
def test_what_is_no_api_is_not_reachable(fault: Fault) -> None:
    """A page, half a reply, none, an error, a reset: tried again for seconds, then one line with a mend."""
    with serving(fault) as server:
        probed = probe(server.url)
        assert 0 < server.visits.requests < 6
    (promise,) = probed.promises
    assert promise.name == "reachable" and promise.fails and "base_url" in promise.mend
    assert ("text/html" in promise.seen) is (fault is faults.PAGE_200)


def test_nobody_there_is_not_reachable() -> None:
    """The port is closed."""
    with serving() as server:
        url = server.url
    assert named(probe(url))["reachable"].fails


def test_a_server_that_hangs_is_not_waited_for() -> None:
    """The study's own timeout, where it is shorter than the probe's."""
    with serving(faults.HANG) as server:
        (promise,) = probe(server.url, timeout_s=0.2, patience_s=900).promises
    assert promise.name == "reachable" and promise.fails and "0.2 s" in promise.seen


def test_a_server_that_hangs_later_ends_the_round() -> None:
    """It is not asked for every other promise in turn."""
    script = in_turn(faults.HONEST, then=faults.HANG)
    with serving(script) as server:
        found = named(probe(server.url, timeout_s=0.2))
        assert server.visits.requests < 8
    assert found["reachable"].fails and "no more (n)" in found["reachable"].seen


def test_no_credit_and_no_price_are_told() -> None:
    """The first ends the round, the second does not."""
    found = of(always(faults.NO_CREDIT))
    assert found["request"].fails and "credit" in found["request"].seen
    free = of(price=None)
    assert free["price"].fails and "price: 0" in free["price"].mend and free["logprobs"].state == "kept"
