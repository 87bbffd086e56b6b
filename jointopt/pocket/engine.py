"""The embedded model at work: one daemon thread owns a batch, and completions of any caller join and leave it.

Submitting is safe from any thread and returns a future. The thread starts with the first request and ends when it has
been idle for a while. It does not know what a completion is for.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import lru_cache, partial

from jointopt.domain import Message
from jointopt.pocket.batch import Batch, Seat, check_prompt
from jointopt.pocket.completion import Completion, Decoding
from jointopt.pocket.network import Network, load_network, load_tokenizer
from jointopt.pocket.tokens import Tokenizer

CAPACITY = 256
_CHUNK = 32  # while completions run, newcomers wait until so many can join at once: joining costs a pass of its own
_IDLE_S = 20.0

Heard = Callable[[int, str], None]


@dataclass(slots=True, eq=False)
class _Job:
    """A submitted request: its future, and what has come in of it."""

    missing: int
    future: "Future[list[Completion]]" = field(default_factory=Future)
    found: dict[int, Completion] = field(default_factory=dict)

    def keep(self, choice: int, completion: Completion) -> None:
        """Take in one completion; with the last one, the future has its result."""
        self.found[choice] = completion
        self.missing -= 1
        if not self.missing and self.future.set_running_or_notify_cancel():
            self.future.set_result([self.found[choice] for choice in sorted(self.found)])

    def wanted(self) -> bool:
        """Whether the caller still waits."""
        return not self.future.cancelled()

    def fail(self) -> None:
        """Tell the caller that nothing will come."""
        if self.future.set_running_or_notify_cancel():
            self.future.set_exception(RuntimeError("the engine ended before the completion came"))


class Engine:
    """Continuous batching over a network.

    Args:
        network: who answers.
        tokenizer: of the network.
        capacity: completions that run at the same time; further ones wait in the order in which they came.
    """

    def __init__(self, network: Network, tokenizer: Tokenizer, capacity: int = CAPACITY) -> None:
        self.tokenizer = tokenizer
        self._make_batch = partial(Batch, network, tokenizer, capacity)
        self._jobs: set[_Job] = set()
        self._waiting: deque[Seat] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(
        self, prompt: Sequence[int], seeds: Sequence[int], decoding: Decoding, heard: Heard | None = None
    ) -> "Future[list[Completion]]":
        """Ask for one completion of the prompt per seed. Cancelling the future frees their places.

        Args:
            prompt: tokens.
            seeds: one or more, none negative; under the same prompt and decoding a seed gives the same completion.
            decoding: how to draw.
            heard: called from the engine's thread with (choice, text so far) after every token.

        Raises:
            ModelError: the prompt leaves no room for a completion.
            RuntimeError: the engine is closed.
        """
        check_prompt(prompt)
        job, tokens = _Job(len(seeds)), tuple(prompt)
        with self._changed:
            if self._closed:
                raise RuntimeError("the engine is closed")
            self._jobs.add(job)
            for i, seed in enumerate(seeds):
                hear = partial(heard, i) if heard else None
                self._waiting.append(Seat(tokens, seed, decoding, partial(job.keep, i), hear, job.wanted))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="jointopt-embedded", daemon=True)
                self._thread.start()
            self._changed.notify()
        job.future.add_done_callback(lambda _: self._jobs.discard(job))
        return job.future

    def close(self) -> None:
        """End the thread; whoever still waits is told so."""
        with self._changed:
            self._closed = True
            thread = self._thread
            self._changed.notify()
        if thread is not None:
            thread.join()

    def _work(self) -> None:
        """The thread: admit, step, until nothing has come for a while."""
        batch = self._make_batch()
        try:
            while self._wait_for_work(batch):
                joining = self._admit(batch)
                if joining:
                    batch.join(joining)
                batch.drop()
                if batch.seats:
                    batch.step()
        finally:  # after closing, or after a fault of ours: nobody may wait for ever
            self._leave()

    def _wait_for_work(self, batch: Batch) -> bool:
        """Whether there is something to do; gives up after `_IDLE_S` without any, or when closed."""
        with self._changed:
            if not batch.seats:
                self._changed.wait_for(lambda: self._waiting or self._closed, _IDLE_S)
            if self._closed or not (batch.seats or self._waiting):
                self._thread = None  # under the lock: whoever submits from now on starts another
                return False
            return True

    def _admit(self, batch: Batch) -> list[Seat]:
        with self._changed:
            if batch.seats and batch.free < min(len(self._waiting), _CHUNK):
                return []
            chosen = [self._waiting.popleft() for _ in range(min(batch.free, len(self._waiting)))]
        return [seat for seat in chosen if seat.wanted()]

    def _leave(self) -> None:
        with self._changed:
            if self._thread is not threading.current_thread() and not self._closed:
                return
            self._thread = None
            left = list(self._jobs)
            self._waiting.clear()
        for job in left:
            job.fail()


def encode_chat(messages: Sequence[Message]) -> list[int]:
    """The tokens of a chat: the system turns as one line, and all other turns as one user's."""
    system = " ".join(message.content for message in messages if message.role == "system")
    user = " ".join(message.content for message in messages if message.role != "system")
    return load_tokenizer().chat(system.strip(), user)


@lru_cache
def shared_engine(tier: str) -> Engine:
    """The engine of a tier that the whole process shares.

    Raises:
        ModelError: there is no such tier.
    """
    return Engine(load_network(tier), load_tokenizer())
