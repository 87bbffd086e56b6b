"""Insights of studies that never were, of any size: five prompts or twenty-five, short names or long ones."""

from dataclasses import replace

import numpy as np

from jointopt.analysis import (
    Absent,
    Bin,
    Budgets,
    Ceiling,
    Crossover,
    Curve,
    Difference,
    Difficulty,
    Duel,
    Estimate,
    Findings,
    Flip,
    Flips,
    Forecast,
    Frontier,
    Gamed,
    Gap,
    Insight,
    Judging,
    Lift,
    Need,
    Outlay,
    Part,
    Power,
    Ranking,
    Rung,
    Saturation,
    Share,
    Tiers,
    Unsolved,
)
from jointopt.domain import Policy, Source, Spend

NS = (1, 2, 4, 8, 16)
LONG = "explain_every_step_and_then_answer_in_one_short_line_without_any_further_words"


def policy(prompt: str = "steps", strategy: str = "majority", n: int = 16, model: str = "micro") -> Policy:
    """A policy at temperature 0.7."""
    return Policy(Source(prompt, model, 0.7), strategy, n)


def gap(mean: float, half: float, examples: int = 60) -> Difference:
    """A difference with a symmetric interval."""
    return Difference(mean, mean - half, mean + half, 0.01 if abs(mean) > half else 0.4, examples)


def about(mean: float, half: float = 0.06) -> Estimate:
    """An estimate with a symmetric interval, kept within 0 and 1."""
    return Estimate(mean, max(0.0, mean - half), min(1.0, mean + half))


