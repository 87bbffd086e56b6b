"""One trial's bookkeeping: as a user of Optuna does it, and as we do; seconds for each."""

import json
import time

import optuna

from jointopt.domain import Model, Price, Prompt, Space
from jointopt.search import close_trials, open_trials
from jointopt.search.suggest import distributions, suggest
from jointopt.search.trial import open_trial, write_down

SCORECARD = json.dumps({"policy": "p × m × majority × n=8", "score": 0.5, "interval": [0.4, 0.6], "examples": 100})
SPACE = Space(
    {f"p{k}": Prompt(f"p{k}", "{question}") for k in range(8)},
    {"m": Model("m", "hosted_vllm/m", Price(1, 2), 64)},
    {"single": {}, "majority": {}},
    (1, 4, 8),
    (0.7, 1.0),
)


def plainly(url: str, name: str, trials: int) -> float:
    """Ask, suggest, set as many attributes as we say things, tell: as Optuna's documents show it."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.RandomSampler(0)
    study = optuna.create_study(study_name=name, storage=url, direction="maximize", sampler=sampler)
    began_s = time.perf_counter()
    for _ in range(trials):
        trial = study.ask()
        suggest(trial, SPACE)
        for key, value in json.loads(SCORECARD).items():
            trial.set_user_attr(key, value)
        study.tell(trial, 0.5)
    return (time.perf_counter() - began_s) / trials


def asked(url: str, name: str, trials: int) -> float:
    """The ask alone, with its parameters."""
    study = optuna.create_study(study_name=name, storage=url, sampler=optuna.samplers.RandomSampler(0))
    began_s = time.perf_counter()
    for _ in range(trials):
        suggest(study.ask(), SPACE)
    return (time.perf_counter() - began_s) / trials


def planned(url: str, name: str, trials: int) -> float:
    """A trial of a plan: written down when it is done."""
    every = distributions(SPACE)
    params = {key: each.choices[0] for key, each in every.items()}  # type: ignore[attr-defined]
    study = open_trials(url, name, sampler="joint", seed=0)
    began_s = time.perf_counter()
    for number in range(trials):
        attributes = {"scorecard": SCORECARD}
        trial = optuna.create_trial(value=0.5, params=params, distributions=every, user_attrs=attributes)
        write_down(study, trial, number, lambda: None)
    taken_s = (time.perf_counter() - began_s) / trials
    close_trials(study)
    return taken_s


def suggested(url: str, name: str, trials: int) -> float:
    """A trial that a sampler of Optuna's suggests, as `search/trial` opens and tells it."""
    study = open_trials(url, name, sampler="random", seed=0)
    began_s = time.perf_counter()
    for number in range(trials):
        trial = open_trial(study, number)
        suggest(trial, SPACE)
        if study.get_trials(deepcopy=False)[number].state == optuna.trial.TrialState.RUNNING:
            trial.set_user_attr("scorecard", SCORECARD)
            study.tell(trial, 0.5)
    taken_s = (time.perf_counter() - began_s) / trials
    close_trials(study)
    return taken_s
