"""An Optuna trial becomes a policy: prompt, model, mode, strategy and its options, n, temperature and every slot.

All are plain parameters of one flat space: an option of a strategy that is not chosen changes nothing, and policies
that cannot differ are one. (Conditional parameters would make TPE fall back to independent choices.)
"""

from dataclasses import replace
from typing import cast

import optuna
from optuna.distributions import BaseDistribution

from jointopt.domain import Policy, Scalar, Source, Space


def suggest(trial: optuna.trial.BaseTrial, space: Space) -> Policy:
    """The policy of a trial, in canonical form. Parameters with one choice are left out: they teach nothing."""

    def choose(name: str, choices: list[Scalar]) -> Scalar:
        return choices[0] if len(choices) == 1 else cast(Scalar, trial.suggest_categorical(name, choices))

    slots = tuple((slot, str(choose(f"slot:{slot}", list(space.slots[slot])))) for slot in sorted(space.slots))
    source = Source(
        prompt=str(choose("prompt", list(space.prompts))),
        model=str(choose("model", list(space.models))),
        temperature=float(choose("temperature", list(space.temperatures))),
        slots=slots,
        mode=str(choose("mode", list(space.modes) or [""])),
    )
    strategy = str(choose("strategy", list(space.strategies)))
    n = int(choose("n", list(space.ns)))
    options = {
        name: tuple((option, choose(f"{name}.{option}", list(choices))) for option, choices in sorted(own.items()))
        for name, own in space.strategies.items()
    }
    return space.canonical(Policy(source, strategy, n, options[strategy]))


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """Of every parameter that has several choices, as `suggest` asks for them."""
    trial = optuna.trial.FixedTrial(parameters(space.policies()[0], space))
    suggest(trial, space)
    return trial.distributions


def parameters(policy: Policy, space: Space) -> dict[str, Scalar]:
    """The parameters under which `suggest` returns a canonical policy of the space, every one of them.

    An option of another strategy is at its default.
    """
    ways = (replace(way, n=n) for way in space.ways() for n in space.ns)
    tactic = next(way for way in ways if space.folds.get(way, way) == policy.tactic)
    source = policy.source
    own = {f"{tactic.strategy}.{option}": value for option, value in tactic.options}
    defaults: dict[str, Scalar] = {
        f"{name}.{option}": choices[0]
        for name, options in space.strategies.items()
        for option, choices in options.items()
    }
    chosen: dict[str, Scalar] = {
        "prompt": source.prompt,
        "model": source.model,
        "mode": source.mode,
        "temperature": source.temperature,
    }
    slots = {f"slot:{slot}": option for slot, option in source.slots}
    return {**defaults, **own, **chosen, **slots, "strategy": tactic.strategy, "n": tactic.n}
