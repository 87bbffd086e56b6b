"""Equal answers become one text, and unequal ones stay apart."""

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as draw

from jointopt.errors import GraderError
from jointopt.grading import FORMS
from jointopt.grading.exact import Exact
from jointopt.grading.forms import find_form, rewrite
from jointopt.grading.numeric import Numeric

ALL = ("latex", "fraction", "unit", "date", "letter")

EQUAL = [
    ("fraction", "1,200.0", "1200", "1.2e3", "+1200", "1200.00"),
    ("fraction", "3/4", "0.75", ".75", "6/8", "75%", "75 percent", "(3/4)"),
    ("fraction", "-0.5", "\u22120.5", "-1/2", "-2/4", "- 0.5"),
    ("fraction", "1 1/2", "3/2", "1.5"),
    ("fraction", "0", "-0", "0.0", "0/7"),
    ("number", "1,000,000", "1e6", "1000000.0"),
    ("unit", "5 km", "5000 m", "5 kilometres", "5000 Meters", "5km", "5,000 m."),
    ("unit", "90 min", "1.5 hours", "1 1/2 h", "5400 s"),
    ("unit", "$5", "5 dollars", "500 cents", "$5.00", "5 USD"),
    ("unit", "2 lb", "32 oz", "2 pounds"),
    ("unit", "90\u00b0", "90 degrees"),
    ("unit", "1 l", "1000 ml", "100 cl"),
    ("unit", "1 m^2", "10000 cm^2"),
    ("date", "2024-03-05", "5 March 2024", "March 5, 2024", "Mar. 5 2024", "the 5th of March 2024", "2024/3/5"),
    ("date", "13/05/2024", "2024-05-13", "05/13/2024", "May 13th, 2024"),
    ("date", "05.05.2024", "2024-05-05"),
    ("letter", "(b)", "B.", "b", "**B**", "option b", "Answer: B", "the answer is (B)", "[b]"),
    (
        "latex,fraction",
        r"\frac{3}{4}",
        r"$\dfrac34$",
        "3/4",
        "0.75",
        r"\boxed{\tfrac{3}{4}}",
        r"\left(\frac{3}{4}\right)",
    ),
    ("latex,fraction", r"50\%", "50%", "1/2", r"$\frac12$."),
    ("latex,fraction", r"1{,}200", "1200", r"\text{1200}"),
    ("latex,fraction", r"-\frac{1}{2}", "-0.5", r"\frac{-1}{2}"),
    ("latex", r"x^{2}+1", "x^2+1", r"$x^2 + 1$", r"x^{2} + 1."),
    ("latex", r"\sqrt{2}", r"\sqrt2", "sqrt(2)"),
    ("latex", r"\text{Monday}", "Monday", r"\mathrm{Monday}"),
    ("latex", r"2\cdot 3", "2*3", r"2 \times 3"),
    ("latex", r"\boxed{\frac{x+1}{2}}", "(x+1)/2"),
    ("latex,unit", r"90^\circ", r"90^{\circ}", "90 degrees"),
    ("latex,unit", r"5\text{ km}", "5000 m"),
]

UNEQUAL = [
    ("fraction", "0.3", "1/3"),
    ("fraction", "0.1", "0.10000000001"),
    ("fraction", "50", "50%"),
    ("fraction", "1.2.3", "12.3"),
    ("fraction", "1/0", "0"),
    ("fraction", "1,20", "120"),
    ("number", "3/4", "0.75"),
    ("unit", "5 km", "5"),
    ("unit", "5 m", "5 min"),
    ("unit", "5 mm", "5 m"),
    ("unit", "$5", "5"),
    ("unit", "5 $", "5 \u20ac"),
    ("unit", "20 C", "20 F"),
    ("date", "03/05/2024", "05/03/2024"),
    ("date", "2024-02-30", "2024-03-01"),
    ("date", "Ma 5 2024", "March 5 2024"),
    ("letter", "b", "c"),
    ("letter", "be", "b"),
    ("latex", r"x^{12}", "x^12 + 0"),
    ("latex", r"\frac{1}{2x}", "1/2*x"),
    ("latex", r"\frac{x+1}{2}", "x+1/2"),
    ("latex", r"x_1", "x1"),
    ("latex", r"\sqrt{12}", "sqrt1 2"),
]


def _written(forms: str, text: str) -> str | None:
    return Exact(forms=forms.split(",")).parse(text)


