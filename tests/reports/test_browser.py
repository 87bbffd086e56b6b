"""The page's browser of samples in a real Chromium: from a file, without a network, for people who look closely."""

from pathlib import Path

from jointopt.analysis import Findings
from jointopt.reports import Exhibition, render_page
from tests.dashboards.conftest import Browser

_SHOWN = "[...document.querySelectorAll('details.exhibit')].filter(e => !e.hidden).map(e => e.textContent).join('|')"


async def test_exhibits_are_filtered_found_and_opened_one_by_one(
    findings: Findings, exhibition: Exhibition, browser: Browser, tmp_path: Path
) -> None:
    """By verdict, by words, and by the two buttons; the page says how many are left."""
    page = tmp_path / "report.html"
    page.write_text(render_page(findings, exhibition=exhibition), encoding="utf-8")
    await browser.ask("Page.navigate", url=page.as_uri())
    assert await browser.see("document.getElementById('found').textContent") == "4 of 4"
    await browser.see("(v => { v.value = 'wrong'; v.dispatchEvent(new Event('change')); return 1 })(verdicts)")
    shown = await browser.see(_SHOWN)
    assert "How many, q2?" in shown and "How many, q1?" not in shown
    await browser.see("(v => { v.value = ''; v.dispatchEvent(new Event('change')); return 1 })(verdicts)")
    box = "document.getElementById('find')"
    await browser.see(f"(f => {{ f.value = 'i SAY 8'; f.dispatchEvent(new Event('input')); return 1 }})({box})")
    assert await browser.see("document.getElementById('found').textContent") == "2 of 4"
    for number in ("q2", "q3", "q2"):
        await browser.see("(document.getElementById('next').click(), 1)")
        opened = await browser.see(
            "[...document.querySelectorAll('details.exhibit[open]')].map(e => e.textContent).join('|')"
        )
        assert f"How many, {number}?" in opened and opened.count("The prompt as it was sent") == 1
    assert browser.complaints == []
    assert {url for url in browser.urls if not url.startswith(("data:", "blob:"))} == {page.as_uri()}


async def test_an_attack_runs_nowhere(
    hostile: Findings, hostile_exhibition: Exhibition, browser: Browser, tmp_path: Path
) -> None:
    """In a real browser the attack is text, opens no dialog, asks for nothing and lies behind no figure."""
    page = tmp_path / "report.html"
    page.write_text(render_page(hostile, exhibition=hostile_exhibition), encoding="utf-8")
    await browser.ask("Page.navigate", url=page.as_uri())
    await browser.see("document.documentElement.dataset.drawn === 'all'")
    assert await browser.see("document.body.innerText.includes('<script>alert(1)</script>')")
    assert not (await browser.ask("Runtime.evaluate", expression="document.images.length"))["result"]["value"]
    assert browser.complaints == []
    assert {url for url in browser.urls if not url.startswith(("data:", "blob:"))} == {page.as_uri()}