def draw_flips(names: tuple[str, ...], fixed: tuple[tuple[str, str], ...] = (("strategy", "majority"),)) -> Flips:
    """The first name leads at one sample, the last one in the end."""
    rng = np.random.default_rng(3)
    slope = np.linspace(-0.1, 0.2, len(names))
    scores = 0.6 - slope[None, :] / 2 + np.log2(NS)[:, None] * slope[None, :] / 3
    scores = np.clip(scores + rng.normal(0, 0.004, scores.shape), 0, 1)
    ranks = (-scores).argsort(axis=1).argsort(axis=1) + 1.0
    leads = np.exp(40 * scores) / np.exp(40 * scores).sum(axis=1, keepdims=True)
    listed = [tuple(map(tuple, found.tolist())) for found in (scores, ranks, leads)]
    ranking = Ranking("prompt", "n", names, tuple(map(str, NS)), listed[0], listed[1], listed[2], fixed)
    ends = (names[0], names[-1], "1", "16")
    flip = Flip(
        "prompt", "n", *ends, gap(0.05, 0.03), gap(0.12, 0.05), 0.99, 0.98, 0.97, 0.01, Estimate(2.1, 1.4, 3.3), fixed
    )
    return Flips((flip,), 4, len(names) * (len(names) - 1) // 2, (ranking,), 60, 1)


def draw_budgets(frontier: Frontier) -> Budgets:
    """A rung for every step; the last change may never come."""
    rungs = tuple(
        Rung(step.cost_usd, step.policy, about(step.score, 0.1), about(step.score - 0.03, 0.11), 0.4)
        for step in frontier.steps
    )
    changes = []
    for place, (one, other) in enumerate(zip(frontier.steps, frontier.steps[1:], strict=False)):
        last = place == len(frontier.steps) - 2
        budget = Estimate(other.cost_usd, one.cost_usd, float("inf") if last else 1.5 * other.cost_usd)
        gained = other.gain or gap(0.1, 0.05)
        changes.append(Crossover(one.policy, other.policy, budget, gained, 0.7 if last else 0.95))
    return Budgets(frontier.unit, rungs, tuple(changes), 240, 60)


def draw_ceiling() -> Ceiling:
    """Five parts that add up to what is missing."""
    sizes = {
        Part.SELECTION: (0.09, None, "a better selector"),
        Part.PROMPT: (0.06, 0.02, "a prompt for each question"),
        Part.ROUTING: (0.03, 0.0, "a model for each question"),
        Part.DEPTH: (0.01, None, "more samples"),
        Part.UNSOLVED: (0.07, None, "retrieval or training"),
    }
    gaps = tuple(
        Gap(part, about(size, 0.03), None if least is None else about(least, 0.02), means)
        for part, (size, least, means) in sizes.items()
    )
    forecast = Forecast(320, Estimate(1.2, 0.2, 2.6), 0.7)
    unsolved = Unsolved(("q7", "q31"), 320.0, Estimate(1.4, 0.3, 3.0), (forecast,), "by counts alone, a forecast")
    return Ceiling(policy(), about(0.74), gaps, about(0.93), 16, 8, 10, 60, unsolved)


def draw_difficulty(policies: tuple[Policy, ...], bins: int = 4) -> Difficulty:
    """Each bin has a best policy of its own."""
    edges = np.linspace(0, 1, bins + 1)
    found = []
    for place in range(bins):
        scores = np.clip(edges[place + 1] - 0.1 + 0.08 * np.sin(np.arange(len(policies)) + place), 0, 1)
        best = int(scores.argmax())
        found.append(
            Bin(
                *(float(edges[place]), float(edges[place + 1]), 15, policies[best], about(float(scores[best]))),
                *(about(float(scores[0])), gap(0.04 - 0.02 * place, 0.05, 15), tuple(scores.tolist())),
            )
        )
    return Difficulty(tuple(found), policies[0], policies, 4, 12, 60, gap(0.02, 0.03))


def draw_tiers(families: tuple[str, ...], models: tuple[str, ...] = ("nano", "micro")) -> Tiers:
    """Later families help the cheap model more than the strong one."""
    scores = tuple(
        tuple(about(0.4 + 0.18 * m + 0.3 * f / len(families) / (1 + m)) for f in range(len(families)))
        for m in range(len(models))
    )
    lifts = tuple(
        Lift(family, gap(0.3 * f / len(families), 0.05), gap(0.1 * f / len(families), 0.05), gap(0.2 * f / 5, 0.07))
        for f, family in list(enumerate(families))[:0:-1]
    )
    duels = tuple(
        Duel(policy(model=models[0], n=8), policy(model=model, n=1), 0.0011, 0.0013, gap(mean, 0.06))
        for model, mean in zip(models[1:], (-0.1, 0.02, 0.2), strict=False)
    )
    measured = (0.4, 0.5, 0.55, 0.57, 0.58)
    beyond = (about(0.59), about(0.6))
    fitted = Saturation("steps", models[0], NS, measured, (32, 256), beyond, about(0.6), "extrapolated")
    share = Share(("model", "family"), 0.12, 0.04, 0.2, 0.01)
    costs = tuple(0.0002 * 4**place for place in range(len(models)))
    return Tiers(models, costs, "usd", families, scores, "majority of 16", share, lifts, duels, fitted, 60)


def draw_judging(*, alarm: bool = False) -> Judging:
    """A selector that is better than a coin, and what others would score."""
    accuracies = tuple(float(one) for one in np.linspace(0.5, 1, 11))
    curve = tuple(0.55 + 0.35 * (2 * one - 1) ** 1.5 for one in accuracies)
    gamed = Gamed(4, 16, about(0.05, 0.03), Estimate(0.3, 0.1, 0.5), 0.9, alarm=alarm)
    scores = tuple(about(one) for one in (0.55, 0.6, 0.66, 0.64, 0.63))
    ratings = tuple(about(one) for one in (0.5, 0.6, 0.7, 0.8, 0.9))
    reach = (0.55, 0.7, 0.8, 0.86, 0.9)
    source = policy().source
    facts = (source, "best_of(by=logprob)", Estimate(0.68, 0.61, 0.75), 40, NS, scores, ratings, 0.55, reach)
    return Judging(*facts, accuracies, curve, gamed, 60)


def draw_power() -> Power:
    """Four sizes of a difference; the smallest needs more than anybody has."""
    needs = (
        Need(0.028, 840, 610, 40),
        Need(0.01, None, 5200, None),
        Need(0.02, 1650, 1200, None),
        Need(0.05, 264, 190, 20),
    )
    return Power(
        "joint minus separate on the sealed half", gap(0.028, 0.06, 40), 40, 16, 0.04, 0.02, "halves", 0.11, needs
    )


def draw_spending() -> tuple[Outlay, ...]:
    """Ten stretches of a hundred requests: the search, the table, the sealed half."""
    phases = ["search"] * 5 + ["table"] * 3 + ["sealed"] * 2
    return tuple(Outlay(phase, 100, Spend(400, 24_000, 0.06 + 0.01 * place)) for place, phase in enumerate(phases))


def draw_insight(findings: Findings, names: tuple[str, ...]) -> Insight:
    """Everything, for so many prompts."""
    policies = tuple(policy(name, strategy) for name in names for strategy in ("majority", "best_of"))
    assert findings.frontier is not None
    return Insight(
        flips=draw_flips(names),
        budgets=draw_budgets(findings.frontier),
        ceiling=draw_ceiling(),
        tiers=draw_tiers(names),
        difficulty=draw_difficulty(policies),
        judging=(draw_judging(),),
        power=draw_power(),
        spending=draw_spending(),
    )


def enlarge(findings: Findings, prompts: int, strategies: int = 1, stem: str = "prompt") -> Findings:
    """The same study with so many prompts and strategies, and everything that can be said of them."""
    rng = np.random.default_rng(11)
    names = tuple(f"{stem}_{place + 1}" for place in range(prompts))
    slopes = rng.normal(0.03, 0.02, prompts)
    curves = tuple(
        Curve(
            *(name, model, f"strategy_{way + 1}", NS),
            np.clip(0.5 - 0.04 * way / strategies + slope * (np.log2(NS)[:, None] - 1) + rng.normal(0, 0.2, 60), 0, 1),
        )
        for model in ("micro",)
        for way in range(strategies)
        for name, slope in zip(names, slopes, strict=True)
    )
    larger = replace(findings, curves=curves)
    return replace(larger, insight=draw_insight(findings, names) if prompts > 1 else Insight(Absent("one prompt only")))
