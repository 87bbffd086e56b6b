"""What a study of 10,000 trials taught: as much of everything as a report can be asked to show."""

from dataclasses import replace

from jointopt.analysis import Findings, Preferred
from jointopt.domain import Preference, Spend
from jointopt.reports import Exhibit, Exhibition
from jointopt.reports.browser import LONGEST
from tests.reports.figures.invented import enlarge, policy

TRIALS, PROMPTS, STRATEGIES, STOPS, PREFERENCES, EXAMPLES = 10_000, 40, 8, 300, 64, 40


def heavy(findings: Findings) -> Findings:
    """The same study with 40 prompts and 8 strategies, 300 policies on the front, and 64 preferences."""
    large, front = enlarge(findings, PROMPTS, STRATEGIES), findings.frontier
    assert front is not None
    stops = tuple(
        replace(
            front.front[0], policy=policy(f"prompt_{place}", n=16), cost_usd=0.001 + place * 1e-5, score=place / 400
        )
        for place in range(STOPS)
    )
    score = findings.winner.dev
    preferred = tuple(
        Preferred(Preference(tokens=place / 10), policy(f"prompt_{place}"), 0.5, score, 0.001, 61.0)
        for place in range(PREFERENCES)
    )
    counts = replace(large.counts, trials=TRIALS, samples=1_000_000, pool_hits=9_000_000)
    frontier = replace(front, front=(*front.front, *stops), policies=TRIALS)
    spend = Spend(1_000_000, 61_000_000, 122.0)
    return replace(large, counts=counts, spend=spend, frontier=frontier, preferred=preferred)


def long(exhibition: Exhibition) -> Exhibition:
    """As many examples as a page shows, each with more samples than it shows, and texts longer than it shows."""
    shown: list[Exhibit] = []
    for place in range(EXAMPLES):
        one = exhibition.shown[place % len(exhibition.shown)]
        samples = tuple(
            replace(one.samples[0], replicate=number, text="step by step " * LONGEST) for number in range(64)
        )
        shown.append(replace(one, example=f"q{place}", samples=samples))
    return replace(exhibition, shown=shown, total=TRIALS)
