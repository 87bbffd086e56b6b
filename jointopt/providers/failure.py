"""What a request that failed means: for itself alone, or for the whole study. It does not know who asked.

Clients raise a Failure for one attempt; whether to ask again is the throttle's to say, and `explain` turns the last one
into an error of ours.
"""

import os
import re

from jointopt.domain import Model, Request
from jointopt.errors import KeyRefused, ModelError, ProviderError
from jointopt.providers.clients import key_names

LOST, TOO_LATE, TOO_MANY = 0, 408, 429  # no answer at all; no whole answer in time; rate limits
OUT_OF_SHAPE = 200  # an answer that is none
_TOO_SOON = {LOST, OUT_OF_SHAPE, TOO_LATE, 409, 425, TOO_MANY}
_CROWDED = {TOO_MANY, 503, 529}
_SERVERS_FAULT = 500
_KEY_REFUSED = {401, 403}
_REFUSED = {400, 403, 422}
_NO_SUCH_MODEL = 404
_LOGPROBS = "logprobs"
_NAMES_N = re.compile(r"(?<![\w.])n(?![\w.])")
_UNSUPPORTED = re.compile(r"unsupported_(?:value|parameter)")
_NO_CREDIT = re.compile(r"insufficient_quota|insufficient (?:credit|balance|funds)|exceeded your current quota", re.I)
_SECRET = re.compile(r"(sk-|Bearer\s+|gsk_|AIza|hf_)[\w.~*+/-]+")
_LONGEST = 300  # characters of a server's words that are kept


class Failure(Exception):
    """One attempt that brought no completion.

    Attributes:
        status: the HTTP state, or `LOST`, `TOO_LATE`, `OUT_OF_SHAPE`.
        line: what was said, in one line without a key.
        wait_s: how long the server asks to wait; None where it says nothing.
        lasting: whether asking again is of no use whatever the status says.
        unsupported: whether a field of the body is at fault, that the model does not know or will not have.
    """

    def __init__(
        self,
        status: int,
        line: str,
        *,
        wait_s: float | None = None,
        lasting: bool = False,
        unsupported: bool = False,
    ) -> None:
        self.status, self.line, self.wait_s = status, line, wait_s
        self.unsupported = unsupported or (status in _REFUSED and bool(_UNSUPPORTED.search(line)))
        self.lasting = lasting or bool(_NO_CREDIT.search(line))
        super().__init__(line)

    @property
    def passes(self) -> bool:
        """Whether the same request may succeed a little later."""
        return not self.lasting and (self.status in _TOO_SOON or self.status >= _SERVERS_FAULT)

    @property
    def crowded(self) -> bool:
        """Whether the server is asked too much: the request is not at fault, and nor is the server."""
        return self.passes and self.status in _CROWDED

    @property
    def refuses_n(self) -> bool:
        """Whether it is the number of completions that the server will not have."""
        return self.status in _REFUSED and bool(_NAMES_N.search(self.line))


def explain(failure: Failure, request: Request) -> ModelError | ProviderError:
    """A failure in the user's terms; a ModelError where no request of this model can succeed."""
    model, where = request.model, f"models.{request.model.id}"
    if failure.unsupported or (failure.status in _REFUSED and _denies_logprobs(failure, request)):
        return ModelError(f"{model.endpoint!r}: {failure.line}", where=where, mend=do_without(failure.line, request))
    if _NO_CREDIT.search(failure.line):
        return KeyRefused(f"{model.endpoint!r} has no credit left", where=where, mend="top it up, or use another key")
    if failure.status in _KEY_REFUSED:
        mend = f"check the key in {variables(model)}"
        return KeyRefused(f"{model.endpoint!r} refuses the key", where=where, mend=mend)
    if failure.status == _NO_SUCH_MODEL:
        return ModelError(f"there is no model {model.endpoint!r}", where=where, mend=_find(model, failure))
    if failure.lasting:
        return ModelError(
            f"{model.endpoint!r}: {failure.line}", where=where, mend="check base_url: its scheme and host"
        )
    status = f"HTTP {failure.status}: " if failure.status not in (LOST, OUT_OF_SHAPE, TOO_LATE) else ""
    return ProviderError(status + failure.line)


def variables(model: Model) -> str:
    """Where the key comes from, in words."""
    return ", ".join(key_names(model)) or "the vendor's variable, e.g. OPENAI_API_KEY"


def one_line(text: str, model: Model) -> str:
    """The first line of what a server said, with anything like a key taken out."""
    line = " ".join(text.strip().partition("\n")[0].split())
    for name in key_names(model):
        key = os.environ.get(name, "").strip()
        line = line.replace(key, "(key)") if key else line
    return _SECRET.sub("(key)", line)[:_LONGEST]


def do_without(line: str, request: Request) -> str:
    """How to mend a request for what the model cannot do, by the names in the error."""
    named = set(re.findall(r"['\"`](\w+)['\"`]", line))
    mends: list[str] = []
    if request.logprobs and _LOGPROBS in line:
        mends.append("take out the selectors that need log-probabilities (logprob, p_true)")
    if fields := ", ".join(field for field in request.model.extra if field in named):
        mends.append(
            f"move {fields} into `extra_body`, which is sent as it is, or let it pass with "
            f"`allowed_openai_params: [{fields}]` beside it, or take it out"
        )
    if "temperature" in line:
        mends.append("write a temperature that it can do: `temperatures: [1]`")
    return "; ".join(mends) or "take out what the model cannot do (`temperatures`, `extra`)"


def _denies_logprobs(failure: Failure, request: Request) -> bool:
    """Whether the server itself refuses log-probabilities: OpenAI does it with the state of a refused key."""
    return request.logprobs and _LOGPROBS in failure.line


def _find(model: Model, failure: Failure) -> str:
    said = f" (it said: {failure.line})" if failure.line else ""
    if model.base_url is None:
        return f"check the endpoint's spelling{said}"
    return f"check the endpoint's spelling, and that base_url is right; most servers want it to end in /v1{said}"
