"""What no database can hold is replaced, and nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from jointopt.storage.texts import storable


@given(st.text(st.characters()))
def test_any_text_becomes_text_that_can_be_encoded(text: str) -> None:
    """The length stays, and so does every character that can be stored."""
    kept = storable(text)
    assert len(kept) == len(text)
    assert "\0" not in kept
    assert all(new == old for new, old in zip(kept, text, strict=True) if new != "\ufffd")
    assert kept.encode().decode() == kept


def test_a_lone_surrogate_and_nul_are_replaced() -> None:
    """Both become the character that says something was lost."""
    assert storable("a\ud83db\0c😀") == "a\ufffdb\ufffdc😀"
