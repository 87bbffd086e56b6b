"""An Optuna trial becomes a policy: prompt, model, mode, strategy and its options, n, temperature and every slot.

All are plain parameters of one flat space: an option of a strategy that is not chosen changes nothing, and policies
that cannot differ are one. (Conditional parameters would make TPE fall back to independent choices.)
"""

from typing import cast

import optuna

from jointopt.domain import Policy, Scalar, Source, Space


def suggest(trial: optuna.Trial, space: Space) -> Policy:
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
