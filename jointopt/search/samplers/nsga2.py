"""Optuna's NSGA-II: generations of policies that are crossed and mutated."""

from optuna.samplers import BaseSampler, NSGAIISampler


def build_nsga2(seed: int) -> BaseSampler:
    """Small generations: a study has tens of trials, not thousands."""
    return NSGAIISampler(population_size=16, seed=seed)
