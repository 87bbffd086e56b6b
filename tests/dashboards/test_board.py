"""The figures are really on the page: in Optuna Dashboard and in the report, in a real browser."""

import json
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlparse

import pytest

from jointopt.reports.figures import FIGURES
from tests.dashboards.conftest import Browser
from tests.loopback import free_port, wait_for

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "tests" / "screenshots"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run of the quickstart."""
    here = tmp_path_factory.mktemp("board") / "study"
    shutil.copytree(ROOT / "studies" / "quickstart", here, ignore=shutil.ignore_patterns("*.db*", "*.html"))
    file = here / "study.yaml"
    file.write_text(file.read_text().replace("calls: 16000", "calls: 6000"))
    subprocess.run([sys.executable, "-m", "jointopt", "run", str(file), "--json"], check=True, capture_output=True)
    return file


@pytest.fixture
def dashboard(study: Path) -> Iterator[str]:
    """`jointopt dashboard` on a free port."""
    port = free_port()
    command = [sys.executable, "-m", "jointopt", "dashboard", str(study), "--port", str(port)]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        assert running.stderr is not None
        for line in running.stderr:
            if "Listening" in line or "Serving" in line or "Ctrl-C" in line:
                break
        wait_for(f"http://127.0.0.1:{port}/api/studies", running)
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.communicate(timeout=30)


async def test_our_figures_are_in_optuna_dashboard(dashboard: str, browser: Browser) -> None:
    """The study's page draws all our figures with their answers, the notes of study and best trial say what is in them,
    and nothing leaves this machine.
    """
    with urllib.request.urlopen(f"{dashboard}/api/studies") as answer:
        number = json.load(answer)["study_summaries"][0]["study_id"]
    await browser.ask("Page.navigate", url=f"{dashboard}/dashboard/studies/{number}")
    for draw in FIGURES:
        place = f"document.querySelector('[id=\"user-defined-plot:jointopt-{draw.__name__}\"]')"
        said = f"{place}.querySelector('.gtitle, .annotation-text').textContent.trim().length"
        assert await browser.see(f"{place} && {place}.querySelector('.main-svg') && {said}") > 20
    titles = "[...document.querySelectorAll('.js-plotly-plot .gtitle')].map(e => e.textContent).join(' | ')"
    await browser.see(
        f"/Joint search/.test({titles}) && /Optuna puts/.test({titles}) && /The study spent/.test({titles})"
    )
    await browser.screenshot(SCREENSHOTS / "dashboard.png")
    await browser.ask("Page.navigate", url=f"{dashboard}/dashboard/studies/{number}/note")
    await browser.see("/What the study taught/.test(document.body.innerText)")
    await browser.see("/The best policy under every preference/.test(document.body.innerText)")
    best = await browser.see(
        "[...document.querySelectorAll('a')].map(e => e.href).find(e => /trials.numbers=/.test(e))"
    )
    await browser.ask("Page.navigate", url=best)
    await browser.see("/Score .95% interval./.test(document.body.innerText)")
    await browser.see("document.body.innerText.includes('{question}')")
    hosts = {urlparse(url).hostname for url in browser.urls if urlparse(url).scheme in ("http", "https", "ws", "wss")}
    assert hosts == {"127.0.0.1"}
    assert browser.complaints == []


async def test_the_report_draws_offline(study: Path, browser: Browser) -> None:
    """One file: our figures, the verdict, no request but for itself, no complaint."""
    page = study.parent / "quickstart-report.html"
    await browser.ask("Page.navigate", url=page.as_uri())
    await browser.see("document.querySelectorAll('.js-plotly-plot .main-svg').length >= 5")
    assert await browser.see("/The winner is/.test(document.body.innerText)")
    await browser.screenshot(SCREENSHOTS / "report.png")
    assert {url for url in browser.urls if not re.match(r"data:|blob:", url)} == {page.as_uri()}  # not even a font
    assert browser.complaints == []
