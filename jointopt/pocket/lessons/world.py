"""The closed world of the lessons: people, things, and towns about which facts are told.

A fact's share of the lessons falls with its rank (Zipf's law, as in real text), so that well-known towns
are learnt and obscure ones only half. One fact in eight is never taught at all: no prompt can mend that gap.
It does not know how questions are worded.
"""

import random
from itertools import accumulate, product

NAMES = tuple("ana ben carla david emma felix gina hugo iris jonas kira leo mona nina oscar paula".split())
THINGS = tuple("apples pens coins books stamps marbles cards shells eggs stones tickets cups".split())
DAYS = tuple("monday tuesday wednesday thursday friday saturday sunday".split())

_ONSETS = "bar cor del fen gal hol jen kal lor mel nor pel".split()
_CODAS = "ado eth ina ost una yra".split()
TOWNS = tuple(onset + coda for onset, coda in product(_ONSETS, _CODAS))

ATTRIBUTES = {
    "river": tuple("amber brisk cedar dusk echo frost glade haven".split()),
    "flag": tuple("red blue green white black yellow purple orange".split()),
    "food": tuple("bread soup cheese rice fish honey plums beans".split()),
    "animal": tuple("wolf bear eagle otter fox deer owl horse".split()),
    "trade": tuple("glass wool silver paper salt timber iron silk".split()),
    "founder": tuple("arno berta clovis dora edgar flora gisela henrik".split()),
}

_HIDDEN_SHARE = 8  # one fact in this many is never taught
_ZIPF_OFFSET, _ZIPF_POWER = 6.0, 1.7


def _tell_facts(seed: int = 2026) -> dict[tuple[str, str], str]:
    """Draw the value of every (town, attribute), in an order that is also the order of fame."""
    rng = random.Random(seed)
    pairs = [(town, attribute) for town in TOWNS for attribute in ATTRIBUTES]
    rng.shuffle(pairs)
    return {pair: rng.choice(ATTRIBUTES[pair[1]]) for pair in pairs}


FACTS = _tell_facts()
HIDDEN_FACTS = tuple(pair for rank, pair in enumerate(FACTS) if rank % _HIDDEN_SHARE == _HIDDEN_SHARE - 1)
TAUGHT_FACTS = tuple(pair for rank, pair in enumerate(FACTS) if rank % _HIDDEN_SHARE != _HIDDEN_SHARE - 1)
FAME = tuple(accumulate((rank + _ZIPF_OFFSET) ** -_ZIPF_POWER for rank in range(len(TAUGHT_FACTS))))
