"""Findings as plain values."""

import json
from dataclasses import replace

import numpy as np

from jointopt.analysis import Curve, Findings, Procedure, to_json


def test_findings_become_json(findings: Findings) -> None:
    """Every part comes through under its own name."""
    curve = Curve("steps", "micro", "majority", (1, 2), np.array([[0.0, 1.0], [1.0, 1.0]]))
    plain = json.loads(json.dumps(to_json(replace(findings, curves=(curve,)))))
    assert plain["winner"]["policy"]["source"]["prompt"] == "steps"
    assert plain["budget"]["usd"] is None and plain["counts"]["samples"] == 500
    assert plain["curves"] == [
        {"prompt": "steps", "model": "micro", "strategy": "majority", "ns": [1, 2],
         "scores": [0.5, 1.0], "lows": list(curve.lows), "highs": list(curve.highs)}
    ]  # fmt: skip


def test_infinity_becomes_null(findings: Findings) -> None:
    """JSON has no word for infinity or for a missing number."""
    plain = to_json(replace(findings, seconds=float("inf")))
    assert isinstance(plain, dict) and plain["seconds"] is None


def test_a_procedure_is_found_by_name(findings: Findings) -> None:
    """What was not compared is None."""
    assert findings.against(Procedure.JOINT) is None
