"""Which policy next? A new sampler is one file and one line here."""

from collections.abc import Callable

from optuna.samplers import BaseSampler

from jointopt.search.samplers.random import build_random
from jointopt.search.samplers.tpe import build_tpe

SAMPLERS: dict[str, Callable[[int], BaseSampler]] = {"random": build_random, "tpe": build_tpe}

__all__ = ["SAMPLERS"]
