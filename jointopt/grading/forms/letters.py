"""The letter of a multiple choice, however it is dressed: (b), B., **b** and "option b" are B."""

import re

_LETTER = re.compile(r"(?:(?:the\s+)?(?:answer|option|choice)\s*(?:is)?\s*:?\s*)?[*(\[\s]*([A-Za-z])[*)\].:\s]*", re.I)


def letter(text: str) -> str | None:
    """The capital letter; None where the text is more than one."""
    match = _LETTER.fullmatch(text.strip())
    return match[1].upper() if match else None
