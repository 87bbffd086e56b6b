"""Every choice as likely as any other: the baseline."""

from optuna.samplers import BaseSampler, RandomSampler


def build_random(seed: int) -> BaseSampler:
    """Independent, uniform choices."""
    return RandomSampler(seed=seed)
