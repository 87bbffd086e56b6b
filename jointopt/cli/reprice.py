"""``jointopt reprice``."""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from math import isfinite
from typing import Annotated, Any

import typer

from jointopt.analysis import Stop, percent, to_json, weights
from jointopt.cli.arguments import AsJson, StudyFile, read_plan
from jointopt.config import nearest
from jointopt.domain import Latency, Policy, Preference, Price, Scorecard
from jointopt.errors import ModelError
from jointopt.study import Ranking, Repriced, Study
from jointopt.study import reprice as rank_anew

SHOWN = 10
KEYS = {
    "input": "input_usd",
    "output": "output_usd",
    "cached_input": "cached_usd",
    "reasoning": "reasoning_usd",
    "request": "request_usd",
}
"""What a part of a price is called in a study file, and in `Price`."""

Prices = Annotated[
    list[str] | None,
    typer.Option(
        "--price",
        metavar="MODEL=PRICE",
        help="USD per million tokens, and per request: MODEL=input:0.15,output:0.6,cached_input:0.07,reasoning:0.6,"
        "request:0.001; what is left out stays as it is. MODEL=0 is free. May be given for several models.",
    ),
]
Latencies = Annotated[
    list[str] | None,
    typer.Option(
        "--latency",
        metavar="MODEL=LATENCY",
        help="MODEL=2x: its requests take twice as long as measured; MODEL=1.5s: each takes 1.5 seconds. May be given "
        "for several models.",
    ),
]


def reprice(study: StudyFile, price: Prices = None, latency: Latencies = None, as_json: AsJson = False) -> None:
    """Print the ranking under other prices or latencies beside the study's own; nothing is asked of a model."""
    prices = {model: read_price(told, where) for model, told, where in _assignments("--price", price)}
    latencies = {model: read_latency(told, where) for model, told, where in _assignments("--latency", latency)}
    plan = read_plan(study)
    with Study(plan, create=False) as opened:
        known = opened.parts.prices
        _check_models("--price", prices, known)
        _check_models("--latency", latencies, known)
        others = {model: new_price(model, known[model], parts) for model, parts in prices.items()}
        found = rank_anew(opened.parts, others, latencies)
        old = {model: known[model] for model in others}
    if as_json:
        typer.echo(json.dumps(to_json(told(plan.name, plan.preference, found, old, others, latencies))))
        return
    changes = [f"{model}: {say_price(old[model])} -> {say_price(new)}" for model, new in others.items()]
    changes += [f"{model}: {say_latency(new)}" for model, new in latencies.items()]
    for line in lines(plan.name, plan.preference, found, changes):
        typer.echo(line)


def read_price(text: str, where: str) -> dict[str, float | None]:
    """The parts of a price that a text names, as `Price` calls them; ``0`` is all of them.

    Raises:
        ModelError: it is no price.
    """
    if _number(text) == 0:
        return {name: 0.0 for name in ("input_usd", "output_usd", "request_usd")} | {
            "cached_usd": None,
            "reasoning_usd": None,
        }
    parts: dict[str, float | None] = {}
    for entry in text.split(","):
        key, colon, amount = (part.strip() for part in entry.partition(":"))
        if not colon:
            mend = "write it like input:0.15,output:0.6 (USD per million tokens), or 0 where it is free"
            raise ModelError(f"{entry.strip()!r} is no part of a price", where=where, mend=mend)
        if key not in KEYS:
            raise ModelError(f"unknown part of a price {key!r}", where=where, mend=nearest(key, KEYS))
        if KEYS[key] in parts:
            raise ModelError(f"{key!r} is there twice", where=where, mend="write it once")
        value = _number(amount)
        if value is None:
            mend = "write US dollars as a number, 0 or more"
            raise ModelError(f"{amount!r} is no price, for {key!r}", where=where, mend=mend)
        parts[KEYS[key]] = value
    return parts


def read_latency(text: str, where: str) -> Latency:
    """``2x`` or ``1.5s``.

    Raises:
        ModelError: it is no latency.
    """
    value, unit = _number(text[:-1]), text[-1:]
    if value is None or unit not in ("x", "s"):
        mend = "write 2x for twice as long as measured, or 1.5s for so many seconds a request"
        raise ModelError(f"{text!r} is no latency", where=where, mend=mend)
    return Latency(times=value) if unit == "x" else Latency(seconds=value)


def new_price(model: str, old: Price, parts: Mapping[str, Any]) -> Price:
    """A model's price with some parts of it changed.

    Raises:
        ModelError: what is cached would be dearer than what is not.
    """
    new = replace(old, **parts)
    if new.cached_usd is not None and new.cached_usd > new.input_usd:
        told = f"cached_input at {new.cached_usd:g} is more than input at {new.input_usd:g}"
        mend = f"write cached_input:{new.input_usd:g} or less beside input"
        raise ModelError(told, where=f"--price {model}", mend=mend)
    return new


def say_price(price: Price) -> str:
    """As the option has it, without what is not set."""
    named = [(key, getattr(price, name)) for key, name in KEYS.items()]
    return ",".join(f"{key}:{value:g}" for key, value in named if value is not None and (value or key != "request"))


def say_latency(latency: Latency) -> str:
    """In words."""
    if latency.seconds is None:
        return f"a request takes {latency.times:g} times as long"
    return f"a request takes {latency.seconds:g} s"


