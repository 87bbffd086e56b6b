"""Words, digits and characters as numbers, and back.

A word of the lessons is one token; every other word falls back to its characters, so any prompt is accepted.
A character has two tokens: one that begins a word, and one that continues it. Text is lower-cased and its white
space folded; within that, decoding an encoding gives the text back. It knows nothing of networks.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cached_property

SPECIALS = ("<pad>", "<eos>", "<unk>", "<system>", "<user>", "<assistant>", "<think>", "</think>")
PAD, EOS, UNKNOWN, SYSTEM, USER, ASSISTANT, THINK, END_THINK = range(len(SPECIALS))
CHARACTERS = "".join(chr(code) for code in range(33, 127) if not chr(code).isupper())
_PIECE = re.compile(r"[a-z]+|.")


class Tokenizer:
    """Turns text into tokens under a fixed vocabulary of words.

    Args:
        words: the lower-case words that are one token each, in the order of their numbers.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)
        starts = [f" {character}" for character in CHARACTERS]
        self._texts = (*SPECIALS, *starts, *CHARACTERS, *(f" {word}" for word in self.words))

    def __len__(self) -> int:
        return len(self._texts)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {text: number for number, text in enumerate(self._texts)}

    def encode(self, text: str) -> list[int]:
        """The tokens of `text`. Characters outside printable ASCII become one unknown token each."""
        tokens: list[int] = []
        for word in text.lower().split():
            if word in ("<think>", "</think>"):
                tokens.append(self._numbers[word])
                continue
            start = " "
            for piece in _PIECE.findall(word):
                tokens.extend(self._encode_piece(start, piece))
                start = ""
        return tokens

    def _encode_piece(self, start: str, piece: str) -> Iterable[int]:
        if start + piece in self._numbers:
            return (self._numbers[start + piece],)
        texts = [start + piece[0], *piece[1:]]
        return (self._numbers.get(text, UNKNOWN) for text in texts)

    def decode(self, tokens: Iterable[int]) -> str:
        """The text of `tokens`, without a leading space."""
        return "".join(self.pieces(tokens)).removeprefix(" ")

    def pieces(self, tokens: Iterable[int]) -> list[str]:
        """The text of each token; a token that begins a word begins with a space."""
        return [f" {self._texts[token]}" if token in (THINK, END_THINK) else self._texts[token] for token in tokens]

    def chat(self, system: str, user: str) -> list[int]:
        """The tokens of a chat up to where the assistant's words begin."""
        opening = [SYSTEM, *self.encode(system)] if system else []
        return [*opening, USER, *self.encode(user), ASSISTANT]


def collect_words(texts: Iterable[str]) -> list[str]:
    """The sorted words, of at least two letters, that begin a chunk of any of the texts."""
    found = (re.match(r"[a-z]{2,}", chunk) for text in texts for chunk in text.lower().split())
    return sorted({match.group() for match in found if match})
