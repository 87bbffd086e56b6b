"""Who answers: the embedded model, a recorded table, or any vendor through LiteLLM."""

import importlib
import os
from typing import cast

from jointopt.domain import Model
from jointopt.providers.base import Provider, lacks_logprobs

# LiteLLM would fetch its price list from the network while it is imported; the one it brings is enough.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

# By name, and imported when first needed: LiteLLM takes 3 to 6 s and 165 MB, which no command should pay for nothing.
_PROVIDERS = {"embedded": "jointopt.providers.embedded:Embedded", "replay": "jointopt.providers.replay:Replay"}
_ANY_OTHER = "jointopt.providers.lite:Lite"


def connect(model: Model) -> Provider:
    """The provider that serves a model, chosen by the first part of its endpoint."""
    module, _, name = _PROVIDERS.get(model.endpoint.partition("/")[0], _ANY_OTHER).partition(":")
    return cast(Provider, getattr(importlib.import_module(module), name)())


__all__ = ["Provider", "connect", "lacks_logprobs"]
