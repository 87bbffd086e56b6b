"""The body of a chat completion request, read by hand: what is accepted, and how the rest is refused.

It knows OpenAI's field names and nothing of HTTP or of who answers.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from jointopt.domain import Message
from jointopt.errors import UserError
from jointopt.pocket.completion import Decoding
from jointopt.pocket.shape import CONTEXT

MOST_CHOICES = 128
MOST_TOP = 5
_MOST_SHOWN = 80
# Fields that would change the answer, and the values that ask for nothing. Every other unknown field is ignored.
_NEUTRAL: Mapping[str, Sequence[object]] = {
    "top_p": (1,),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "logit_bias": ({},),
    "tools": ([],),
    "functions": ([],),
    "response_format": ({"type": "text"},),
}
_T = TypeVar("_T")


class Refusal(UserError):
    """A request that cannot be answered. `status` is HTTP's, `param` the field, `code` OpenAI's word for it."""

    def __init__(self, message: str, *, param: str = "", mend: str, status: int = 400, code: str | None = None) -> None:
        self.param, self.status, self.code = param, status, code
        super().__init__(message, where=param, mend=mend)


@dataclass(frozen=True, slots=True)
class ChatBody:
    """A checked request.

    Attributes:
        model: the endpoint's name.
        messages: the chat.
        n: how many choices.
        seed: None for a fresh one.
        decoding: how to draw.
        logprobs: whether to report log-probabilities.
        stream: whether to answer in chunks.
        include_usage: whether the last chunk counts the tokens.
    """

    model: str
    messages: tuple[Message, ...]
    n: int
    seed: int | None
    decoding: Decoding
    logprobs: bool
    stream: bool
    include_usage: bool


def read_chat(data: bytes) -> ChatBody:
    """Check a body.

    Raises:
        Refusal: names the field, its value and the mend.
    """
    body = _read_object(data)
    for name, neutral in _NEUTRAL.items():
        if body.get(name) is not None and body[name] not in neutral:
            raise Refusal(f"{_show(body[name])} is not supported", param=name, mend="leave it out")
    logprobs = _flag(body, "logprobs")
    top = _number(body, "top_logprobs", 0, low=0, high=MOST_TOP, whole=True)
    if top and not logprobs:
        raise Refusal(f"{top:g} without logprobs", param="top_logprobs", mend="set logprobs to true")
    options = _field(body, "stream_options", dict, {})
    return ChatBody(
        model=_read_model(body),
        messages=_read_messages(body),
        n=int(_number(body, "n", 1, low=1, high=MOST_CHOICES, whole=True)),
        seed=_read_seed(body),
        decoding=Decoding(
            temperature=_number(body, "temperature", 1.0, low=0, high=2),
            max_tokens=_read_max_tokens(body),
            stop=_read_stops(body),
            top=int(top),
        ),
        logprobs=logprobs,
        stream=_flag(body, "stream"),
        include_usage=_flag(options, "include_usage"),
    )


def _read_object(data: bytes) -> dict[str, object]:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Refusal(f"the body is not JSON: {error}", mend="send one JSON object") from error
    if not isinstance(body, dict):
        raise Refusal(f"the body is {_show(body)}", mend="send one JSON object")
    return body


def _read_model(body: Mapping[str, object]) -> str:
    model = _field(body, "model", str, "")
    if not model:
        raise Refusal("there is no model", param="model", mend="name one of those that GET /v1/models lists")
    return model


def _read_messages(body: Mapping[str, object]) -> tuple[Message, ...]:
    turns = _field(body, "messages", list, [])
    if not turns:
        raise Refusal("there are no messages", param="messages", mend='send [{"role": "user", "content": "..."}]')
    return tuple(_read_message(f"messages[{i}]", turn) for i, turn in enumerate(turns))


def _read_message(where: str, turn: object) -> Message:
    if not isinstance(turn, dict):
        raise Refusal(f"{_show(turn)} is not a message", param=where, mend='send {"role": ..., "content": ...}')
    role, content = turn.get("role"), turn.get("content")
    if role not in ("system", "developer", "user", "assistant"):
        raise Refusal(f"{_show(role)} is no role", param=f"{where}.role", mend="use system, user or assistant")
    if isinstance(content, list):
        content = "".join(_read_part(where, part) for part in content)
    if not isinstance(content, str):
        raise Refusal(f"{_show(content)} is no text", param=f"{where}.content", mend="send a text")
    return Message("system" if role == "developer" else str(role), content)


def _read_part(where: str, part: object) -> str:
    if isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str):
        return str(part["text"])
    raise Refusal(f"{_show(part)} is not a text part", param=f"{where}.content", mend="send text only")


def _read_seed(body: Mapping[str, object]) -> int | None:
    seed = body.get("seed")
    if seed is None or (isinstance(seed, int) and not isinstance(seed, bool)):
        return seed
    raise Refusal(f"{_show(seed)} is no seed", param="seed", mend="send a whole number or null")


def _read_max_tokens(body: Mapping[str, object]) -> int:
    """Either name of the limit; one beyond the context is as good as none."""
    name = "max_completion_tokens" if body.get("max_completion_tokens") is not None else "max_tokens"
    return min(CONTEXT, int(_number(body, name, CONTEXT, low=1, whole=True)))


def _read_stops(body: Mapping[str, object]) -> tuple[str, ...]:
    stop = body.get("stop")
    stops = [] if stop is None else [stop] if isinstance(stop, str) else stop
    if not isinstance(stops, list) or not all(isinstance(text, str) and text for text in stops):
        raise Refusal(f"{_show(stop)} is no stop", param="stop", mend="send a text or a list of texts, none empty")
    return tuple(stops)


def _number(
    body: Mapping[str, object],
    name: str,
    default: float,
    *,
    low: float,
    high: float = float("inf"),
    whole: bool = False,
) -> float:
    value = body.get(name)
    if value is None:
        return default
    kind = int if whole else int | float
    if not isinstance(value, kind) or isinstance(value, bool) or not low <= value <= high:
        bound = f"at least {low:g}" if high == float("inf") else f"from {low:g} to {high:g}"
        raise Refusal(f"{_show(value)} cannot be used", param=name, mend=f"send a {'whole ' * whole}number {bound}")
    return value


def _flag(body: Mapping[str, object], name: str) -> bool:
    return _field(body, name, bool, False)


def _field(body: Mapping[str, object], name: str, kind: type[_T], default: _T) -> _T:
    """A field of the body that must be of a kind; absent and null are the default."""
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, kind):
        names = {str: "a text", bool: "true or false", list: "a list", dict: "an object"}
        raise Refusal(f"{_show(value)} cannot be used", param=name, mend=f"send {names[kind]}")
    return value


def _show(value: object) -> str:
    """The value as JSON, cut to a length that fits a message."""
    text = json.dumps(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."
