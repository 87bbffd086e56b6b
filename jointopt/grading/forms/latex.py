r"""LaTeX as plain text: $\dfrac{3}{4}$ is 3/4, \text{Monday} is Monday, x^{2} is x^2.

It rewrites what is written, and works nothing out: that is for the forms that come after it.
"""

import re

_DROPPED = re.compile(r"\\left|\\right|\\displaystyle|\\[!,;: ]|\\q?quad|\\\(|\\\)|\\\[|\\\]|(?<!\\)\$|~")
_WORDS = re.compile(r"\\(?:text|textbf|textit|mathrm|mathbf|mathit|mbox|operatorname)\s*\{([^{}]*)\}")
_FRACTION = re.compile(r"\\[dtc]?frac\s*(?:\{([^{}]*)\}|(\w))\s*(?:\{([^{}]*)\}|(\w))")
_ROOT = re.compile(r"\\sqrt\s*(?:\{([^{}]*)\}|(\w))")
_POWER = re.compile(r"([\^_])\{([^{}]*)\}")
_DEGREES = re.compile(r"\^\s*(?:\{\s*\\circ\s*\}|\\circ)|\\degree")
_SYMBOLS = {
    r"\cdot": "*",
    r"\times": "*",
    r"\div": "/",
    r"\pm": "\u00b1",
    r"\pi": "pi",
    r"\infty": "infinity",
    r"\leq": "<=",
    r"\geq": ">=",
    r"\le": "<=",
    r"\ge": ">=",
    r"\neq": "!=",
    r"\%": "%",
    r"\$": "$",
    r"\{": "{",
    r"\}": "}",
}
_SYMBOL = re.compile("|".join(re.escape(name) + ("(?![A-Za-z])" if name[1].isalpha() else "") for name in _SYMBOLS))
_SIMPLE = re.compile(r"-?[\w.]+")


def latex(text: str) -> str | None:
    """The text without LaTeX; None where there is none in it."""
    if not re.search(r"[\\$^_{}~]", text):
        return None
    plain = _DROPPED.sub(" ", boxed(text) or text).replace("{,}", ",")
    plain = _DEGREES.sub("\u00b0", plain)
    while (simpler := _unwrap(plain)) != plain:
        plain = simpler
    plain = _SYMBOL.sub(lambda found: _SYMBOLS[found[0]], plain)
    plain = re.sub(r"\s*([*/^_=+])\s*", r"\1", plain)
    return re.sub(r"\s+", " ", plain).strip().removesuffix(".").strip()


def boxed(text: str) -> str | None:
    r"""What stands in the last \boxed{...}, whose braces may nest; None where there is none."""
    start = max(text.rfind(r"\boxed{"), text.rfind(r"\fbox{"))
    if start < 0:
        return None
    begin, depth = text.index("{", start) + 1, 1
    for place in range(begin, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if not depth:
            return text[begin:place]
    return None


def _unwrap(text: str) -> str:
    """The innermost commands replaced by plain writing."""
    text = _WORDS.sub(lambda found: f" {found[1]} ", text)
    text = _FRACTION.sub(lambda found: _over(found[1] or found[2] or "", found[3] or found[4] or ""), text)
    text = _ROOT.sub(lambda found: f"sqrt({found[1] or found[2] or ''})", text)
    return _POWER.sub(lambda found: found[1] + _wrapped(found[2]), text)


def _over(above: str, below: str) -> str:
    return f" {_wrapped(above)}/{_wrapped(below)} "


def _wrapped(part: str) -> str:
    """In brackets, unless it is one number or word."""
    bare = part.strip()
    return bare if _SIMPLE.fullmatch(bare) else f"({bare})"
