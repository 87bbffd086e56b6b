"""Which policy next? A new sampler is one file and one line here."""

from collections.abc import Callable

from optuna.samplers import BaseSampler

from jointopt.search.samplers.gp import build_gp
from jointopt.search.samplers.grid import Grid, build_grid
from jointopt.search.samplers.joint import build_joint
from jointopt.search.samplers.nsga2 import build_nsga2
from jointopt.search.samplers.planned import Planned
from jointopt.search.samplers.psst import build_psst
from jointopt.search.samplers.psst_k import build_psst_k
from jointopt.search.samplers.random import build_random
from jointopt.search.samplers.tpe import build_tpe
from jointopt.search.samplers.triple import build_triple
from jointopt.search.samplers.uniform import build_uniform

SAMPLERS: dict[str, Callable[[int], BaseSampler]] = {
    "gp": build_gp,
    "grid": build_grid,
    "joint": build_joint,
    "nsga2": build_nsga2,
    "psst": build_psst,
    "psst_k": build_psst_k,
    "random": build_random,
    "tpe": build_tpe,
    "triple": build_triple,
    "uniform": build_uniform,
}


def plans(sampler: str) -> bool:
    """Whether a sampler says itself what its trials buy."""
    return sampler not in SUGGESTING


SUGGESTING = {"gp", "grid", "nsga2", "random"}

__all__ = ["SAMPLERS", "SUGGESTING", "Grid", "Planned", "plans"]
