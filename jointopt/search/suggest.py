"""An Optuna trial becomes a policy: prompt, model, strategy, n, temperature and every slot are plain parameters."""

import optuna

from jointopt.domain import Policy, Source, Space


def suggest(trial: optuna.Trial, space: Space) -> Policy:
    """The policy of a trial, in canonical form. Parameters with one choice are left out: they teach nothing."""

    def choose(name: str, choices: list[str] | list[int] | list[float]) -> str | int | float:
        return trial.suggest_categorical(name, choices) if len(choices) > 1 else choices[0]

    slots = tuple((slot, str(choose(f"slot:{slot}", list(space.slots[slot])))) for slot in sorted(space.slots))
    source = Source(
        prompt=str(choose("prompt", list(space.prompts))),
        model=str(choose("model", list(space.models))),
        temperature=float(choose("temperature", list(space.temperatures))),
        slots=slots,
    )
    strategy = str(choose("strategy", list(space.strategies)))
    return Policy(source, strategy, int(choose("n", list(space.ns)))).canonical()
