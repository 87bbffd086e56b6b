"""Answers in OpenAI's shapes: whole ones, chunks of a stream, and errors.

It knows completions and field names, and nothing of HTTP.
"""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from jointopt.pocket.completion import Completion, split_thoughts
from jointopt.pocket.network import load_tokenizer
from jointopt.pocket.tokens import END_THINK
from jointopt.serving.chat import ChatBody

Json = dict[str, object]
_MARKS = ("<think>", "</think>")


@dataclass(frozen=True, slots=True)
class Answer:
    """The head that all parts of one answer share.

    Attributes:
        body: the request.
        prompt_tokens: of its chat.
    """

    body: ChatBody
    prompt_tokens: int
    id: str = field(default_factory=lambda: f"chatcmpl-{secrets.token_hex(12)}")
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, completions: Sequence[Completion]) -> Json:
        """A ``chat.completion`` object."""
        choices = [
            {
                "index": i,
                "message": {"role": "assistant", "content": completion.answer, **_thoughts(completion)},
                "logprobs": self.logprobs(completion),
                "finish_reason": completion.finish,
            }
            for i, completion in enumerate(completions)
        ]
        return self._head("chat.completion") | {"choices": choices, "usage": self.usage(completions)}

    def chunk(self, choice: int, delta: Json, finish: str | None = None, logprobs: Json | None = None) -> Json:
        """A ``chat.completion.chunk`` object of one choice."""
        part = {"index": choice, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
        usage = {"usage": None} if self.body.include_usage else {}
        return self._head("chat.completion.chunk") | {"choices": [part], **usage}

    def usage_chunk(self, completions: Sequence[Completion]) -> Json:
        """The chunk without choices that counts the tokens of a stream."""
        return self._head("chat.completion.chunk") | {"choices": [], "usage": self.usage(completions)}

    def usage(self, completions: Sequence[Completion]) -> Json:
        """Tokens: the prompt once, and all that was drawn."""
        drawn = sum(completion.drawn for completion in completions)
        thought = sum(_count_thoughts(completion) for completion in completions)
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": drawn,
            "total_tokens": self.prompt_tokens + drawn,
            "completion_tokens_details": {"reasoning_tokens": thought},
        }

    def logprobs(self, completion: Completion) -> Json | None:
        """The log-probability of each token in nats, thoughts included; None where they were not asked for."""
        if not self.body.logprobs:
            return None
        top = completion.top or ((),) * len(completion.tokens)
        content = [
            _token(number, logprob) | {"top_logprobs": [_token(*other) for other in others]}
            for number, logprob, others in zip(completion.tokens, completion.logprobs, top, strict=True)
        ]
        return {"content": content, "refusal": None}

    def _head(self, kind: str) -> Json:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.body.model}


@dataclass(slots=True)
class Teller:
    """Turns the growing text of one choice into deltas, and holds back what may become a stop text or a mark."""

    stops: tuple[str, ...]
    reasoning: str = ""
    content: str = ""

    def tell(self, text: str, *, final: bool = False) -> Json:
        """What is new since the last call; empty where there is nothing."""
        reasoning, content = split_thoughts(text if final else _visible(text, (*self.stops, *_MARKS)))
        news = {"reasoning_content": reasoning[len(self.reasoning) :], "content": content[len(self.content) :]}
        self.reasoning, self.content = reasoning, content
        return {name: new for name, new in news.items() if new}


def error(
    message: str, *, param: str | None = None, code: str | None = None, kind: str = "invalid_request_error"
) -> Json:
    """An error object."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def _visible(text: str, marks: Sequence[str]) -> str:
    """The text without an end that is the beginning of a mark."""
    while held := max((k for mark in marks for k in range(1, len(mark)) if text.endswith(mark[:k])), default=0):
        text = text[:-held]
    return text


def _thoughts(completion: Completion) -> Json:
    return {"reasoning_content": completion.reasoning} if completion.reasoning else {}


def _count_thoughts(completion: Completion) -> int:
    if not completion.reasoning:
        return 0
    tokens = completion.tokens
    return tokens.index(END_THINK) + 1 if END_THINK in tokens else len(tokens)


def _token(number: int, logprob: float) -> Json:
    piece = load_tokenizer().pieces([number])[0]
    return {"token": piece, "logprob": logprob, "bytes": list(piece.encode())}
