"""A study whose every word is an attack, in the real dashboard: nothing runs, nothing is fetched, all figures stand."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlparse

import pytest

from jointopt.analysis import Estimate, Findings, Preferred
from jointopt.domain import Message, Preference, Prompt
from jointopt.reports import Board
from jointopt.reports.board import brief
from jointopt.reports.figures import FIGURES
from jointopt.search import open_trials
from tests.dashboards.conftest import Browser
from tests.loopback import free_port, wait_for
from tests.reports.figures.invented import draw_insight

SCREENSHOTS = Path(__file__).parents[2] / "tests" / "screenshots"
EVIL = (
    "<script>window.caught=1</script><img src=http://evil.test/a.png onerror=window.caught=2>"
    "![p](http://evil.test/b.png) [l](javascript:window.caught=3) http://evil.test/c www.evil.test me@evil.test "
    "$\\href{javascript:window.caught=4}{x}$ <a href='http://evil.test/d'>d</a> \u2028 \ud800 `` ``` ~~~"
)
BLOCK = f"{EVIL}\n\n# {EVIL}\n\n```\n{EVIL}\n```\n</code></pre>{EVIL}\n\n| a | b |\n|---|---|\n| {EVIL} | {EVIL} |"


def _wicked(findings: Findings) -> Findings:
    """The study with attacks for names, in everything that a note or a figure shows."""
    names = tuple(f"{EVIL}{place}" for place in range(4))
    policy = replace(findings.winner.policy, source=replace(findings.winner.policy.source, prompt=EVIL))
    found = Preferred(Preference(tokens=0.05), policy, 0.7, Estimate(0.7, 0.6, 0.8), 0.001, 900.0)
    return replace(
        findings,
        winner=replace(findings.winner, policy=policy),
        prompt=(Message("system", BLOCK), Message(EVIL, BLOCK)),
        command=BLOCK,
        preferred=(found,),
        ended=EVIL,
        curves=tuple(replace(curve, prompt=curve.prompt + EVIL) for curve in findings.curves),
        insight=draw_insight(findings, names),
    )


@pytest.fixture
def dashboard(findings: Findings, tmp_path: Path) -> Iterator[str]:
    """The page of a wicked study, served as `jointopt dashboard --storage` does."""
    url = f"sqlite:///{tmp_path / 'wicked.db'}"
    study = open_trials(url, "wicked", sampler="random", seed=0)
    for number in range(3):
        trial = study.ask()
        trial.suggest_categorical("prompt", ["wicked", "plain"])
        card = {"policy": EVIL, "score": 0.5, "interval": [0.4, 0.6], "examples": 30, "cost_usd": 0.1, "tokens": 61.0}
        trial.set_user_attr("scorecard", json.dumps(card))
        study.tell(trial, number / 10)
    prompts = {name: Prompt(name, BLOCK, system=EVIL) for name in ("wicked", "plain")}
    Board(study, prompts).publish(_wicked(findings))
    port = free_port()
    serve = "import sys, optuna_dashboard as d; d.run_server(sys.argv[1], host='127.0.0.1', port=int(sys.argv[2]))"
    running = subprocess.Popen([sys.executable, "-c", serve, url, str(port)], stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/api/studies", running)
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(timeout=30)


async def _harmless(browser: Browser) -> None:
    """Nothing of the attack ran, nothing was fetched, no link of it leads out."""
    ran = await browser.ask("Runtime.evaluate", expression="window.caught || 0", returnByValue=True)
    assert ran["result"]["value"] == 0
    hosts = {urlparse(url).hostname for url in browser.urls if urlparse(url).scheme in ("http", "https", "ws", "wss")}
    assert hosts == {"127.0.0.1"}
    outgoing = "[...document.querySelectorAll('a, area, img, iframe, image, use')]"
    links = f"{outgoing}.map(e => e.href?.baseVal || e.href || e.src || '')"
    found = await browser.ask("Runtime.evaluate", expression=f"JSON.stringify({links})", returnByValue=True)
    bad = [link for link in json.loads(found["result"]["value"]) if "evil" in link or "caught" in link]
    assert bad == []
    assert browser.complaints == []


async def test_a_hostile_study_harms_nobody_who_reads_its_notes(dashboard: str, browser: Browser) -> None:
    """The study's note and a trial's show the attack as words, complete, with our table and links in them."""
    await browser.ask("Page.navigate", url=f"{dashboard}/dashboard/studies/1/note")
    await browser.see("/What the study taught/.test(document.body.innerText)")
    await browser.see("document.body.innerText.includes('<script>window.caught=1</script>')")
    await browser.see(
        "[...document.querySelectorAll('table td')].some(e => /5 points per 1,000 tokens/.test(e.innerText))"
    )
    await browser.see("[...document.querySelectorAll('a')].some(e => e.pathname === '/dashboard/studies/1/trials')")
    await browser.screenshot(SCREENSHOTS / "note.png")
    await _harmless(browser)
    await browser.ask("Page.navigate", url=f"{dashboard}/dashboard/studies/1/trials?numbers=2")
    await browser.see("/Score .95% interval./.test(document.body.innerText)")
    await browser.see("document.body.innerText.includes('<script>window.caught=1</script>')")
    await browser.screenshot(SCREENSHOTS / "trial.png")
    await _harmless(browser)


async def test_every_figure_is_drawn_with_its_data(dashboard: str, browser: Browser, findings: Findings) -> None:
    """All our figures are on the page with all their traces, and each of them holds numbers."""
    await browser.ask("Page.navigate", url=f"{dashboard}/dashboard/studies/1")
    wanted = {panel.key: panel for panel in (draw(brief(_wicked(findings))) for draw in FIGURES)}
    for key, panel in wanted.items():
        place = f"document.querySelector('[id=\"user-defined-plot:jointopt-{key}\"]')"
        assert panel.figure is not None
        traces = await browser.see(f"{place} && {place}.data && {place}.data.length")
        assert traces == len(panel.figure.data), key
        shapes = f"{place}.querySelectorAll('.scatterlayer .trace, .barlayer .trace, .heatmaplayer > g').length"
        assert await browser.see(shapes) > 0
    await browser.screenshot(SCREENSHOTS / "figures.png")
    await _harmless(browser)
