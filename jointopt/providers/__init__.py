"""Who answers: the embedded model, a recorded table, or a model behind a network."""

import importlib
import os
from collections.abc import Callable, Iterable
from typing import Any, cast

from jointopt.domain import Model
from jointopt.providers.base import Provider, lacks_logprobs
from jointopt.providers.clients import choose_client
from jointopt.providers.promises import Needs, Probed, Promise
from jointopt.providers.throttle import Pace

# LiteLLM would fetch its price list from the network while it is imported; the one it brings is enough.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

# By name, and imported when first needed: LiteLLM takes 3 to 6 s and 165 MB, which no command should pay for nothing.
_PROVIDERS = {"embedded": "jointopt.providers.embedded:Embedded", "replay": "jointopt.providers.replay:Replay"}
_REMOTE = "jointopt.providers.remote:Remote"
_PROBE = "jointopt.providers.probe:probe"
_CLIENTS = {"direct": "jointopt.providers.direct:Direct", "litellm": "jointopt.providers.lite:Lite"}


def connect(model: Model) -> Provider:
    """The provider that serves a model, chosen by the first part of its endpoint, and by how it is reached."""
    return connect_all([model])[model.id]


def connect_all(models: Iterable[Model]) -> dict[str, Provider]:
    """A provider for every model, by id; those of one kind share one, and with it limits and connections."""
    made: dict[str, Provider] = {}
    found: dict[str, Provider] = {}
    for model in models:
        kind = _kind(model)
        if kind not in made:
            made[kind] = _make(kind)
        found[model.id] = made[kind]
    return found


def in_process(model: Model) -> bool:
    """Whether a model answers in this process: no network, no key, and always the same."""
    return model.endpoint.partition("/")[0] in _PROVIDERS


async def probe_model(
    provider: Provider, model: Model, needs: Needs, say: Callable[[str], None] = lambda purpose: None
) -> Probed:
    """See in one cheap round of requests which promises a model behind a network keeps.

    Args:
        provider: of the model.
        model: who is asked.
        needs: what a study asks of it.
        say: told before each request what it is for.
    """
    return cast(Probed, await _named(_PROBE)(provider, model, needs, say))


def _kind(model: Model) -> str:
    vendor = model.endpoint.partition("/")[0]
    return vendor if vendor in _PROVIDERS else choose_client(model)


def _make(kind: str) -> Provider:
    if kind in _PROVIDERS:
        return cast(Provider, _named(_PROVIDERS[kind])())
    return cast(Provider, _named(_REMOTE)(_named(_CLIENTS[kind])()))


def _named(path: str) -> Callable[..., Any]:
    module, _, name = path.partition(":")
    return cast(Callable[..., Any], getattr(importlib.import_module(module), name))


__all__ = [
    "Needs",
    "Pace",
    "Probed",
    "Promise",
    "Provider",
    "choose_client",
    "connect",
    "connect_all",
    "in_process",
    "lacks_logprobs",
    "probe_model",
]
