"""A study that never was, with everything a report can show."""

from dataclasses import replace

import numpy as np
import pytest

from jointopt.analysis import (
    Contender,
    Counts,
    Curve,
    Difference,
    Estimate,
    Findings,
    Frontier,
    Importance,
    Procedure,
    Standing,
    Stop,
    Table,
    TakenOver,
    paired_difference,
    variance_shares,
)
from jointopt.domain import Budget, Message, Policy, Preference, Source, Spend
from jointopt.reports import Exhibit, Exhibition, Tally, Witness
from tests.dashboards.conftest import browser

__all__ = ["browser"]  # the real Chromium: pages are looked at here, too

PROMPTS = ("at once", "steps", "restate", "known", "check")
NS = (1, 2, 4, 8, 16)


def _policy(prompt: str, strategy: str, n: int) -> Policy:
    return Policy(Source(prompt, "micro", 0.7), strategy, n)


def _standing(policy: Policy, score: float) -> Standing:
    dev, sealed = Estimate(score, score - 0.07, score + 0.07), Estimate(score - 0.03, score - 0.13, score + 0.07)
    return Standing(policy, dev, sealed, cost_usd=0.0004 * policy.n, tokens=61.0 * policy.n, latency_s=0.21)


def _curves(rng: np.random.Generator) -> tuple[Curve, ...]:
    """Prompts that start in one order and end in another, under majority on two models."""
    ease = rng.normal(0, 0.2, size=60)
    drawn = []
    for model, bonus in (("nano", -0.12), ("micro", 0.0)):
        for strategy in ("majority", "best_of"):
            for place, prompt in enumerate(PROMPTS):
                gain = (0.01 + 0.045 * place) * np.log2(NS)[:, None]
                level = 0.6 - 0.035 * place + bonus + gain + ease + rng.normal(0, 0.08, size=(len(NS), 60))
                drawn.append(Curve(prompt, model, strategy, NS, np.clip(level, 0, 1)))
    return tuple(drawn)


def _table(rng: np.random.Generator) -> Table:
    """Prompt x strategy matters together, n a little, the model alone."""
    values = 0.5 + rng.normal(0, 0.1, size=(60, 5, 3, 5, 2))
    values += np.linspace(-0.1, 0.1, 5)[:, None, None, None] * np.array([-1, 0, 1])[:, None, None]
    values += np.linspace(-0.05, 0.1, 5)[:, None] + np.array([-0.06, 0.06])
    levels = (PROMPTS, ("single", "majority", "best_of"), tuple(map(str, NS)), ("nano", "micro"))
    return Table(values, ("prompt", "strategy", "n", "model"), levels)


def _comparison(rng: np.random.Generator) -> tuple[Contender, ...]:
    """Joint beats two procedures and ties with a third."""
    joint = rng.random(60)
    rivals = ((Procedure.PROMPT_ONLY, "at once", 0.15), (Procedure.PROMPT_FIRST, "restate", 0.06))
    first = Contender(Procedure.JOINT, _policy("steps", "majority", 16), 2000, 0.74, Estimate(0.71, 0.60, 0.82))
    others = [(*rival, 0.2) for rival in rivals] + [(Procedure.STRATEGY_FIRST, "known", 0.005, 0.2)]
    found = [first]
    for procedure, prompt, worse, noise in others:
        gap = paired_difference(joint, joint - worse + rng.normal(0, noise, 60))
        estimate = Estimate(0.71 - worse, 0.60 - worse, 0.82 - worse)
        found.append(Contender(procedure, _policy(prompt, "majority", 8), 2000, 0.72 - worse, estimate, gap))
    return tuple(found)


def _frontier() -> Frontier:
    """Three steps, and one policy that is only quicker."""
    steps = [("at once", 1, 0.55, 0.0001), ("steps", 4, 0.66, 0.0004), ("steps", 16, 0.74, 0.0016)]
    gains = (None, Difference(0.11, 0.02, 0.2, 0.01, 60), Difference(0.08, -0.01, 0.17, 0.08, 60))
    stops = [
        Stop(_policy(prompt, "majority", n), score, score - 0.1, score + 0.1, usd, 61.0 * n, 0.02 * n, gain)
        for (prompt, n, score, usd), gain in zip(steps, gains, strict=True)
    ]
    quick = Stop(_policy("known", "majority", 2), 0.5, 0.4, 0.6, 0.0002, 122.0, 0.01)
    return Frontier("usd", tuple(stops), (stops[0], quick, *stops[1:]), 240, 60)


