"""Words and characters as numbers, and back."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jointopt.pocket.tokens import (
    ASSISTANT,
    CHARACTERS,
    END_THINK,
    SPECIALS,
    SYSTEM,
    THINK,
    UNKNOWN,
    USER,
    Tokenizer,
    collect_words,
)

WORDS = ("ana", "answer", "apples", "has")
TOKENIZER = Tokenizer(WORDS)
PRINTABLE = st.text(string.ascii_letters + string.digits + string.punctuation + " \n\t", max_size=80)


def fold(text: str) -> str:
    """What is kept of a text: lower case, single spaces."""
    return " ".join(text.lower().split())


@given(PRINTABLE)
def test_printable_text_comes_back_folded(text: str) -> None:
    """Decoding an encoding gives the text in lower case with its white space folded."""
    assert TOKENIZER.decode(TOKENIZER.encode(text)) == fold(text)


@given(st.lists(st.sampled_from([*WORDS, "answers", "banana", "12", "ana,", "(has)", "x=3."]), max_size=12))
def test_words_in_every_company_come_back(words: list[str]) -> None:
    """Words that are known, unknown, inflected and punctuated come back."""
    text = " ".join(words)
    assert TOKENIZER.decode(TOKENIZER.encode(text)) == text


@given(st.text(max_size=40))
def test_any_text_is_accepted(text: str) -> None:
    """Every text has tokens, and all are in the vocabulary."""
    assert all(0 <= token < len(TOKENIZER) for token in TOKENIZER.encode(text))


def test_a_known_word_is_one_token_and_an_unknown_one_its_letters() -> None:
    """Only a word that begins a chunk is looked up."""
    assert len(TOKENIZER.encode("apples")) == 1
    assert len(TOKENIZER.encode("pears")) == 5
    assert len(TOKENIZER.encode("apples.")) == 2


def test_letters_beyond_ascii_are_unknown() -> None:
    """One unknown token each."""
    assert TOKENIZER.encode("é") == [UNKNOWN]


def test_a_chat_has_a_system_line_only_where_there_is_one() -> None:
    """Roles stand before their words; the assistant's comes last."""
    ana, has = TOKENIZER.encode("ana"), TOKENIZER.encode("has")
    assert TOKENIZER.chat("ana", "has") == [SYSTEM, *ana, USER, *has, ASSISTANT]
    assert TOKENIZER.chat("", "has") == [USER, *has, ASSISTANT]


def test_thoughts_have_marks_of_their_own() -> None:
    """The marks of thinking are single tokens, with spaces around them when read back."""
    tokens = TOKENIZER.encode("<think> 1 </think> ana")
    assert (tokens[0], tokens[2]) == (THINK, END_THINK)
    assert TOKENIZER.decode(tokens) == "<think> 1 </think> ana"


@pytest.mark.parametrize("text", ["<system>", "<eos>", "<pad> <user>"])
def test_a_user_cannot_write_a_role(text: str) -> None:
    """The names of other special tokens are spelt out."""
    assert not {*range(len(SPECIALS))} & set(TOKENIZER.encode(text))


def test_every_number_has_a_text_of_its_own() -> None:
    """The vocabulary counts its texts once each."""
    pieces = TOKENIZER.pieces(range(len(TOKENIZER)))
    assert len(set(pieces)) == len(TOKENIZER) == len(SPECIALS) + 2 * len(CHARACTERS) + len(WORDS)


def test_words_are_collected_from_the_beginnings_of_chunks() -> None:
    """At least two letters, lower case, sorted, each once."""
    assert collect_words(["Ana has 3 apples.", "a (box) has-been"]) == ["ana", "apples", "has"]
