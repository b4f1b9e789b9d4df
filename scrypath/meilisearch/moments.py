"""Times and durations as Meilisearch writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", re.ASCII)
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", re.ASCII)


def moment(text: object) -> datetime | None:
    """A moment in UTC, cut to microseconds; ``None`` for anything that is not one.

    Examples
    --------
    >>> moment("2026-11-24T00:25:08.276481302Z").isoformat()
    '2026-11-24T00:25:08.276481+00:00'
    >>> moment(None), moment("yesterday")
    (None, None)
    """
    found = _MOMENT.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    seconds, fraction, zone = found.groups()
    microseconds = (fraction or "0")[:6].ljust(6, "0")
    try:
        return datetime.fromisoformat(f"{seconds}.{microseconds}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):  # no such day, or one before the first or after the last year
        return None


def written(value: datetime) -> str:
    """A moment as the server's filters take it: UTC, microseconds, ``Z``.

    Examples
    --------
    >>> written(datetime(2026, 11, 24, tzinfo=UTC))
    '2026-11-24T00:00:00.000000Z'
    """
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def duration(text: object) -> timedelta | None:
    """An ISO 8601 duration, cut to microseconds; ``None`` for anything that is not one.

    Examples
    --------
    >>> duration("PT0.006366166S"), duration("P1DT2S"), duration(None)
    (datetime.timedelta(microseconds=6366), datetime.timedelta(days=1, seconds=2), None)
    """
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    days, hours, minutes, seconds = found.groups()
    full_seconds, _, fraction = (seconds or "0").partition(".")
    try:
        return timedelta(
            days=int(days or 0),
            hours=int(hours or 0),
            minutes=int(minutes or 0),
            seconds=int(full_seconds),
            microseconds=int(fraction[:6].ljust(6, "0")),
        )
    except (ValueError, OverflowError):  # more digits than a number may have, or more days than a duration
        return None
