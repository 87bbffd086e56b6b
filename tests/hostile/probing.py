"""Probing the hostile server: what a probe of one of its models finds."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from jointopt.domain import Model, Price
from jointopt.providers import Needs, Probed, Promise, connect, probe_model
from tests.hostile import faults
from tests.hostile.exchange import Exchange
from tests.hostile.faults import Fault
from tests.hostile.scripts import Script
from tests.hostile.server import serving

NEEDS = Needs(16, (1.0,), logprobs=True, usage=True)


def probe(url: str, needs: Needs = NEEDS, **settings: Any) -> Probed:
    """A probe of the model at an address."""
    given: dict[str, Any] = {
        "endpoint": "hosted_vllm/m",
        "price": Price(1, 2),
        "base_url": url,
        "patience_s": 1.0,
    } | settings
    model = Model("m", **given)

    async def run() -> Probed:
        provider = connect(model)
        try:
            return await probe_model(provider, model, needs)
        finally:
            await provider.close()

    return asyncio.run(run())


def of(behaviour: Fault | Script = faults.HONEST, needs: Needs = NEEDS, **settings: Any) -> dict[str, Promise]:
    """The promises of a server that behaves so, by name."""
    with serving(behaviour, settled=True) as server:
        return named(probe(server.url, needs, **settings))


def named(probed: Probed) -> dict[str, Promise]:
    """Its promises by name."""
    return {promise.name: promise for promise in probed.promises}


def says(change: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Fault:
    """Replies whose messages are made from the request's body."""

    def act(exchange: Exchange) -> None:
        exchange.honest(edit=lambda choice: choice["message"].update(change(exchange.asked.body)))

    return Fault("says", act)
