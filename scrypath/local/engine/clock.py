"""Times as Meilisearch writes them: nanoseconds in, RFC 3339 and ISO 8601 out."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from time import time_ns as now
from typing import Final

__all__ = ["date_bound", "duration", "now", "parse_rfc3339", "rfc3339"]

SECOND: Final = 1_000_000_000
DAY: Final = 86_400
# Instants beyond what a 64-bit number of nanoseconds can say are cut to it.
LIMIT: Final = 2**63 - 1

_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:([Zz])|([+-])(\d\d):(\d\d))"
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def rfc3339(nanoseconds: int) -> str:
    """Return an instant as UTC text, with as many fractional digits as it needs.

    Parameters
    ----------
    nanoseconds
        Nanoseconds since 1970-01-01 UTC.

    Examples
    --------
    >>> rfc3339(1_500_000_000), rfc3339(0)
    ('1970-01-01T00:00:01.5Z', '1970-01-01T00:00:00Z')
    """
    seconds, fraction = divmod(nanoseconds, SECOND)
    if not fraction:
        return _second(seconds) + "Z"
    return f"{_second(seconds)}.{fraction:09d}".rstrip("0") + "Z"


def duration(nanoseconds: int) -> str | None:
    """Return a length of time in Meilisearch's ISO 8601 form, None when it is negative.

    Parameters
    ----------
    nanoseconds
        The length in nanoseconds.

    Examples
    --------
    >>> duration(500_000_000), duration(90_061 * 10**9), duration(1_001)
    ('PT0.500S', 'P1DT3661S', 'PT0.000001001S')
    """
    if nanoseconds < 0:
        return None
    seconds, fraction = divmod(nanoseconds, SECOND)
    days, seconds = divmod(seconds, DAY)
    text = f"P{days}D" if days else "P"
    if not (seconds or fraction or not days):
        return text
    if not fraction:
        return f"{text}T{seconds}S"
    if fraction % 1_000_000 == 0:
        return f"{text}T{seconds}.{fraction // 1_000_000:03d}S"
    if fraction % 1_000 == 0:
        return f"{text}T{seconds}.{fraction // 1_000:06d}S"
    return f"{text}T{seconds}.{fraction:09d}S"


def parse_rfc3339(text: str) -> int | None:
    """Return the nanoseconds of an RFC 3339 date-time, None when it is none.

    Examples
    --------
    >>> parse_rfc3339("1970-01-01T00:00:01.5Z"), parse_rfc3339("yesterday")
    (1500000000, None)
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, _, sign, off_hour, off_minute = match.groups()
    try:
        moment = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError:
        return None
    if sign:
        offset = timedelta(hours=int(off_hour), minutes=int(off_minute))
        moment = moment - offset if sign == "+" else moment + offset
    seconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    return seconds * SECOND + int((fraction or "0")[:9].ljust(9, "0"))


def date_bound(text: str, *, after: bool) -> int | None:
    """Return the instant a task filter means, None when the text is no date.

    A bare date in an ``after`` filter means the next midnight.
    """
    if _DATE.fullmatch(text):
        try:
            day = date.fromisoformat(text)
        except ValueError:
            return None
        moment: int | None = ((day - date(1970, 1, 1)).days + after) * DAY * SECOND
    else:
        moment = parse_rfc3339(text)
    return None if moment is None else max(-LIMIT, min(moment, LIMIT))
