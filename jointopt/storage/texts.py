"""Text that every database accepts. It does not know what the text says."""

import re

_REFUSED = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """The text with what no database can hold (lone surrogates, NUL) replaced by U+FFFD."""
    return _REFUSED.sub("\ufffd", text)
