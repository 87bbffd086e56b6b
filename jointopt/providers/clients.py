"""Which client reaches a model: decided from the study file alone, without importing any.

Direct is for what speaks OpenAI's API in every detail that a study uses; LiteLLM is for all others.
"""

from jointopt.domain import Model

VENDORS = {  # where they are, and the variable that holds their key
    "openai": ("https://api.openai.com/v1", "OPENAI_API_KEY"),
    "openrouter": ("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
}
SERVERS = {"hosted_vllm", "vllm", "sglang", "llama_cpp", "llamafile", "lm_studio", "custom_openai"}
"""First parts of an endpoint that stand for a server of the user's own, at `base_url`."""


def choose_client(model: Model) -> str:
    """``direct`` or ``litellm``, as the study says; with ``auto``, direct where the endpoint is OpenAI-compatible."""
    vendor = model.endpoint.partition("/")[0]
    if model.client != "auto":
        return model.client
    known = vendor in VENDORS or (vendor in SERVERS and model.base_url is not None)
    return "direct" if known else "litellm"


def base_url(model: Model) -> str:
    """Where a model is reached directly, without a slash at the end; empty where that is not known."""
    host, _ = VENDORS.get(model.endpoint.partition("/")[0], ("", ""))
    return (model.base_url or host).rstrip("/")


def key_names(model: Model) -> tuple[str, ...]:
    """The variables that hold keys. A server of the user's own never gets a vendor's key that was not meant for it."""
    _, usual = VENDORS.get(model.endpoint.partition("/")[0], ("", ""))
    return model.key_envs or ((usual,) if usual and model.base_url is None else ())
