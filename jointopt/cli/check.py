"""``jointopt check``."""

import json
from dataclasses import asdict

import typer

from jointopt.cli.arguments import AsJson, StudyFile, read_plan
from jointopt.study import ask_once


def check(study: StudyFile, as_json: AsJson = False) -> None:
    """Validate, ask one sample of every model, and show it."""
    plan = read_plan(study)
    found = ask_once(plan)
    if as_json:
        typer.echo(json.dumps({"study": plan.name, "checks": [asdict(one) for one in found]}, indent=2))
        return
    task, policies = plan.task, len(plan.space.policies())
    typer.echo(f"{plan.name}: {len(task.dev)} dev and {len(task.sealed)} sealed examples, {policies} policies")
    for one in found:
        mode = f", {one.source.mode}" if one.source.mode else ""
        typer.echo(f"\n{one.source.prompt} on {one.source.model}{mode}, T={one.source.temperature:g}")
        for message in one.messages:
            typer.echo(f"  {message.role}: {message.content}")
        if one.sample.reasoning:
            typer.echo(f"  (reasoning): {one.sample.reasoning}")
        typer.echo(f"  assistant: {one.sample.text}")
        read = "no answer could be read" if one.answer is None else f"read as {one.answer!r}"
        mark = "right" if one.score == 1 else f"score {one.score:g}"
        typer.echo(f"  {read}, reference {one.reference!r}: {mark}")
        typer.echo(f"  {one.sample.input_tokens} + {one.sample.output_tokens} tokens, ${one.sample.cost_usd:.3g}")
    typer.echo("\nthe study file is sound, and every model answers")
