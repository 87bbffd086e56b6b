"""Which request meets which fault. A script is asked once for every request, in the order in which they come."""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from random import Random

from tests.hostile.exchange import Exchange
from tests.hostile.faults import HONEST, ODD, PASSING, TOO_MANY, Fault

Script = Callable[[Exchange], Fault]


def always(fault: Fault) -> Script:
    """The same for every request."""
    return lambda exchange: fault


def in_turn(*faults: Fault, then: Fault = HONEST) -> Script:
    """One fault after the other, and then one for ever."""
    left = deque(faults)
    return lambda exchange: left.popleft() if left else then


def storm(faults: Sequence[Fault] = (*PASSING, *ODD), *, share: float = 0.2, seed: int = 0) -> Script:
    """A share of the requests meets one of the faults, drawn by the seed; the others meet none."""
    rng, drawn = Random(seed), tuple(faults)
    return lambda exchange: rng.choice(drawn) if rng.random() < share else HONEST


def at_most(
    most: int, *, refusal: Fault = TOO_MANY, per_key: bool = False, otherwise: Fault | Script = HONEST
) -> Script:
    """A limiter of requests in flight, all together or for each key; it has no effect without a delay."""
    under_way: Counter[str | None] = Counter()
    within = script_of(otherwise)

    def choose(exchange: Exchange) -> Fault:
        key = exchange.asked.key if per_key else None
        if under_way[key] >= most:
            return refusal
        under_way[key] += 1
        exchange.on_end(lambda: under_way.subtract((key,)))
        return within(exchange)

    return choose


def per_second(
    most: float, *, refusal: Fault = TOO_MANY, per_key: bool = False, otherwise: Fault | Script = HONEST
) -> Script:
    """A limiter of requests a second, all together or for each key: a bucket that holds a tenth of a second's, one at
    least.
    """
    size = max(1.0, most / 10)
    held: dict[str | None, tuple[float, float]] = {}
    within = script_of(otherwise)

    def choose(exchange: Exchange) -> Fault:
        key, now_s = exchange.asked.key if per_key else None, exchange.asked.at_s
        left, then_s = held.get(key, (size, now_s))
        left = min(size, left + (now_s - then_s) * most)
        held[key] = left - (left >= 1), now_s
        return within(exchange) if left >= 1 else refusal

    return choose


def script_of(behaviour: Fault | Script) -> Script:
    """A fault alone is a script too: always that one."""
    return always(behaviour) if isinstance(behaviour, Fault) else behaviour
