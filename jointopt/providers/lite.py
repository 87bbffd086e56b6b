"""Any vendor, through LiteLLM: one request, sent once.

LiteLLM's own retries, caches and callbacks are off: its cache would return one sample for all, and its retries would
spend what no ledger has seen.
"""

import logging
import re
import time
from collections.abc import Mapping

import litellm
from litellm import exceptions
from litellm.llms.custom_httpx.async_client_cleanup import close_litellm_async_clients
from openai import OpenAIError

from jointopt.domain import Request
from jointopt.providers.failure import Failure, one_line
from jointopt.providers.remote import Client
from jointopt.providers.reply import Reply, part
from jointopt.providers.waits import read_wait

litellm.cache = None
litellm.telemetry = False
litellm.suppress_debug_info = True
litellm.drop_params = False
litellm.callbacks = []
litellm.success_callback = []
litellm.failure_callback = []
logging.getLogger("LiteLLM").setLevel(logging.CRITICAL)

_NO_SUCH_VENDOR = "Provider NOT provided"
_NO_KEY = re.compile(r"Missing credentials|Missing \S+ API key|api_key client option", re.IGNORECASE)


class Lite(Client):
    """Sends requests through LiteLLM."""

    async def ask(self, request: Request, n: int, key: str | None) -> Reply:
        """One call of ``acompletion``. A server of the user's own never gets a vendor's key that was not meant for it;
        without a key and such a server, LiteLLM looks for the vendor's usual variable.
        """
        model = request.model
        options = {"n": n} if n > 1 else {}
        started = time.perf_counter()
        try:
            body = await litellm.acompletion(
                **request.body,
                **options,
                api_base=model.base_url,
                api_key=key or ("none" if model.base_url else None),
                timeout=model.timeout_s,
                max_retries=0,
                caching=False,
            )
        except OpenAIError as error:
            raise _failure(error, request) from None
        return Reply(request, body, time.perf_counter() - started)

    async def close(self) -> None:
        """Close LiteLLM's connections of this event loop."""
        await close_litellm_async_clients()  # type: ignore[no-untyped-call]  # LiteLLM leaves it untyped


def _failure(error: OpenAIError, request: Request) -> Failure:
    line = one_line(str(error), request.model)
    if isinstance(error, exceptions.UnsupportedParamsError):  # what follows is advice for users of LiteLLM
        return Failure(_status(error), line.partition(". To drop")[0], unsupported=True)
    headers = part(error, "litellm_response_headers")  # the vendor's; those of its `response` are made up
    wait_s = read_wait(headers) if isinstance(headers, Mapping) else None
    return Failure(_status(error), f"{type(error).__name__}: {line}", wait_s=wait_s)


def _status(error: OpenAIError) -> int:
    """The HTTP state; LiteLLM calls a key that is not set a server's error, and we a key that is refused."""
    if _NO_KEY.search(str(error)):
        return 401
    return 404 if _NO_SUCH_VENDOR in str(error) else int(part(error, "status_code") or 0)
