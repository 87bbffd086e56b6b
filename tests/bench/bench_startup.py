"""How long ``jointopt --help`` takes, beside ``python -c pass``: run by hand, prints medians and their ratio.

The two run in turn, so that whatever else the machine does falls on both.
"""

import statistics
import subprocess
import sys
import time

RUNS = 20
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "jointopt --help": [sys.executable, "-m", "jointopt", "--help"],
}


def _run_ms(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return 1000 * (time.perf_counter() - started)


def main() -> None:
    """Run both in turn, once to warm up and then `RUNS` times."""
    for command in COMMANDS.values():
        _run_ms(command)
    rounds = [[_run_ms(command) for command in COMMANDS.values()] for _ in range(RUNS)]
    nothing, help_page = (statistics.median(times) for times in zip(*rounds, strict=True))
    for name, median_ms in zip(COMMANDS, (nothing, help_page), strict=True):
        print(f"{name:<16} {median_ms:6.0f} ms (median of {RUNS})")
    print(f"ratio            {help_page / nothing:6.1f}")


if __name__ == "__main__":
    main()
