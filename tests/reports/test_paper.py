"""The report of a large study: small enough to be opened at once, and whole on paper."""

import base64
import re
from pathlib import Path

import pytest
from plotly.offline import get_plotlyjs

from jointopt.analysis import Findings
from jointopt.reports import Exhibition, render_page
from tests.dashboards.conftest import Browser
from tests.reports.heavy import heavy, long

MOST = 6_000_000  # bytes beside plotly's own
PAGE_PX = 672 + 1  # between the margins of A4, and half a pixel of rounding on either side


@pytest.fixture(scope="module")
def page(findings: Findings, exhibition: Exhibition, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of 10,000 trials."""
    file = tmp_path_factory.mktemp("paper") / "report.html"
    file.write_text(render_page(heavy(findings), exhibition=long(exhibition)), encoding="utf-8")
    return file


def test_a_page_of_10000_trials_has_a_bounded_size(page: Path) -> None:
    """Whatever a study has, its page shows a bounded part of it; how much of it that is, it says."""
    assert page.stat().st_size - len(get_plotlyjs().encode()) < MOST
    text = page.read_text(encoding="utf-8")
    assert "40 of 10,000 examples are shown" in text and "10,000 trials" in text


async def test_a_page_of_10000_trials_is_drawn_without_a_complaint(page: Path, browser: Browser) -> None:
    """Every figure is there in the end, and nothing was asked of a network."""
    await browser.ask("Page.navigate", url=page.as_uri())
    await browser.see("document.documentElement.dataset.drawn === 'all'")
    places = await browser.see("document.querySelectorAll('.figure').length")
    assert await browser.see("document.querySelectorAll('.figure .main-svg').length") >= places >= 5
    assert browser.complaints == []
    assert {url for url in browser.urls if not url.startswith(("data:", "blob:"))} == {page.as_uri()}


@pytest.mark.parametrize("width", [400, 700, 1100, 1400])
async def test_nothing_is_cut_on_a_screen(width: int, page: Path, browser: Browser) -> None:
    """The page is no wider than the screen, no number of a tile breaks, words of figures stay within, and what is wider
    scrolls: on a large screen the leaders do not.
    """
    await browser.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
    await browser.ask("Page.navigate", url=page.as_uri())
    await browser.see("document.documentElement.dataset.drawn === 'all'")
    assert await browser.see("document.documentElement.scrollWidth") <= width
    tiles = "[...document.querySelectorAll('.tiles dd')].map(e => Math.round(e.getBoundingClientRect().height))"
    assert len(set(await browser.see(tiles))) == 1
    outside = (
        "[...document.querySelectorAll('.figure')].flatMap(f => { const b = f.getBoundingClientRect(); return "
        "[...f.querySelectorAll('text')].filter(t => { const r = t.getBoundingClientRect(); "
        "return r.width && (r.left < b.left - 1 || r.right > b.right + 1); }).map(t => f.id + ': ' + t.textContent); })"
    )
    assert await browser.see(f"JSON.stringify({outside})") == "[]"
    if width >= 1100:
        assert await browser.see("(e => e.scrollWidth <= e.clientWidth)(document.querySelector('.wide .scroll'))")


async def test_no_figure_is_cut_on_paper(page: Path, browser: Browser) -> None:
    """While it prints, every figure is as wide as the paper between its margins at most; afterwards as before."""
    await browser.ask("Page.navigate", url=page.as_uri())
    await browser.see("document.documentElement.dataset.drawn === 'all'")
    widths = (
        "[...document.querySelectorAll('.figure')].map(e => e.querySelector('.main-svg').getBoundingClientRect().width)"
    )
    watch = f"addEventListener('beforeprint', () => {{ window.onpaper = {widths}; }}, {{ once: true }})"
    await browser.see(f"({watch}, window.onscreen = {widths}, 1)")  # told after the page's own listener
    printed = await browser.ask("Page.printToPDF", preferCSSPageSize=True, paperWidth=8.27, paperHeight=11.69)
    pdf = base64.b64decode(printed["data"])
    assert pdf.startswith(b"%PDF") and 5 < len(re.findall(rb"/Type\s*/Page\b", pdf)) < 200
    on_paper, on_screen = await browser.see("window.onpaper"), await browser.see("window.onscreen")
    assert len(on_paper) == len(on_screen) >= 5
    assert max(on_paper) <= PAGE_PX < max(on_screen)
    await browser.see(f"JSON.stringify({widths}) === JSON.stringify(window.onscreen)")
