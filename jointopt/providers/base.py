"""Who answers: the one thing that a provider must do."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from jointopt.domain import Model, Price, Request, Sample


class Provider(ABC):
    """Completes requests. One provider serves every request of its kind, concurrently, from one event loop."""

    @abstractmethod
    async def complete(self, request: Request, replicates: Sequence[int]) -> list[Sample]:
        """One sample for each replicate number, in that order; never fewer.

        A completion that is empty, cut off or filtered is a sample that says so in `finish`.

        Raises:
            ProviderError: none of them could be had.
            ModelError: no request can succeed (a wrong key, an unknown model): the study stops with its message.
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

    async def close(self) -> None:  # noqa: B027  most providers hold nothing, and need not say so
        """Let go of connections and threads."""
