"""Dates and moments that PostgreSQL has and Python has not: as text, the same however they were read."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from scrypath.schema.json_values import Beyond
from scrypath.schema.kinds import Kind

DAY = 86_400_000_000  # microseconds
EPOCH = 10_957  # days from 1970 to 2000, where PostgreSQL's dates begin
_ERA = 146_097  # days of 400 years, after which the calendar begins again
_MOMENT = re.compile(
    r"(?P<year>\d{4,})-(?P<rest>\d\d-\d\d) (?P<clock>\d\d:\d\d:\d\d)(?P<fraction>\.\d{1,6})?"
    r"(?P<zone>[+-]\d\d(?::\d\d){0,2})?(?P<bc> BC)?"
)


def date_of(days: int) -> date | str:
    """The date so many days after 1970-01-01, as ADBC gives PostgreSQL's: what is far off has run over.

    Examples
    --------
    >>> date_of(0), date_of(-735_561), date_of(-2_147_472_692)
    (datetime.date(1970, 1, 1), '0045-02-08 BC', 'infinity')
    """
    since = _signed(days - EPOCH, 32)
    if (text := _infinite(since, 32)) is not None:
        return Beyond.of(Kind.DATE, text)
    days = since + EPOCH
    year, day = _civil(days)
    if 1 <= year <= 9999:
        return day.replace(year=year)
    shown = f"{year:04d}-{day:%m-%d}" if year > 0 else f"{1 - year:04d}-{day:%m-%d} BC"
    return Beyond.of(Kind.DATE, shown)


def moment_of(microseconds: int) -> datetime | str:
    """The moment so many microseconds after 1970 in UTC, without time zone; see :func:`date_of`.

    Examples
    --------
    >>> moment_of(0), moment_of(253_402_300_800_000_000)
    (datetime.datetime(1970, 1, 1, 0, 0), '10000-01-01T00:00:00.000000Z')
    """
    since = _signed(microseconds - EPOCH * DAY, 64)
    if (text := _infinite(since, 64)) is not None:
        return Beyond.of(Kind.DATETIME, text)
    days, rest = divmod(since + EPOCH * DAY, DAY)
    year, day = _civil(days)
    clock = datetime(day.year, day.month, day.day) + timedelta(microseconds=rest)
    if 1 <= year <= 9999:
        return clock.replace(year=year)
    shown = f"{year if year > 0 else 1 - year:04d}-{clock:%m-%dT%H:%M:%S}.{clock.microsecond:06d}Z"
    return Beyond.of(Kind.DATETIME, shown if year > 0 else f"{shown} BC")


def read_moment(text: str) -> datetime | str:
    """A moment in the text of PostgreSQL, where its driver finds it out of range; in UTC if it has a time zone.

    Examples
    --------
    >>> read_moment("10000-01-01 01:00:00+02")
    datetime.datetime(9999, 12, 31, 23, 0, tzinfo=datetime.timezone.utc)
    >>> read_moment("0044-03-15 00:00:00 BC")
    '0044-03-15T00:00:00.000000Z BC'
    """
    found = _MOMENT.fullmatch(text)
    if found is None:
        return Beyond.of(Kind.DATETIME, text)
    year = 1 - int(found["year"]) if found["bc"] else int(found["year"])
    eras, within = divmod(year, 400)
    clock = datetime.fromisoformat(
        f"{within + 400:04d}-{found['rest']} {found['clock']}{found['fraction'] or ''}"
    )
    days = (clock.toordinal() - date(1970, 1, 1).toordinal()) + (eras - 1) * _ERA
    microseconds = days * DAY + (clock - datetime(clock.year, clock.month, clock.day)) // timedelta(
        microseconds=1
    )
    if found["zone"]:
        parts = [int(part) for part in found["zone"][1:].split(":")]
        seconds = sum(part * unit for part, unit in zip(parts, (3600, 60, 1), strict=False))
        microseconds -= (-seconds if found["zone"][0] == "-" else seconds) * 1_000_000
    moment = moment_of(microseconds)
    return moment.replace(tzinfo=UTC) if found["zone"] and isinstance(moment, datetime) else moment


def _civil(days: int) -> tuple[int, date]:
    """The year, and the same day in a year that Python has and that is as long."""
    eras, within = divmod(days + date(1970, 1, 1).toordinal() - date(400, 1, 1).toordinal(), _ERA)
    day = date.fromordinal(within + date(400, 1, 1).toordinal())
    return day.year + eras * 400, day


def _signed(value: int, bits: int) -> int:
    """What a number was before it ran over on its way to another epoch."""
    half = 1 << (bits - 1)
    return (value + half) % (2 * half) - half


def _infinite(value: int, bits: int) -> str | None:
    half = 1 << (bits - 1)
    return {half - 1: "infinity", -half: "-infinity"}.get(value)
