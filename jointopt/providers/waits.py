"""How long a server asks to wait, read from the headers of its reply: pure, and forgiving of what makes no sense."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_KINDS = "requests", "tokens"


def read_wait(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds to wait before the next request; None where nothing is said.

    ``Retry-After`` (seconds or a date, RFC 9110 10.2.3) and ``retry-after-ms`` are for refusals; the families of
    ``x-ratelimit-remaining-*`` and ``x-ratelimit-reset-*`` also say with a good reply that it was the last for now.

    Args:
        headers: of the reply; a mapping that finds names whatever their case, or has them in small letters.
        now: the time of day, for dates; None: it is looked up.
    """
    millis, after = _number(headers.get("retry-after-ms")), headers.get("retry-after")
    if millis is not None:
        return millis / 1000
    if after is not None:
        found = _number(after)
        return found if found is not None else _until(after, now or datetime.now(UTC))
    spent = [kind for kind in _KINDS if _number(headers.get(f"x-ratelimit-remaining-{kind}")) == 0]
    waits = [_length(headers.get(f"x-ratelimit-reset-{kind}", "")) for kind in spent]
    return max((wait for wait in waits if wait is not None), default=None)


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _until(text: str, now: datetime) -> float | None:
    try:
        then = parsedate_to_datetime(text)
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max((then - now).total_seconds(), 0.0)


def _length(text: str) -> float | None:
    """``120ms``, ``6m0s`` or plain seconds."""
    parts = _PART.findall(text)
    return sum(float(number) * _SECONDS[unit] for number, unit in parts) if parts else _number(text)
