"""jointopt: the best way to use a language model for a task, jointly over prompt, strategy and n, under a budget."""

import importlib

_HOMES = {
    "Findings": "jointopt.analysis",
    "Plan": "jointopt.config",
    "Policy": "jointopt.domain",
    "Scorecard": "jointopt.domain",
    "Study": "jointopt.study",
    "UserError": "jointopt.errors",
    "read_study": "jointopt.config",
}

__all__ = ["Findings", "Plan", "Policy", "Scorecard", "Study", "UserError", "read_study"]


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for: `jointopt --help` needs none of the libraries behind them."""
    if name not in _HOMES:
        raise AttributeError(f"module 'jointopt' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
