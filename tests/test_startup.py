"""What the command line must not import before it knows what is asked of it."""

import json
import subprocess
import sys

HEAVY = {"aiohttp", "litellm", "numpy", "optuna", "plotly", "pydantic", "pyarrow", "sklearn", "sqlalchemy", "starlette"}

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
