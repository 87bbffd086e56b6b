"""The page: complete, alone, and deaf to what prompts and completions say."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from jointopt.analysis import Above, Difference, Estimate, Findings, Preferred
from jointopt.analysis.standings import BY_SAMPLER
from jointopt.domain import Preference
from jointopt.reports import Exhibition, render_page
from jointopt.reports.browser import LONGEST


class _Reader(HTMLParser):
    """What a browser would see: tags, attributes, and text outside scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self._raw = False
        self.feed(page)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self._raw = tag in {"script", "style"}
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        """Leave a script or style."""
        self._raw = False

    def handle_data(self, data: str) -> None:
        """Note words."""
        if not self._raw:
            self.words.append(data)


@pytest.fixture(scope="module")
def page(findings: Findings, exhibition: Exhibition) -> str:
    """The report of a study that had everything."""
    return render_page(findings, exhibition=exhibition)


def test_the_page_says_what_was_found(page: str) -> None:
    """Verdict, leaders, prompt, completions, spend and the command are all there."""
    text = _Reader(page).text
    for words in (
        "The winner is steps x majority of 16 on micro",
        "Joint search beat one way of separate tuning",
        "steps x majority of 16 on micro, T=0.7 \N{BLACK STAR}",
        "Work step by step. Tom has 3 + 4 apples.",
        "I say 7",
        "timed out",
        "4 of 9 examples are shown",
        "1 right, 1 wrong, 1 in part, 1 not played",
        "shared: 7 (50%), 8 (50%)",
        "8,000",
        "91.4%",
        "jointopt run studies/quickstart/study.yaml",
    ):
        assert words in text


def test_every_figure_has_its_place_and_its_numbers(page: str) -> None:
    """Five figures, five tables behind them."""
    reader = _Reader(page)
    keys = {value for name, value in reader.attributes if name == "id" and value and value.startswith("figure-")}
    named = ("comparison", "frontier", "curves", "interaction", "importance")
    assert keys == {f"figure-{name}" for name in named}
    assert reader.text.count("The numbers") == len(named)


def test_the_page_needs_no_network(page: str) -> None:
    """Nothing is loaded from anywhere, and the content policy forbids it."""
    reader = _Reader(page)
    assert not {"link", "img", "iframe", "base"} & set(reader.tags)
    assert not [value for name, value in reader.attributes if name in {"src", "href"}]
    policy = next(value for name, value in reader.attributes if name == "content" and value and "default-src" in value)
    assert "default-src 'none'" in policy and len(re.findall("sha256-", policy)) == 2


def test_an_attack_stays_text(hostile: Findings, hostile_exhibition: Exhibition) -> None:
    """Tags in names, prompts and completions open nothing, and half a character does not stop the page."""
    page = render_page(hostile, exhibition=hostile_exhibition)
    reader = _Reader(page)
    assert reader.tags.count("script") == 3 and "img" not in reader.tags
    assert not any(name.startswith("on") for name, _ in reader.attributes)
    assert "<script>alert(1)</script>" in reader.text
    page.encode()
    outside = re.sub("<script.*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(
        "[\x00\x1b\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe]", outside
    )  # nor does anything turn around


def test_a_text_without_end_is_cut(findings: Findings, exhibition: Exhibition) -> None:
    """A page shows the first characters of a completion, and says how many more there are."""
    sample = replace(exhibition.shown[0].samples[0], text="a" * (LONGEST + 1_000_000))
    long = replace(exhibition, shown=[replace(exhibition.shown[0], samples=(sample,) * 40)])
    page = render_page(findings, exhibition=long)
    assert "(1,000,000 more characters)" in page and "24 more samples are left out here" in page
    assert len(page) < 6_000_000


def test_figure_data_cannot_end_its_script(hostile: Findings) -> None:
    """Between the tags of the data block there is no angle bracket and nothing beyond ASCII."""
    found = re.search(r'<script type="application/json" id="figures">(.*?)</script>', render_page(hostile), re.DOTALL)
    assert found is not None and len(found[1]) > 1000
    assert "<" not in found[1] and "&" not in found[1] and found[1].isascii()


def test_a_winner_that_does_not_lead_on_dev_is_shown_with_the_leaders(findings: Findings) -> None:
    """The table of leaders always holds the winner: where it stands, else at the end, and both is said."""
    star = "steps x majority of 16 on micro, T=0.7 \N{BLACK STAR}"
    assert star in _Reader(render_page(findings)).text
    apart = _Reader(render_page(replace(findings, leaders=findings.leaders[3:]))).text
    assert "best first, and last the winner" in apart
    assert apart.index(str(findings.leaders[-1].policy)) < apart.index(star)


def test_the_page_says_why_the_winner_is_not_the_first(findings: Findings) -> None:
    """Beside the leaders and the preferences: what is ahead, by how much, whether by luck, and who chose otherwise."""
    lead, first = Difference(0.01, -0.02, 0.04, 0.5, 60), findings.leaders[0].policy
    above = Above(first, lead, 1, 240, BY_SAMPLER)
    preferred = Preferred(Preference(tokens=0.05), findings.winner.policy, 0.7, Estimate(0.7, 0.6, 0.8), 0, 9, above)
    priced = replace(findings, above=above, preferred=(preferred,), preference=Preference(tokens=0.05))
    text = _Reader(render_page(priced)).text
    assert "by utility, best first." in text and "Policy Utility Dev" in text
    assert text.count(f"{first} has a higher utility") == 3  # in the verdict, beside the leaders, and the preferences
    assert text.count(f"picked among 240, which luck may explain; {BY_SAMPLER}") == 3
    assert "by score, best first." in _Reader(render_page(findings)).text


def test_a_leader_that_did_better_on_the_sealed_half_is_hindsight(findings: Findings) -> None:
    """The sealed column may hold a number above the winner's: nobody could know when choosing."""
    said = f"On the sealed examples {findings.leaders[0].policy} scores higher (71.0%)"
    assert said in _Reader(render_page(findings)).text
    apart = replace(findings, leaders=findings.leaders[1:])
    assert "On the sealed examples" not in _Reader(render_page(apart)).text


def test_a_study_that_taught_little_still_has_a_page(findings: Findings) -> None:
    """Where nothing can be drawn, words say why."""
    bare = replace(
        findings,
        comparison=(),
        interaction=None,
        interaction_note="one prompt only",
        curves=(),
        importance=replace(findings.importance, shares={}, reason="two trials only"),
        prompt=(),
        leaders=(),
    )
    text = _Reader(render_page(bare)).text
    assert "Not measured: one prompt only." in text and "Nothing to show: two trials only." in text
    assert "no prompt was scored at more than one n" in text and "was not compared with separate tuning" in text
