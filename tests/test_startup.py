"""What the command line must not import before it knows what is asked of it."""

import json
import subprocess
import sys

HEAVY = {
    "aiohttp",
    "alembic",
    "litellm",
    "numpy",
    "optuna",
    "plotly",
    "pydantic",
    "pyarrow",
    "sklearn",
    "sqlalchemy",
    "starlette",
}

ASK_FOR_HELP = """
import json, sys
from jointopt.cli import main
sys.argv = ["jointopt", "--help"]
try:
    main()
except SystemExit as end:
    print(json.dumps({"code": end.code, "modules": sorted({name.partition(".")[0] for name in sys.modules})}))
"""


def test_help_imports_no_big_library() -> None:
    """`jointopt --help` names every command, and none of the libraries behind them is imported."""
    done = subprocess.run([sys.executable, "-c", ASK_FOR_HELP], capture_output=True, text=True, check=True)
    *page, ending = done.stdout.strip().splitlines()
    end = json.loads(ending)
    assert end["code"] == 0
    assert {"check", "estimate", "run", "report"} <= set(" ".join(page).split())
    assert sorted(HEAVY & set(end["modules"])) == []


ASK_A_SERVER = """
import sys
from jointopt.domain import Model
from jointopt.providers import connect
model = Model("m", "openai/gpt-4o-mini")
print(connect(model).price(model).output_usd > 0, "aiohttp" in sys.modules, "litellm" in sys.modules)
"""


def test_a_model_that_is_asked_directly_never_imports_litellm() -> None:
    """Nor does its price, which stands in LiteLLM's list: 3 to 6 seconds, and 165 MB."""
    done = subprocess.run([sys.executable, "-c", ASK_A_SERVER], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True", "False"]
