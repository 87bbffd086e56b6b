"""Insight from a real study's pool: every part is a finding or a reason, and nothing is asked for it."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from jointopt.analysis import Absent, Ceiling, Findings, Insight, Judging, to_json, verdict
from jointopt.config import read_study
from jointopt.study import Study


def _run(file: Path, *changes: tuple[str, str]) -> tuple[Findings, Study]:
    text = file.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
    with Study(read_study(file)) as study:
        return study.run(), study


def _absent(insight: Insight) -> dict[str, str]:
    parts = {name: getattr(insight, name) for name in insight.__dataclass_fields__}
    return {name: part.reason for name, part in parts.items() if isinstance(part, Absent)}


def test_a_study_says_all_that_its_pool_can(small_study: Callable[[int], Path]) -> None:
    """With one model, tiers are absent and say so; everything else is there, adds up, and becomes JSON."""
    findings, study = _run(small_study(1200))
    insight = findings.insight
    assert not {"flips", "budgets", "ceiling", "judging"} & set(_absent(insight))
    assert "one model" in _absent(insight)["tiers"]
    assert isinstance(insight.ceiling, Ceiling)
    assert sum(gap.size.mean for gap in insight.ceiling.gaps) == pytest.approx(
        1 - insight.ceiling.score.mean, abs=1e-12
    )
    assert isinstance(insight.judging, tuple) and all(isinstance(one, Judging) for one in insight.judging)
    plain = json.loads(json.dumps(to_json(findings)))
    assert set(plain["insight"]) == set(insight.__dataclass_fields__)
    assert plain["insight"]["tiers"]["reason"] == _absent(insight)["tiers"]
    assert study.parts.ledger.spent() == findings.spend


def test_what_the_judge_is_said_to_make_of_n_samples_is_what_the_strategy_scores(
    small_study: Callable[[int], Path],
) -> None:
    """The exact curve of a selector and the strategy's own scorecards agree."""
    findings, study = _run(small_study(1200))
    assert isinstance(findings.insight.judging, tuple)
    for judged in findings.insight.judging:
        for n, score in zip(judged.ns, judged.scores, strict=True):
            if n == 1:
                continue
            (card,) = [
                card.first(judged.examples)
                for policy, card in study.parts.evaluate.cards.items()
                if (policy.source, policy.strategy, policy.n) == (judged.source, "best_of", n)
            ]
            assert score.mean == pytest.approx(card.score, abs=1e-9)


def test_one_prompt_has_nothing_to_flip(small_study: Callable[[int], Path]) -> None:
    """What needs several prompts is absent, in words; the rest stands."""
    findings, _ = _run(small_study(600), ('  steps: "{question} think step by step."\n', ""))
    assert "one prompt" in _absent(findings.insight)["flips"]
    assert "ceiling" not in _absent(findings.insight)


def test_one_n_has_no_samples_to_set_apart(small_study: Callable[[int], Path]) -> None:
    """One sample of every question can neither be sorted and scored, nor chosen among."""
    findings, _ = _run(small_study(400), ("n: [1, 2, 4]", "n: [1]"), ("[single, majority, best_of]", "[single]"))
    absent = _absent(findings.insight)
    assert "one sample" in absent["difficulty"] and "best_of is not in the space" in absent["judging"]
    assert "one n and one strategy" in absent["flips"]


def test_a_budget_that_fills_no_table_leaves_what_needs_none(small_study: Callable[[int], Path]) -> None:
    """Every part says that the table is not filled, but for those that do without."""
    findings, _ = _run(small_study(150))
    absent = _absent(findings.insight)
    assert {"flips", "ceiling", "tiers", "difficulty", "judging"} <= set(absent)
    assert all("not sampled" in reason or "was sampled under every prompt" in reason for name, reason in absent.items()
               if name in {"flips", "ceiling"})  # fmt: skip
    assert np.isfinite(findings.winner.dev.mean) and verdict(findings)


def test_prompts_of_one_family_are_one_line_of_the_tiers(small_study: Callable[[int], Path]) -> None:
    """Two prompts that the study file calls of a kind are set against the default one together, on both models."""
    file = small_study(1600)
    text = file.read_text(encoding="utf-8").replace(
        '  steps: "{question} think step by step."\n',
        '  steps: {family: worked, user: "{question} think step by step."}\n'
        '  check: {family: worked, user: "{question} guess, then check the result."}\n',
    )
    micro = "  micro: {endpoint: embedded/micro, max_tokens: 48, concurrency: 64, price: {input: 5, output: 9}}\n"
    file.write_text(text.replace("strategies:", f"{micro}strategies:"), encoding="utf-8")
    findings, _ = _run(file)
    found = findings.insight.tiers
    assert not isinstance(found, Absent), found.reason
    assert (found.models, found.families) == (("nano", "micro"), ("plain", "worked"))
    assert [lift.family for lift in found.lifts] == ["worked"]
    assert isinstance(found.saturation, Absent) or found.saturation.prompt in ("plain", "steps", "check")


def test_a_study_that_was_stopped_blames_no_budget(small_study: Callable[[int], Path]) -> None:
    """Its search is not over: what needs the table says that the study has not ended, and so does all else."""
    plan = read_study(small_study(1200))
    with Study(plan) as study:
        study.begin_anew()

        async def search_only() -> None:
            await study.phases.search()
            await study.close_providers()

        asyncio.run(search_only())
    with Study(plan, create=False) as study:
        findings = study.findings()
    absent = _absent(findings.insight)
    for part in ("flips", "ceiling", "tiers", "difficulty", "judging"):
        assert absent[part] == "the study has not been run to its end"
    assert findings.interaction_note == findings.comparison_note == absent["flips"]
    assert not any("budget ended" in line or "0 sealed examples" in line for line in verdict(findings))
