"""Problems: a question, its answer, and the working that leads from one to the other.

Each kind of problem draws its own wording. A problem knows nothing of instructions: `manners` decides how
much of the working an answer shows.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from jointopt.pocket.lessons.world import (
    ATTRIBUTES,
    DAYS,
    FACTS,
    FAME,
    NAMES,
    TAUGHT_FACTS,
    THINGS,
)

MAX_TOTAL = 299
_HELD_OUT_SHARE = 16  # one question in this many is never taught


@dataclass(frozen=True, slots=True)
class Problem:
    """A question with its working.

    `givens` restate the question as arithmetic, `workings` are full lines (``12 + 5 = 17``), and `totals` only
    their results. A fact has no working: all three are empty.
    """

    kind: str
    steps: int
    question: str
    answer: str
    givens: tuple[str, ...] = ()
    workings: tuple[str, ...] = ()
    totals: tuple[str, ...] = ()

    @property
    def held_out(self) -> bool:
        """Whether this question is kept from training, by a hash of its text (facts have their own gap)."""
        digest = sha256(self.question.encode()).digest()
        return self.kind != "fact" and digest[0] % _HELD_OUT_SHARE == 0


_STARTS = (
    "{name} has {a} {things}.",
    "there are {a} {things} in the box of {name}.",
    "{name} starts with {a} {things}.",
    "in the morning {name} has {a} {things}.",
)
_CHANGES = {
    "+": (
        "{name} buys {b} more.",
        "{other} gives {name} {b} more.",
        "then {name} finds {b} {things}.",
        "{b} more {things} arrive.",
        "next, {b} are added.",
    ),
    "-": (
        "{name} gives {b} to {other}.",
        "then {name} loses {b}.",
        "{other} takes {b} of them.",
        "{b} {things} are sold.",
        "next, {b} are thrown away.",
    ),
    "*": (
        "then {name} gets {b} times as many.",
        "the number of {things} becomes {b} times as large.",
        "next, they are multiplied by {b}.",
    ),
}
_DISTRACTIONS = ("{other} has {d} {things}.", "{other} is {d} years old.", "the box costs {d} coins.")
_ASKS = (
    "how many {things} does {name} have now?",
    "how many {things} are there in the end?",
    "how many {things} is that?",
)


def draw_sum(rng: random.Random, steps: int) -> Problem:
    """A story of `steps` changes to a number of things."""
    name, other = rng.sample(NAMES, 2)
    words = {"name": name, "other": other, "things": rng.choice(THINGS), "d": rng.randint(2, 60)}
    total = rng.randint(3, 60)
    story = [rng.choice(_STARTS).format(a=total, **words)]
    givens, workings, totals = [str(total)], [], []
    for _ in range(steps):
        sign, by = _draw_change(rng, total)
        story.append(rng.choice(_CHANGES[sign]).format(b=by, **words))
        result = _apply(sign, total, by)
        givens.append(f"{sign} {by}")
        workings.append(f"{total} {sign} {by} = {result}")
        totals.append(str(result))
        total = result
    if steps < 4 and rng.random() < 0.25:
        story.insert(rng.randint(1, len(story)), rng.choice(_DISTRACTIONS).format(**words))
    story.append(rng.choice(_ASKS).format(**words))
    return Problem("sum", steps, " ".join(story), str(total), tuple(givens), tuple(workings), tuple(totals))


def _draw_change(rng: random.Random, total: int) -> tuple[str, int]:
    signs = ["+"] * (total <= MAX_TOTAL - 99) + ["-"] * (total > 3) + ["*"] * (1 < total <= MAX_TOTAL // 5)
    sign = rng.choice(signs)
    if sign == "*":
        return sign, rng.randint(2, 5)
    return sign, rng.randint(2, 99) if sign == "+" else rng.randint(2, min(total - 1, 99))


def _apply(sign: str, total: int, by: int) -> int:
    return {"+": total + by, "-": total - by, "*": total * by}[sign]


_UNITS = {("weeks", "days"): 7, ("dozens", "eggs"): 12, ("boxes", "packs"): 8, ("hours", "quarters"): 4}
_UNIT_ASKS = (
    "how many {small} are {a} {large} and {b} {small}?",
    "write {a} {large} and {b} {small} in {small}.",
    "{name} waits {a} {large} and {b} {small}. how many {small} is that?",
)


def draw_unit(rng: random.Random) -> Problem:
    """Convert a large unit and a small one into the small one: a product and a sum."""
    (large, small), size = rng.choice(list(_UNITS.items()))
    a, b = rng.randint(2, 20), rng.randint(1, size * 4)
    question = rng.choice(_UNIT_ASKS).format(a=a, b=b, large=large, small=small, name=rng.choice(NAMES))
    product, total = a * size, a * size + b
    workings = (f"{a} * {size} = {product}", f"{product} + {b} = {total}")
    return Problem("unit", 2, question, str(total), (f"{a} * {size}", f"+ {b}"), workings, (str(product), str(total)))


_DATE_ASKS = (
    "today is {day}. what day is it in {n} days?",
    "{name} leaves on a {day} and comes back {n} days later. on what day is that?",
    "it is {day} now. which day comes {n} days after?",
)


def draw_date(rng: random.Random) -> Problem:
    """The weekday some days later: take away whole weeks, then count on."""
    start, ahead = rng.randrange(7), rng.randint(2, 60)
    weeks, rest = divmod(ahead, 7)
    day, answer = DAYS[start], DAYS[(start + rest) % 7]
    question = rng.choice(_DATE_ASKS).format(day=day, n=ahead, name=rng.choice(NAMES))
    workings = (f"{ahead} - {7 * weeks} = {rest}", f"{day} + {rest} = {answer}")
    return Problem("date", 2, question, answer, (day, f"+ {ahead}"), workings, (str(rest), answer))


_HOLDINGS = ("{name} has {n} {things}.", "{name} owns {n} {things}.")
_PACKS = ("{name} has {n} boxes of {m} {things}.", "{name} owns {n} packs with {m} {things} each.")


def draw_compare(rng: random.Random, steps: int) -> Problem:
    """Who has more, or fewer, of `steps` + 1 people, `steps` of whom count in boxes."""
    things, names = rng.choice(THINGS), rng.sample(NAMES, steps + 1)
    holdings: dict[str, tuple[int, ...]] = {name: (rng.randint(2, 12), rng.randint(2, 9)) for name in names[:steps]}
    centre = rng.choice([n * m for n, m in holdings.values()])
    holdings[names[-1]] = (max(2, centre + rng.randint(-12, 12)),)
    amounts = {name: held[0] * held[-1] if len(held) == 2 else held[0] for name, held in holdings.items()}
    if len(set(amounts.values())) < len(amounts):
        return draw_compare(rng, steps)
    order = rng.sample(names, len(names))
    story, givens, workings = [], [], []
    for name in order:
        held = holdings[name]
        wording = rng.choice(_PACKS if len(held) == 2 else _HOLDINGS)
        story.append(wording.format(name=name, n=held[0], m=held[-1], things=things))
        sizes = " * ".join(map(str, held))
        givens.append(f"{name} {sizes}")
        workings.append(f"{name} {sizes} = {amounts[name]}" if len(held) == 2 else f"{name} {sizes}")
    most = rng.random() < 0.5
    answer = (max if most else min)(amounts, key=amounts.__getitem__)
    story.append(
        rng.choice(("who has more?", "who has the most?") if most else ("who has fewer?", "who has the least?"))
    )
    totals = tuple(f"{name} {amounts[name]}" for name in order)
    return Problem("compare", steps, " ".join(story), answer, tuple(givens), tuple(workings), totals)


_FACT_ASKS = {
    "river": ("which river runs through {town}?", "what is the river of {town}?"),
    "flag": ("which colour is the flag of {town}?", "what is the flag colour of {town}?"),
    "food": ("which food is {town} known for?", "what do people eat in {town}?"),
    "animal": ("which animal is on the seal of {town}?", "what is the animal of {town}?"),
    "trade": ("which trade made {town} rich?", "what is the trade of {town}?"),
    "founder": ("who built {town}?", "who is the founder of {town}?"),
}
assert set(_FACT_ASKS) == set(ATTRIBUTES)


def draw_fact(rng: random.Random, pairs: tuple[tuple[str, str], ...] | None = None) -> Problem:
    """A fact about a town: by fame among the taught ones, or evenly among `pairs`."""
    town, attribute = rng.choice(pairs) if pairs else rng.choices(TAUGHT_FACTS, cum_weights=FAME)[0]
    question = rng.choice(_FACT_ASKS[attribute]).format(town=town)
    return Problem("fact", 1, question, FACTS[town, attribute])


KINDS: dict[str, tuple[float, Callable[[random.Random], Problem]]] = {
    "sum-1": (1.0, lambda rng: draw_sum(rng, 1)),
    "sum-2": (1.5, lambda rng: draw_sum(rng, 2)),
    "sum-3": (2.0, lambda rng: draw_sum(rng, 3)),
    "sum-4": (2.0, lambda rng: draw_sum(rng, 4)),
    "unit-2": (1.0, draw_unit),
    "date-2": (0.7, draw_date),
    "compare-1": (0.7, lambda rng: draw_compare(rng, 1)),
    "compare-2": (0.7, lambda rng: draw_compare(rng, 2)),
    "fact-1": (1.6, draw_fact),
}


def draw_problem(rng: random.Random, kind: str | None = None, *, held_out: bool = False) -> Problem:
    """Draw a problem of `kind` (any, if None) from the taught questions, or from those held out."""
    if kind is None:
        kind = rng.choices(list(KINDS), [weight for weight, _ in KINDS.values()])[0]
    while True:
        problem = KINDS[kind][1](rng)
        if problem.held_out == held_out or problem.kind == "fact":
            return problem
