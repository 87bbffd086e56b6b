"""Who answers: the one thing that a provider must do, and how to see that it did not do all of it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from jointopt.domain import Model, Price, Request, Sample
from jointopt.providers.throttle import Pace


class Provider(ABC):
    """Completes requests. One provider serves every request of its kind, concurrently, from one event loop.

    Attributes:
        may_split: whether n samples may take n requests, each with its prompt, as where an endpoint ignores n.
    """

    may_split: ClassVar[bool] = False

    @abstractmethod
    async def complete(self, request: Request, replicates: Sequence[int]) -> list[Sample]:
        """One sample for each replicate number, in that order; never fewer.

        A completion that is empty, cut off or filtered is a sample that says so in `finish`. One that comes without the
        log-probabilities that the request wants is paid for, and so is a sample too, with `logprob` None; whether to
        go on is for the caller to say (`lacks_logprobs`).

        Raises:
            ProviderError: none of them could be had.
            ModelError: no request can succeed (a wrong key, an unknown model, a wish that the endpoint refuses): the
                study stops with its message.
        """

    @abstractmethod
    def price(self, model: Model) -> Price:
        """What the model costs.

        Raises:
            ModelError: no price is known; a study refuses to spend what it cannot count.
        """

    @abstractmethod
    def count_tokens(self, request: Request) -> int:
        """An upper bound on the input tokens of a request: what the ledger reserves."""

    def halt(self, halted: bool) -> None:  # noqa: B027  most providers ask once
        """Whether nothing is to be asked again: what is under way may finish, what fails stays failed."""

    def keep(self, pace: Pace) -> None:  # noqa: B027  most providers know no limit
        """Keep limits per minute by a pace that other processes share."""

    async def close(self) -> None:  # noqa: B027  most providers hold nothing, and need not say so
        """Let go of connections and threads."""


def lacks_logprobs(request: Request, samples: Sequence[Sample]) -> bool:
    """Whether log-probabilities were wanted and none came: whoever selects by them would choose blindly.

    Samples without a text (failed, filtered, empty) have none anywhere and prove nothing.
    """
    telling = [sample for sample in samples if sample.text]
    return request.logprobs and bool(telling) and all(sample.logprob is None for sample in telling)
