"""Optuna's Gaussian process. It needs torch, which jointopt does not install by itself."""

from importlib.util import find_spec

from optuna.samplers import BaseSampler, GPSampler

from jointopt.errors import StudyFileError


def build_gp(seed: int) -> BaseSampler:
    """With as many random trials first as our other samplers.

    Raises:
        StudyFileError: torch is missing.
    """
    if find_spec("torch") is None:
        raise StudyFileError(
            "'gp' fits a Gaussian process with torch, which is not installed",
            where="sampler",
            mend="pip install torch, or write sampler: tpe or sampler: joint",
        )
    return GPSampler(seed=seed, n_startup_trials=12)
