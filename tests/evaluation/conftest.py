"""A model at the network's edge that bills like a vendor, and everything around it for real."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from jointopt.domain import (
    Budget,
    Example,
    Judge,
    Model,
    Policy,
    Preference,
    Price,
    Prompt,
    Request,
    Sample,
    Scalar,
    Source,
    Space,
    Task,
)
from jointopt.evaluation import Draw, Estimate, Evaluate, Readings
from jointopt.grading import Rubric
from jointopt.grading.exact import Exact
from jointopt.providers import Provider
from jointopt.storage import Ledger, SamplePool, Studies, open_database
from jointopt.strategies import Playbook

PRICE = Price(1.0, 4.0)
PLENTY = Budget(calls=100_000)
SOURCE = Source("p", "m", 1.0)
JUDGE = Judge("careful", Model("judge", "echo/judge", max_tokens=8), Prompt("j", "{question}: {answer}? mark 0 to 10"))


class Vendor(Provider):
    """Answers by a hash of request and replicate, and bills the prompt once for each call. Keeps the calls."""

    def __init__(self) -> None:
        self.prompt_tokens, self.tokens = 20, range(4, 9)
        self.answers = ["yes", "yes", "yes", "no", "", "perhaps"]
        self.calls = list[tuple[Request, tuple[int, ...]]]()

    async def complete(self, request: Request, replicates: Sequence[int]) -> list[Sample]:
        """Right as often as its answers are, and as long as its tokens."""
        self.calls.append((request, tuple(replicates)))
        return [self._sample(request, r, first=r == replicates[0]) for r in replicates]

    def price(self, model: Model) -> Price:
        """Output dearer than input, as usual."""
        return PRICE

    def count_tokens(self, request: Request) -> int:
        """As many as it bills."""
        return self.prompt_tokens

    def _sample(self, request: Request, replicate: int, *, first: bool) -> Sample:
        chance = Random(f"{request.key}/{replicate}")
        tokens_in, tokens_out = self.prompt_tokens if first else 0, chance.choice(self.tokens)
        return Sample(
            replicate,
            self._text(request.messages[-1].content, chance),
            logprob=-chance.random(),
            input_tokens=tokens_in,
            output_tokens=tokens_out,
            cost_usd=PRICE.of(tokens_in, tokens_out),
            latency_s=0.5,
        )

    def _text(self, asked: str, chance: Random) -> str:
        if "mark 0 to 10" in asked:
            return f"I give {chance.randrange(11)}"
        if "right or wrong" in asked:
            return chance.choice(["right", "wrong"])
        if "True or False" in asked:
            return chance.choice(["True", "False"])
        if "its number only" in asked:
            return str(chance.randrange(1, 4))
        return chance.choice(self.answers)


Choices = dict[str, dict[str, tuple[Scalar, ...]]]


class World:
    """A study's moving parts over a real database."""

    def __init__(self, folder: Path, strategies: Choices, ns: tuple[int, ...]) -> None:
        self.playbook = Playbook({"careful": JUDGE})
        prompts, models = {"p": Prompt("p", "{question}")}, {"m": Model("m", "echo/one", max_tokens=400)}
        space = Space(prompts, models, strategies, ns, (1.0,))
        tactics = [replace(way, n=n) for way in space.ways() for n in ns]
        folds = {tactic: folded for tactic in tactics if (folded := self.playbook.fold(tactic)) != tactic}
        self.space = replace(space, folds=folds)
        self.examples = tuple(Example(str(i), {"question": f"question {i}"}, "yes") for i in range(24))
        self.database = open_database(f"sqlite:///{folder / 'pool.db'}")
        self.row = Studies(self.database).begin("s", "{}", "d")
        self.vendor = Vendor()

    def open(self, budget: Budget = PLENTY) -> Evaluate:
        """A fresh process over the same database."""
        strategies = [self.playbook.build(way.strategy, way.options) for way in self.space.ways()]
        logprobs = any(strategy.needs_logprobs for strategy in strategies)
        readings = Readings(self.space, Rubric.of(Exact()), seed=0, logprobs=logprobs)
        ledger = Ledger(self.database, self.row.id, budget)
        providers = {"m": self.vendor, "judge": self.vendor}
        draw = Draw(readings, SamplePool(self.database, self.row.id), ledger, providers)
        estimate = Estimate(readings, self.playbook, {"m": PRICE, "judge": PRICE})
        return Evaluate(Task("t", self.examples, ()), self.space.policies(), draw, estimate, Preference())

    async def covered(self, samples: int = 4) -> Evaluate:
        """The same, with every policy of the space scored on so many samples."""
        evaluate = self.open()
        await evaluate.cover([SOURCE], self.examples, samples, self.space.tactics(), phase="search")
        return evaluate

    def policy(self, strategy: str, n: int, **options: Scalar) -> Policy:
        """A policy of the only source."""
        return self.space.canonical(Policy(SOURCE, strategy, n, tuple(sorted(options.items()))))


MakeWorld = Callable[..., World]


@pytest.fixture
def world(tmp_path: Path) -> MakeWorld:
    """Makes a world of some strategies and numbers of samples."""

    def make(strategies: Choices, ns: tuple[int, ...] = (1, 2, 4)) -> World:
        return World(tmp_path, strategies, ns)

    return make
