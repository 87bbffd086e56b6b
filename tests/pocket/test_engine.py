"""The engine: many callers, one batch, and nobody left waiting."""

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future, wait
from itertools import pairwise

import pytest

from jointopt.domain import Message
from jointopt.errors import ModelError
from jointopt.pocket import engine as engine_room
from jointopt.pocket.completion import Completion, Decoding
from jointopt.pocket.engine import Engine, encode_chat, shared_engine
from jointopt.pocket.network import load_network
from jointopt.pocket.shape import CONTEXT
from jointopt.pocket.tokens import Tokenizer

Prompts = list[tuple[int, ...]]


@pytest.fixture
def engine(tokenizer: Tokenizer) -> Iterator[Engine]:
    """A small engine of its own, closed afterwards."""
    engine = Engine(load_network("nano"), tokenizer, capacity=24)
    yield engine
    engine.close()


def test_callers_at_the_same_time_get_what_they_would_alone(engine: Engine, prompts: Prompts) -> None:
    """Eight threads ask for more than fits; every answer equals the one asked for alone afterwards."""
    futures: dict[int, Future[list[Completion]]] = {}

    def ask(caller: int) -> None:
        for i in range(caller, 40, 8):
            futures[i] = engine.submit(prompts[i], [i, i + 1, i + 2], Decoding())

    threads = [threading.Thread(target=ask, args=(caller,)) for caller in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results = {i: future.result(60) for i, future in futures.items()}
    assert len(results) == 40
    for i in (0, 13, 39):
        assert engine.submit(prompts[i], [i, i + 1, i + 2], Decoding()).result(60) == results[i]


def test_choices_come_in_the_order_of_their_seeds(engine: Engine, prompts: Prompts) -> None:
    """More seeds than places still come back whole and in order."""
    seeds = list(range(60))
    forward = engine.submit(prompts[0], seeds, Decoding()).result(60)
    backward = engine.submit(prompts[0], seeds[::-1], Decoding()).result(60)
    assert forward == backward[::-1]
    assert len({completion.text for completion in forward}) > 1


def test_listeners_hear_a_growing_text(engine: Engine, prompts: Prompts) -> None:
    """Each thing heard extends the one before, and the last is the text."""
    heard: dict[int, list[str]] = {0: [], 1: []}
    completions = engine.submit(prompts[0], [1, 2], Decoding(), lambda i, text: heard[i].append(text)).result(60)
    for i, texts in heard.items():
        assert texts[-1] == completions[i].text
        assert all(later.startswith(earlier) for earlier, later in pairwise(texts))


def test_a_cancelled_request_makes_room(engine: Engine, prompts: Prompts) -> None:
    """After cancelling, later requests are answered, and the cancelled one says so."""
    futures = [engine.submit(prompts[i % 40], list(range(24)), Decoding()) for i in range(30)]
    assert all(future.cancel() for future in futures[5:-1])
    assert len(futures[-1].result(60)) == 24
    with pytest.raises(CancelledError):
        futures[10].result(60)


def test_closing_tells_whoever_waits(tokenizer: Tokenizer, prompts: Prompts) -> None:
    """No future of a closed engine stays open, and nothing new is taken."""
    engine = Engine(load_network("micro"), tokenizer, capacity=8)
    futures = [engine.submit(prompt, list(range(8)), Decoding()) for prompt in prompts]
    engine.close()
    assert not wait(futures, timeout=10).not_done
    assert isinstance(futures[-1].exception(), RuntimeError)
    with pytest.raises(RuntimeError, match="closed"):
        engine.submit(prompts[0], [1], Decoding())


def test_an_idle_engine_sleeps_and_wakes(engine: Engine, prompts: Prompts, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread ends when nothing comes, and the next request starts another."""
    monkeypatch.setattr(engine_room, "_IDLE_S", 0.01)
    first = engine.submit(prompts[0], [1], Decoding()).result(60)
    for thread in threading.enumerate():
        if thread.name == "jointopt-embedded":
            thread.join(30)
    assert engine.submit(prompts[0], [1], Decoding()).result(60) == first


def test_a_fault_reaches_the_caller(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that does not exist breaks the thread: its caller is told, and the next one is served."""
    reported: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", reported.append)
    with pytest.raises(RuntimeError, match="ended"):
        engine.submit([10**6], [1], Decoding()).result(60)
    assert engine.submit([4, 20, 5], [1], Decoding(max_tokens=2)).result(60)
    assert reported


def test_a_prompt_that_does_not_fit_is_refused(engine: Engine) -> None:
    """The message has the length, the limit and the mend."""
    with pytest.raises(ModelError, match=f"(?s){CONTEXT + 5} tokens.*{CONTEXT}.*shorten"):
        engine.submit([4] * (CONTEXT + 5), [1], Decoding())


def test_a_process_shares_one_engine_per_tier() -> None:
    """The same tier is the same engine."""
    assert shared_engine("nano") is shared_engine("nano")


def test_a_chat_is_one_system_line_and_one_turn(tokenizer: Tokenizer) -> None:
    """System turns are joined, and so are all others."""
    chat = [Message("system", "be brief."), Message("user", "who built corado?"), Message("system", "just answer.")]
    assert encode_chat(chat) == tokenizer.chat("be brief. just answer.", "who built corado?")
    assert encode_chat(chat[1:2]) == tokenizer.chat("", "who built corado?")
