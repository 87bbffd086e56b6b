"""Tuning apart: what each procedure chooses, and that none uses more calls than it may."""

from collections.abc import Sequence

import pytest

from jointopt.analysis import Extent, Procedure, Separate, need_choices
from jointopt.domain import Mode, Model, Policy, Price, Prompt, Source, Space
from jointopt.errors import NothingToReport

WORTH = {("plain", "single"): 0.6, ("plain", "majority"): 0.62, ("steps", "single"): 0.5, ("steps", "majority"): 0.9}


def _space(prompts: Sequence[str], strategies: Sequence[str], ns: tuple[int, ...]) -> Space:
    model = Model("nano", "embedded/nano", price=Price(0, 0))
    named = {name: Prompt(name, "{question}") for name in prompts}
    modes: dict[str, Mode] = {}
    return Space(named, {"nano": model}, {name: {} for name in strategies}, ns, (1.0,), modes=modes)


def _separate(calls: int, extent: Extent) -> Separate:
    """A table in which `steps` loses alone and wins in a vote."""
    space = _space(("plain", "steps"), ("single", "majority"), (1, 4))

    def utility(policy: Policy, samples: int, examples: int) -> float:
        return WORTH[policy.source.prompt, policy.strategy if policy.n > 1 else "single"]

    return Separate(space, Source("plain", "nano", 1.0), calls, extent, utility, lambda policies, samples: samples)


@pytest.mark.parametrize("calls", [0, 1, 7, 20, 100, 101, 1_000])
def test_no_procedure_uses_more_calls_than_it_may(calls: int) -> None:
    """Whatever is allowed, each stays within it."""
    chosen = _separate(calls, Extent(8, 40)).choices()
    assert set(chosen) == set(Procedure) - {Procedure.JOINT}
    assert all(choice.calls <= calls for choice in chosen.values())


def test_what_one_step_leaves_the_other_may_use() -> None:
    """Of 100 calls, the prompt's step takes 50 less what does not divide, and the strategy's step all others."""
    chosen = _separate(103, Extent(8, 1_000)).choices()[Procedure.PROMPT_FIRST]
    assert chosen.calls == 2 * 25 + 4 * 13


def test_tuning_apart_misses_a_prompt_that_only_votes_well() -> None:
    """The prompt that is best alone is kept, and its vote is worse than the other prompt's."""
    chosen = _separate(1_000, Extent(8, 40)).choices()
    assert chosen[Procedure.PROMPT_FIRST].policy.source.prompt == "plain"
    assert chosen[Procedure.STRATEGY_FIRST].policy.source.prompt == "steps"


def test_too_few_calls_leave_the_default() -> None:
    """A procedure that cannot afford one example chooses the first of everything, and says that it used nothing."""
    chosen = _separate(1, Extent(8, 40)).choices()[Procedure.PROMPT_ONLY]
    assert (chosen.policy, chosen.calls) == (Policy(Source("plain", "nano", 1.0), "single", 1), 0)


@pytest.mark.parametrize(
    ("space", "words"),
    [
        (_space(["plain"], ["single"], (1,)), "one prompt, and one model, strategy and n"),
        (_space(["plain"], ["single", "majority"], (1, 4)), "one prompt: 'plain'"),
        (_space(["plain", "steps"], ["majority"], (4,)), "one model, strategy and n"),
    ],
)
def test_a_space_without_choices_is_refused_in_words(space: Space, words: str) -> None:
    """What is missing is named, and so is the mend."""
    with pytest.raises(NothingToReport, match=words) as refused:
        need_choices(space)
    assert "name several" in str(refused.value)


def test_a_space_with_both_choices_is_compared() -> None:
    """Two prompts and two numbers of samples are enough."""
    need_choices(_space(["plain", "steps"], ["majority"], (1, 4)))
