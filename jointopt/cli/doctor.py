"""``jointopt doctor``."""

import json
from dataclasses import asdict

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from jointopt.cli.arguments import AsJson, StudyFile, read_plan
from jointopt.domain import Spend
from jointopt.providers import Probed
from jointopt.study import examine

_STATES = {"kept": ("kept", "green"), "broken": ("broken", "red"), "untold": ("not told", "dim")}
_DISPENSABLE = "not kept", "yellow"
_WIDTH = 110  # where nobody looks: lines of a table are for eyes


def doctor(study: StudyFile, as_json: AsJson = False) -> None:
    """Probe every model; exit code 1 where one does not keep what this study needs."""
    plan, progress = read_plan(study), Console(stderr=True, soft_wrap=True, highlight=False)
    found = examine(plan, lambda model, purpose: progress.print(f"{model}: {purpose} ...", markup=False))
    spend = sum((probed.spend for probed in found), Spend())
    requests, sound = sum(probed.requests for probed in found), all(probed.sound for probed in found)
    if as_json:
        said = {"study": plan.name, "sound": sound, "models": [_as_json(probed) for probed in found]}
        typer.echo(json.dumps(said | {"requests": requests, "spend": asdict(spend)}, indent=2))
    else:
        console = Console(highlight=False)
        if not console.is_terminal:
            console.width = _WIDTH
        for probed in found:
            console.print(_drawn(probed))
        cost = f"{requests} requests, {spend.calls} completions, {spend.tokens:,} tokens, ${spend.usd:.3g}"
        typer.echo(f"it took {cost}; no study was begun")
        typer.echo(
            "every model is as this study needs it" if sound else "the study needs what is broken: mend it first"
        )
    if not sound:
        raise typer.Exit(1)


def _drawn(probed: Probed) -> Table:
    """A table of one model's promises, the mend in a line of its own below what it is for."""
    title = f"{probed.model} ({probed.endpoint})"
    table = Table("promise", "", "seen", title=Text(title), title_justify="left", title_style="bold", expand=False)
    for promise in probed.promises:
        lacks = promise.state == "broken" and not promise.needed
        state, style = _DISPENSABLE if lacks else _STATES[promise.state]
        table.add_row(Text(promise.name), Text(state, style), Text(promise.seen))
        if promise.mend and promise.state != "kept":
            table.add_row("", Text("mend", "dim"), Text(promise.mend))
    return table


def _as_json(probed: Probed) -> dict[str, object]:
    return asdict(probed) | {"sound": probed.sound}