@pytest.fixture(scope="session")
def findings() -> Findings:
    """Everything that a report can show."""
    rng = np.random.default_rng(7)
    curves = _curves(rng)
    policies = [_policy(prompt, "majority", n) for n in (16, 8) for prompt in PROMPTS]
    leaders = tuple(_standing(policy, 0.74 - 0.01 * place) for place, policy in enumerate(policies))
    return Findings(
        study="quickstart",
        task="word problems and facts",
        models=("nano", "micro"),
        digest="5f1c0e9ab2",
        counts=Counts(dev=60, sealed=40, trials=73, samples=7_312, pool_hits=21_480, failed=3, unreadable=0.021),
        spend=Spend(7_312, 446_032, 1.24),
        budget=Budget(calls=8_000, usd=5.0, wall_clock_s=120),
        preference=Preference(),
        seconds=83.4,
        winner=leaders[1],
        prompt=(Message("system", "think"), Message("user", "Work step by step.\nTom has 3 + 4 apples. How many?")),
        leaders=leaders,
        comparison=_comparison(rng),
        interaction=variance_shares(_table(rng), draws=300),
        interaction_note="models nano and micro, 16 samples of each of 60 dev examples",
        curves=curves,
        importance=Importance("PED-ANOVA", {"model": 0.55, "prompt": 0.2, "n": 0.15, "strategy": 0.1}),
        command="jointopt run studies/quickstart/study.yaml",
        frontier=_frontier(),
        taken_over=TakenOver("last year's", 80, 1_204, 73_000, 0.31, (leaders[0].policy,)),
    )


@pytest.fixture(scope="session")
def exhibition(findings: Findings) -> Exhibition:
    """A right, a wrong and a tied example, and one that could not be played, of nine."""

    def shown(id: str, answers: tuple[str | None, ...], mark: float | None) -> Exhibit:
        samples = tuple(
            Witness(place, f"I say {answer}", "hmm", "stop", None, 12, 3, 0.2, mark is not None, answer, chance=0.5)
            for place, answer in enumerate(answers)
        )
        tallies = tuple(Tally(answer, answers.count(answer), None, 1 / len(set(answers)), 0.0) for answer in answers)
        failed = Witness(len(answers), "", "", "error", "timed out", 0, 0, 9.0, counted=False)
        messages = (Message("user", f"How many, {id}?"),)
        played = tuple(dict.fromkeys(tallies)) if mark is not None else ()
        note = "" if mark is not None else "not played: too few"
        return Exhibit(id, "dev", f"How many, {id}?", "7", messages, (*samples, failed), 16, played, mark, 0.5, note)

    found = [shown("q1", ("7", "7"), 1.0), shown("q2", ("8", "8"), 0.0), shown("q3", ("7", "8"), 0.5)]
    return Exhibition(findings.winner.policy, (*found, shown("q4", (None,), None)), 9)


HOSTILE = (
    "<script>alert(1)</script></script><img src=x onerror=alert(2)>\u2028\ud800 [x](javascript:alert(3))"
    "\u202egnp.exe\x00\x1b[2J\x9b2J\ufffe"
)


@pytest.fixture(scope="session")
def hostile(findings: Findings) -> Findings:
    """The same study, its every name an attack."""
    bad = replace(findings.winner.policy, source=Source(HOSTILE, HOSTILE, 0.7), strategy=HOSTILE)
    found = findings.interaction
    assert found is not None
    effects = tuple(replace(share, effect=tuple(HOSTILE + name for name in share.effect)) for share in found.shares)
    factors = tuple(HOSTILE + name for name in found.factors)
    front = findings.frontier
    assert front is not None
    stops = tuple(replace(stop, policy=bad) for stop in front.steps)
    return replace(
        findings,
        study=HOSTILE,
        task=HOSTILE,
        models=(HOSTILE,),
        digest=HOSTILE,
        winner=replace(findings.winner, policy=bad),
        prompt=(Message(HOSTILE, HOSTILE),),
        leaders=tuple(replace(leader, policy=bad) for leader in findings.leaders),
        comparison=tuple(replace(entry, policy=bad) for entry in findings.comparison),
        interaction=replace(found, factors=factors, shares=effects, note=HOSTILE),
        interaction_note=HOSTILE,
        curves=tuple(replace(curve, prompt=curve.prompt + HOSTILE, model=HOSTILE) for curve in findings.curves),
        importance=Importance(HOSTILE, {HOSTILE: 1.0}),
        command=HOSTILE,
        frontier=replace(front, steps=stops, front=stops),
        taken_over=TakenOver(HOSTILE, 80, 1_204, 73_000, 0.31, (bad,)),
    )


@pytest.fixture(scope="session")
def hostile_exhibition(exhibition: Exhibition, hostile: Findings) -> Exhibition:
    """The same exhibits, every word of them an attack."""
    sample = Witness(0, HOSTILE, HOSTILE, HOSTILE, HOSTILE, 1, 1, 0.1, counted=True, answer=HOSTILE, rating=0.5)
    bad = replace(
        exhibition.shown[0],
        example=HOSTILE,
        question=HOSTILE,
        reference=HOSTILE,
        messages=(Message(HOSTILE, HOSTILE),),
        samples=(sample,),
        tallies=(Tally(HOSTILE, 1, 0.5, 0.5, 0.5), Tally(HOSTILE + "2", 1, 0.5, 0.5, 0.5)),
    )
    return Exhibition(hostile.winner.policy, (bad, replace(bad, tallies=(), mark=None, note=HOSTILE)), 2)
