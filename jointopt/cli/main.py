"""``jointopt``: its commands, each imported only when it is called, so that help answers at once.

This is also where errors end: a user's mistake is one clear message and exit code 2, never a traceback.
"""

import importlib
import re
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from jointopt.errors import BudgetExhausted, StudyStopped, UserError

COMMANDS = {
    "check": "Validate a study file, render one prompt, ask one sample of every model.",
    "doctor": "Probe every model: does it keep the promises that a study needs? With a mend for each that it breaks.",
    "estimate": "Say what a study can cost at most: calls, tokens, US dollars.",
    "run": "Run a study, or go on where it stopped.",
    "compare": "Run a study, and say whether joint search beat tuning prompt and strategy apart.",
    "resume": "Go on with a study from its database alone: its name is enough.",
    "worker": "Work on a study together with others, from any machine, until it has ended.",
    "stop": "Have all workers of a study stop; what arrived is kept.",
    "status": "Say how far a study is, and who works on it.",
    "studies": "List the studies of a storage.",
    "delete": "Delete a study; what it paid for stays for others.",
    "report": "Write what a study taught as one HTML page, as JSON, CSV or JUnit XML; hold it against a gate.",
    "samples": "Show what a policy was asked, what came back, how it was counted, and whether that was right.",
    "bundle": "Write a study into one file, from which anyone reads its report offline.",
    "reprice": "Rank every policy of a study under other prices or latencies, without a call.",
    "dashboard": "Open a study in Optuna Dashboard, with our figures.",
    "serve": "Serve the embedded model behind an OpenAI-compatible endpoint.",
    "schema": "Print the JSON Schema of study files.",
}
USER_ERROR, INTERRUPTED = 2, 130
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")  # rule terminals


class Commands(TyperGroup):
    """A group that knows its commands by name and help, and imports the one that is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names, in the order in which a study needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A stand-in with the command's help; None for an unknown name."""
        return _command(_stand_in, cmd_name, COMMANDS[cmd_name]) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command itself, imported now."""
        found, _, rest = super().resolve_command(ctx, args)
        name = str(found)
        module = importlib.import_module(f"jointopt.cli.{name}")
        return name, _command(getattr(module, name), name, COMMANDS[name]), rest


def _stand_in() -> None:
    """Shown in help, never called."""


def _command(function: Any, name: str, help_text: str) -> Any:
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command(name, help=help_text)(function)
    return typer.main.get_command(app)


app = typer.Typer(
    cls=Commands, add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True, rich_markup_mode=None
)


@app.callback()
def jointopt() -> None:
    """Find the best way to use a language model for a task: prompt, strategy and n together, under a budget."""


def main() -> None:
    """Run the command line."""
    try:
        app()
    except UserError as error:
        _refuse(str(error), USER_ERROR)
    except BudgetExhausted as error:
        _refuse(f"{error}\n  mend: raise the budget in the study file, and run again with --force", USER_ERROR)
    except StudyStopped as stopped:
        _refuse(str(stopped), INTERRUPTED)
    except KeyboardInterrupt:
        _refuse("stopped; every sample that arrived is kept: the same command goes on from here", INTERRUPTED)


def _refuse(message: str, code: int) -> None:
    typer.echo(f"jointopt: {_CONTROLS.sub('?', message)}", err=True)
    sys.exit(code)
