"""Markup that nobody's words can break out of."""

import json

from jointopt.reports.markup import data, table, text


def test_text_is_escaped_and_showable() -> None:
    """Tags, quotes, controls and half characters."""
    assert text('<b a="x">\'\x00\ud800&') == "&lt;b a=&quot;x&quot;&gt;&#x27;\ufffd\ufffd&amp;"


def test_data_is_json_that_no_script_element_can_end() -> None:
    """The value comes back whole, and its text holds no bracket, ampersand or line separator."""
    value = {"</script>": ["\u2028", "<!--", "&", 1.5, None]}
    plain = data(value)
    assert json.loads(plain) == value
    assert plain.isascii() and not set("<>&") & set(plain)


def test_columns_of_numbers_stand_right() -> None:
    """A column is one of numbers if every cell that says something starts like one."""
    page = table(("a", "b", "c"), [("x1", "+1.0", ""), ("2", "$3", "")])
    assert page.count('<td class="number">') == 2 and '<th scope="col" class="number">b</th>' in page


def test_a_table_is_read_without_eyes() -> None:
    """Its caption says what it holds, and every header says whether it heads a column or a row; all of it inert."""
    page = table(("a", "b"), [("<i>", "2")], caption="<b>")
    assert "<table><caption>&lt;b&gt;</caption>" in page
    assert '<tr><th scope="row">&lt;i&gt;</th><td class="number">2</td></tr>' in page
