"""``jointopt estimate``."""

import json
from dataclasses import asdict

import typer

from jointopt.cli.arguments import AsJson, StudyFile, read_plan
from jointopt.domain import Spend
from jointopt.study import look_ahead


def estimate(study: StudyFile, as_json: AsJson = False) -> None:
    """Print upper bounds; nothing is asked of a model."""
    plan = read_plan(study)
    outlook = look_ahead(plan)
    if as_json:
        typer.echo(json.dumps({"study": plan.name, **asdict(outlook)}, indent=2))
        return
    typer.echo(f"{plan.name}: {outlook.policies} policies over {outlook.sources} sources, {outlook.examples} examples")
    typer.echo(f"  sampling everything would take at most  {_words(outlook.everything)}")
    typer.echo(f"  this study spends at most               {_words(outlook.promised)}")
    typer.echo("  (upper bounds: input tokens from above, completions as long as max_tokens allows)")


def _words(spend: Spend) -> str:
    return f"{spend.calls:>9,} calls {spend.tokens:>13,} tokens  ${spend.usd:,.4f}"