@pytest.mark.parametrize("case", EQUAL, ids=lambda case: f"{case[0]}: {case[1]}")
def test_equal_answers_are_one(case: tuple[str, ...]) -> None:
    """However they are written; as votes and against the reference."""
    forms, *texts = case
    assert len({_written(forms, text) for text in texts}) == 1, {text: _written(forms, text) for text in texts}
    grader = Exact(forms=forms.split(","))
    assert all(grader.grade(grader.parse(one), other) == 1.0 for one in texts for other in texts)


@pytest.mark.parametrize(("forms", "one", "other"), UNEQUAL)
def test_unequal_answers_stay_apart(forms: str, one: str, other: str) -> None:
    """Even where they look alike."""
    assert _written(forms, one) != _written(forms, other)


@given(draw.fractions(), draw.fractions())
def test_ratios_are_equal_exactly_where_they_are(one: Fraction, other: Fraction) -> None:
    """No rounding in between."""
    assert (_written("fraction", str(one)) == _written("fraction", str(other))) is (one == other)


@given(draw.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9))
def test_a_decimal_is_the_ratio_that_it_is(value: object) -> None:
    """With and without thousands separators."""
    exact = Fraction(str(value))
    assert FORMS["fraction"](str(value)) == FORMS["fraction"](f"{value:,f}") == str(exact)
    assert Fraction(FORMS["number"](str(value)) or "") == exact


@given(draw.text(alphabet="0123456789./,-+eE%kmgsl $\\{}^_()frac boxedABab\u00b0", max_size=24))
@pytest.mark.parametrize("forms", [(form,) for form in sorted(FORMS)] + [ALL])
def test_a_form_is_at_rest_after_one_pass(forms: tuple[str, ...], text: str) -> None:
    """What one application writes, a second one of the value forms does not change; nothing raises."""
    found = [find_form(form) for form in forms]
    once = rewrite(text, found)
    if "latex" not in forms:
        assert rewrite(once, found) == once


@pytest.mark.parametrize(
    "text", ["9" * 5_000, f"1/{'9' * 5_000}", f"{'9' * 5_000} km", "1e999", "-1e999", "-\n5", "- 5"]
)
def test_a_number_without_end_is_read_too(text: str) -> None:
    """A model that repeats a digit, or breaks a line, stops no study."""
    for form in FORMS.values():
        form(text)
    grader = Numeric(fractions=True)
    assert grader.grade(grader.parse(text), "7") == 0.0


def test_forms_apply_after_the_mark() -> None:
    """The mark is looked for first, and a box wins over it."""
    grader = Exact(after="answer:", forms=["latex", "fraction"])
    assert grader.parse("so 3/4. Answer: $0.75$\nbye") == "3/4"
    assert grader.parse(r"so \boxed{\frac{6}{8}}") == "3/4"
    assert grader.parse("nothing") is None


def test_a_form_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its dotted path; one that returns no text is told."""
    (tmp_path / "my_forms.py").write_text("def vowels(text):\n    return ''.join(c for c in text if c in 'aeiou')\n")
    with (tmp_path / "my_forms.py").open("a") as file:
        file.write("def number(text):\n    return 1\n")
        file.write("def broken(text):\n    return text.nothing\n")
    monkeypatch.syspath_prepend(tmp_path)
    grader = Exact(forms=["my_forms:vowels"])
    assert grader.grade(grader.parse("hello"), "keb o") == 1.0
    for form, told in (("number", "returned 1"), ("broken", "AttributeError")):
        with pytest.raises(GraderError, match=f"my_forms:{form} (failed: )?{told}"):
            Exact(forms=[f"my_forms:{form}"]).parse("x")


@pytest.mark.parametrize(
    ("form", "told"), [("fractoin", "unknown form"), ("no.such:thing", "cannot import"), ("math:pi", "no function")]
)
def test_an_unknown_form_is_refused(form: str, told: str) -> None:
    """With the known ones."""
    with pytest.raises(GraderError, match=rf"{told}(.|\n)*latex"):
        Exact(forms=[form])


@pytest.mark.parametrize(
    ("text", "number"),
    [("so 3/4", "0.75"), (r"is $\frac{3}{4}$", "0.75"), ("75%", "0.75"), ("1 1/2 cups", "1.5"), ("3 or 4", "4")],
)
def test_a_numeric_grader_reads_fractions_when_asked(text: str, number: str) -> None:
    """And only then."""
    grader = Numeric(fractions=True)
    assert grader.parse(text) == number
    assert grader.grade(grader.parse(text), number) == 1.0
    assert Numeric().parse("so 3/4") == "4"
