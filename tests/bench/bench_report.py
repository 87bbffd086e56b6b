"""How fast is the report of 10,000 trials? Written, opened in a real Chromium from a file, drawn to its last figure.

    python -m tests.bench.bench_report [PAGE]

PAGE is a report to be opened instead; the goal is that it can be read within 2 seconds.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from jointopt.reports import render_page
from tests.dashboards import conftest as browsers
from tests.reports import conftest as studies
from tests.reports.heavy import heavy, long

RUNS = 5
READABLE = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
DRAWN = "performance.getEntriesByName('figures drawn')[0]?.startTime"
LOADED = "performance.getEntriesByType('navigation')[0]?.loadEventEnd"


def _function(fixture: Any) -> Any:
    """A fixture of the tests as the function that it was."""
    return fixture.__wrapped__


def write(file: Path) -> float:
    """Write the page, and return how many seconds that took."""
    findings = _function(studies.findings)()
    study, shown = heavy(findings), long(_function(studies.exhibition)(findings))
    start = time.perf_counter()
    file.write_text(render_page(study, exhibition=shown), encoding="utf-8")
    return time.perf_counter() - start


async def open_once(page: Path, profile: Path) -> tuple[float, float, float]:
    """Milliseconds until the words are there, until the page is loaded, and until the last figure is drawn."""
    async for browser in _function(browsers.browser)(profile):
        await browser.ask("Page.navigate", url=page.as_uri())
        await browser.see("document.documentElement.dataset.drawn === 'all'")
        return await browser.see(READABLE), await browser.see(LOADED), await browser.see(DRAWN)
    raise AssertionError("no browser")


def main() -> None:
    """Print the seconds, each the best and the worst of some runs."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder) / "report.html"
        if len(sys.argv) == 1:
            print(f"written in {write(page):.2f} s")
        print(f"{page.stat().st_size / 1e6:.1f} MB")
        runs = []
        for run in range(RUNS):
            profile = Path(folder) / str(run)
            profile.mkdir()
            runs.append(asyncio.run(open_once(page, profile)))
    for name, times in zip(("readable", "loaded", "all figures drawn"), zip(*runs, strict=True), strict=True):
        print(f"{name:<18} {min(times) / 1000:.2f} to {max(times) / 1000:.2f} s after it was opened, {RUNS} runs")


if __name__ == "__main__":
    main()
