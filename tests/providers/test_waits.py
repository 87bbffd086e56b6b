"""What servers ask to wait, in all the ways in which they say it."""

from datetime import UTC, datetime

import pytest
from multidict import CIMultiDict

from jointopt.providers.waits import read_wait

NOON = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"Retry-After": "Tue, 24 Nov 2026 12:01:30 GMT"}, 90.0),
        ({"Retry-After": "Tue, 24 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after-ms": "250", "Retry-After": "9"}, 0.25),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": "nan"}, None),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "120ms"}, 0.12),
        ({"x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "120ms"}, None),
        ({"X-RateLimit-Remaining-Tokens": "0", "X-RateLimit-Reset-Tokens": "6m0s"}, 360.0),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1.5"}, 1.5),
        ({"x-ratelimit-remaining-tokens": "0"}, None),
    ],
)
def test_a_wait_is_read_from_headers(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, dates, milliseconds, resets of what is used up; what makes no sense says nothing."""
    assert read_wait(CIMultiDict(headers), NOON) == (None if seconds is None else pytest.approx(seconds))
