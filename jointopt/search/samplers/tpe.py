"""The tree-structured Parzen estimator, with every argument written down: its defaults change between versions."""

from optuna.samplers import BaseSampler, TPESampler


def build_tpe(seed: int) -> BaseSampler:
    """TPE over a flat space: no parameter depends on another, so that the joint (multivariate) estimate never falls
    back to independent ones; pending trials count as bad, so that workers spread out.
    """
    return TPESampler(
        n_startup_trials=12,
        n_ei_candidates=24,
        seed=seed,
        multivariate=True,
        group=False,
        constant_liar=True,
    )
