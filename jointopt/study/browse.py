"""What a policy made of every example that it has samples of, from the pool alone: for people who want to read it.

The strategy is played once, on the samples in the order in which they were drawn, as it would be live. A scorecard's
score is the mean over every draw: both are shown, and they need not agree on one example.
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from math import isfinite

import numpy as np

from jointopt.domain import Example, Policy, Request, Sample, Vote
from jointopt.errors import NothingToReport, UserError
from jointopt.evaluation import Dealer, Game
from jointopt.evaluation.readings import to_vote
from jointopt.reports import Exhibit, Exhibition, Half, Tally, Witness
from jointopt.strategies import Ballots, Drawn, Seen, Strategy, Windows
from jointopt.strategies.weighted import Weighted
from jointopt.study.parts import Parts
from jointopt.study.phases import Phases

ON_A_PAGE = 40  # examples


class Browser:
    """Finds policies and examples of a study, and shows what the one made of the other.

    Args:
        parts: of the study.
        phases: of the study; while the seal is closed, sealed examples are not there.
    """

    def __init__(self, parts: Parts, phases: Phases) -> None:
        self.parts = parts
        self._sealed = phases.recall("sealed")
        opened = parts.plan.task.sealed[: self._sealed["examples"]] if self._sealed else ()
        halves: list[tuple[Half, Sequence[Example]]] = [("sealed", opened), ("dev", parts.plan.task.dev)]
        self.examples: dict[str, tuple[Half, Example]] = {
            example.id: (half, example) for half, examples in halves for example in examples
        }

    def winner(self) -> Policy:
        """The policy to ship, as far as the study is.

        Raises:
            NothingToReport: none has been judged yet.
        """
        if self._sealed:
            return Policy.from_json(self._sealed["winner"])
        leader = self.parts.evaluate.leader()
        if leader is None:
            where, mend = f"study {self.parts.plan.name!r}", "run it first: jointopt run"
            raise NothingToReport("no policy has been judged yet", where=where, mend=mend)
        return leader.policy

    def policy(self, name: str | None) -> Policy:
        """The policy of that name, as `str(policy)` writes it; the winner where none is given.

        Raises:
            UserError: the space has none of that name; names the nearest.
            NothingToReport: none has been judged yet.
        """
        winner = self.winner()
        if name is None:
            return winner
        known = {str(policy): policy for policy in (*self.parts.plan.space.policies(), winner)}
        if name in known:
            return known[name]
        near = get_close_matches(name, known, n=1, cutoff=0.3) or [str(winner)]
        mend = f"did you mean {near[0]!r}? --csv of `jointopt report` lists every policy"
        raise UserError(f"no policy {name!r} in the space", where="--policy", mend=mend)

    def show(self, policy: Policy, example: str) -> Exhibit:
        """What a policy made of one example.

        Raises:
            UserError: no example has that id, or its seal is closed; names the nearest.
            NothingToReport: the policy has no sample of it.
        """
        if example not in self.examples:
            raise UserError(f"no example {example!r}", where="--example", mend=self._nearest(example))
        found = self._exhibits(policy, [example])
        if not found:
            mend = "leave --example out for a list of those that it has samples of"
            raise NothingToReport(f"no sample of example {example!r}", where=f"policy {policy}", mend=mend)
        return found[0]

    def exhibition(self, policy: Policy, limit: int | None = None) -> Exhibition:
        """What a policy made of the first examples that it has samples of, and how many those are in all.

        Raises:
            NothingToReport: it has none.
        """
        sampled = [id for id, (_, example) in self.examples.items() if self._samples(policy, example)]
        if not sampled:
            mend = "run the study, or leave --policy out for the winner"
            raise NothingToReport("the pool holds no sample of it", where=f"policy {policy}", mend=mend)
        return Exhibition(policy, self._exhibits(policy, sampled[:limit]), len(sampled))

    def _nearest(self, example: str) -> str:
        if example in {one.id for one in self.parts.plan.task.sealed}:
            return "it is sealed until the search has ended: run the study to its end"
        near = get_close_matches(example, self.examples, n=1, cutoff=0.3) or [*self.examples][:1]
        return f"did you mean {near[0]!r}? leave --example out for a list"

    def _samples(self, policy: Policy, example: Example) -> Sequence[Sample]:
        return self.parts.readings.samples(self.parts.readings.request(policy.source, example))

    def _exhibits(self, policy: Policy, ids: Sequence[str]) -> list[Exhibit]:
        """One for every example of which the pool has a sample."""
        asked = [(*self.examples[id], self._request(policy, self.examples[id][1])) for id in ids]
        drawn = self.parts.pool.load([request.key for _, _, request in asked])
        return [
            self._exhibit(policy, half, example, drawn[request.key])
            for half, example, request in asked
            if request.key in drawn
        ]

    def _request(self, policy: Policy, example: Example) -> Request:
        return self.parts.readings.request(policy.source, example)

    def _exhibit(self, policy: Policy, half: Half, example: Example, drawn: Sequence[Sample]) -> Exhibit:
        """The strategy played on the first samples that count."""
        strategy = self.parts.estimate.playbook.build(policy.strategy, policy.options)
        counted, request = self._samples(policy, example)[: policy.n], self._request(policy, example)
        play = _Play(self.parts, strategy, policy, example, counted)
        last = counted[-1].replicate if counted else drawn[-1].replicate
        seen = {sample.replicate: place for place, sample in enumerate(counted)}
        card = self.parts.estimate.card(policy, [example])
        return Exhibit(
            example=example.id,
            half=half,
            question=example.fields.get("question", ""),
            reference=example.reference,
            messages=request.messages,
            samples=tuple(
                play.witness(sample, seen.get(sample.replicate)) for sample in drawn if sample.replicate <= last
            ),
            held=len(drawn),
            tallies=play.tallies(),
            mark=play.mark,
            expected=card.score if card else None,
            note=play.note,
        )


class _Play:
    """One play of a strategy on the samples of one example, and what came of it."""

    def __init__(
        self, parts: Parts, strategy: Strategy, policy: Policy, example: Example, samples: Sequence[Sample]
    ) -> None:
        self.parts, self.strategy, self.policy, self.example = parts, strategy, policy, example
        self.votes = [to_vote(sample, parts.readings.rubric) for sample in samples]
        self.lots: list[tuple[Vote, float]] = []
        self.chances: list[float] = [0.0] * len(self.votes)
        self.mark: float | None = None
        self.taken, self.note = len(self.votes), ""
        if len(self.votes) < policy.n:
            self.note = f"not played: it may ask for {policy.n} samples, and the pool holds {len(self.votes)}"
        else:
            self._play()

    def _play(self) -> None:
        case = self.parts.readings.case(self.policy.source, self.example)
        game = Game(self.strategy.moves(self.policy.n, case), self.votes)
        self._deal([game])
        if not game.over:
            self.note = "not played: what the strategy asks about these samples was not bought"
            return
        self.taken, self.lots = game.bill.taken, list(game.end)
        self.mark = sum(chance * self._mark(vote) for vote, chance in self.lots)
        if isinstance(self.strategy, Windows):
            ratings = [Game(self.strategy.rate(case, vote), ()) for vote in self.votes[: self.taken]]
            self._deal(ratings)
            self.votes[: self.taken] = [rating.end for rating in ratings]
            self.chances = [float(chance) for chance in self.strategy.wins(self._seen())[0, 0]]
        else:
            self.chances = [sum(chance for vote, chance in self.lots if vote is mine) for mine in self.votes]

    def _deal(self, games: Sequence[Game]) -> None:
        case = self.parts.readings.case(self.policy.source, self.example)
        Dealer(case, games, self.parts.readings, self.parts.prices).play()

    def _seen(self) -> Seen:
        votes = self.votes[: self.taken]
        return Drawn.of(Ballots.of([votes]), np.arange(len(votes))[None, :]).first(len(votes))

    def _mark(self, vote: Vote) -> float:
        """As a scorecard marks it: nothing said, as after a failure, earns nothing."""
        return float(self.parts.readings.rubric.marks(vote.text, self.example.reference)[0]) if vote.text else 0.0

    def witness(self, sample: Sample, place: int | None) -> Witness:
        """A sample as it is shown; `place` is its own among the votes, None where another took its place."""
        counted = place is not None and place < self.taken
        vote = self.votes[place] if place is not None else to_vote(sample, self.parts.readings.rubric)
        return Witness(
            replicate=sample.replicate,
            text=sample.text,
            reasoning=sample.reasoning,
            finish=sample.finish,
            error=sample.error,
            tokens=sample.output_tokens,
            reasoning_tokens=sample.reasoning_tokens,
            latency_s=sample.latency_s,
            counted=counted,
            answer=vote.answer,
            mark=self._mark(vote),
            rating=vote.rating if isfinite(vote.rating) else None,
            chance=self.chances[place] if place is not None and counted else 0.0,
        )

    def tallies(self) -> tuple[Tally, ...]:
        """The answers of the votes that counted and of what is returned, most likely first."""
        if self.mark is None:
            return ()
        votes, weights = self.votes[: self.taken], self._weights()
        found: dict[str | None, list[Vote]] = {}
        for vote in (*votes, *(vote for vote, _ in self.lots)):
            found.setdefault(vote.answer, []).append(vote)
        tallies = [
            Tally(
                answer=answer,
                votes=sum(vote.answer == answer for vote in votes),
                weight=weights.get(answer) if weights else None,
                chance=sum(chance for vote, chance in self.lots if vote.answer == answer),
                mark=sum(map(self._mark, alike)) / len(alike),
            )
            for answer, alike in found.items()
        ]
        return tuple(sorted(tallies, key=lambda tally: (-tally.chance, -tally.votes)))

    def _weights(self) -> Mapping[str | None, float]:
        """Each answer's share of all weights, where votes weigh differently."""
        if not isinstance(self.strategy, Weighted):
            return {}
        sums = np.maximum(self._seen().tally(self.strategy.temperature)[:, 0, 0], 0.0)
        answers = list(dict.fromkeys(vote.answer for vote in self.votes[: self.taken]))
        total = float(sums.sum())
        shares = sums / total if total else np.full(len(answers), 1 / len(answers))
        return {answer: float(share) for answer, share in zip(answers, shares, strict=True)}