def told(
    study: str,
    preference: Preference,
    found: Repriced,
    old: Mapping[str, Price],
    new: Mapping[str, Price],
    latencies: Mapping[str, Latency],
) -> dict[str, object]:
    """What ``--json`` prints: every policy with its place and means before and after."""
    before, after = ({card.policy: card for card in side.cards} for side in (found.before, found.after))
    places = found.before.places
    policies = [
        {
            "policy": card.policy,
            "place": {"before": places[card.policy], "after": place},
            "before": _means(before[card.policy], preference),
            "after": _means(after[card.policy], preference),
        }
        for place, card in enumerate(found.after.cards, start=1)
    ]
    sides = {"before": found.before, "after": found.after}
    return {
        "study": study,
        "preference": preference,
        "prices": {"before": old, "after": new},
        "latencies": latencies,
        "leader": {name: side.cards[0].policy for name, side in sides.items()},
        "chosen": found.chosen,
        "policies": policies,
        "preferred": {name: side.preferred for name, side in sides.items()},
        "frontier": {name: side.frontier for name, side in sides.items()},
    }


def _means(card: Scorecard, preference: Preference) -> dict[str, float]:
    columns = {name: float(getattr(card, name).mean()) for name in ("cost_usd", "tokens", "latency_s")}
    return {"utility": card.utility(preference), "score": card.score, **columns}


def lines(study: str, preference: Preference, found: Repriced, changes: Sequence[str]) -> Iterator[str]:
    """The two rankings as they are printed."""
    before, after = found.before, found.after
    count, examples = len(after.cards), len(after.cards[0].examples)
    yield f"{study}: {count:,} policies on {examples} dev examples, ranked anew from the pool; no call was made"
    yield from (f"  {change}" for change in changes)
    yield f"Ranked by {weights(preference)}."
    if not preference.cost_usd and not preference.latency_s:
        yield "It counts neither US dollars nor seconds: the ranking stays, and only the frontier may change."
    yield from ("", *_leaders(found), "")
    yield f"{'now':>4} {'before':>6} {'utility':>8} {'score':>6}  an answer now (before), policy"
    costs = {card.policy: _takes(card) for card in before.cards}
    for place, card in enumerate(after.cards[:SHOWN], start=1):
        head = f"{place:>4} {before.places[card.policy]:>6} {card.utility(preference):>8.4f} {percent(card.score):>6}"
        yield f"{head}  {_takes(card)} ({costs[card.policy]})  {card.policy}"
    if count > SHOWN:
        yield f"     {count - SHOWN:,} more with --json"
    yield from _preferred(before, after)
    yield from _frontier(before, after)


def _leaders(found: Repriced) -> Iterator[str]:
    first, last = found.before.cards[0].policy, found.after.cards[0].policy
    yield f"leader before  {first}"
    yield f"leader now     {'the same' if first == last else last}"
    if found.chosen is not None and found.chosen not in (first, last):
        old, new = (side.places.get(found.chosen) for side in (found.before, found.after))
        yield f"the study leads with {found.chosen}, its sampler's choice: place {old} before, {new} now"


def _takes(card: Scorecard) -> str:
    return f"${float(card.cost_usd.mean()):.3g}, {float(card.latency_s.mean()):.2g} s"


def _preferred(before: Ranking, after: Ranking) -> Iterator[str]:
    if after.preferred:
        yield from ("", "Best under the other preferences")
    for old, new in zip(before.preferred, after.preferred, strict=True):
        was = "as before" if old.policy == new.policy else f"before: {old.policy}"
        yield f"  {weights(new.preference)}: {new.policy} ({was})"


def _frontier(before: Ranking, after: Ranking) -> Iterator[str]:
    """The best policy at every budget, and what is no longer among them."""
    if before.frontier is None or after.frontier is None:
        return
    known = {stop.policy for stop in before.frontier.steps}
    yield from ("", f"Frontier: the best policy at every budget, {after.frontier.label}")
    for stop in after.frontier.steps:
        yield f"  {_stop(stop)}{'' if stop.policy in known else ', new here'}"
    gone = [stop.policy for stop in before.frontier.steps if stop.policy not in _policies(after)]
    yield from (f"  no longer here: {policy}" for policy in gone)


def _policies(ranking: Ranking) -> set[Policy]:
    return {stop.policy for stop in ranking.frontier.steps} if ranking.frontier else set()


def _stop(stop: Stop) -> str:
    return f"{percent(stop.score):>6} at ${stop.cost_usd:.3g} and {stop.latency_s:.2g} s an answer: {stop.policy}"


def _assignments(option: str, given: Sequence[str] | None) -> Iterator[tuple[str, str, str]]:
    """Model, what is said of it, and where, once for each model."""
    seen = set[str]()
    for text in given or ():
        model, equals, value = (part.strip() for part in text.partition("="))
        where = f"{option} {text}"
        if not equals or not model or not value:
            raise ModelError("names no model", where=where, mend=f"write {option} MODEL=..., e.g. {_EXAMPLES[option]}")
        if model in seen:
            raise ModelError(f"model {model!r} is there twice", where=where, mend="write all of it in one")
        seen.add(model)
        yield model, value, where


_EXAMPLES = {"--price": "mini=input:0.15,output:0.6", "--latency": "mini=2x"}
_NUMBER = re.compile(r"\d+(\.\d*)?([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?")


def _number(text: str) -> float | None:
    """A finite number, 0 or more; None where there is none."""
    value = float(text) if _NUMBER.fullmatch(text) else None
    return value if value is not None and isfinite(value) else None


def _check_models(option: str, named: Collection[str], known: Collection[str]) -> None:
    for model in named:
        if model not in known:
            raise ModelError(f"unknown model {model!r}", where=option, mend=nearest(model, known))
