"""Sort criteria: reading them, and putting documents in groups of equal value."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.search.docids import listed as docids_of
from scrypath.local.engine.search.fields import covered, listed
from scrypath.local.engine.search.geo import Point, distance
from scrypath.local.engine.search.indexer import field_ids, loads
from scrypath.local.engine.search.values import facet_values

FEW: Final = 1000
GEO_POINT: Final = re.compile(r"_geoPoint\((?P<inner>.*)\)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Criterion:
    """A field or place to sort by.

    Parameters
    ----------
    field
        Name of the field, empty for a place.
    ascending
        Direction.
    place
        Latitude and longitude in degrees.
    """

    field: str
    ascending: bool
    place: Point | None = None

    @property
    def name(self) -> str:
        """How the criterion is written in a search."""
        direction = "asc" if self.ascending else "desc"
        if self.place is not None:
            return f"_geoPoint({shown(self.place[0])}, {shown(self.place[1])}):{direction}"
        return f"{self.field}:{direction}"


def shown(number: float) -> str:
    """Return a number without a needless fraction."""
    return str(int(number)) if number == int(number) else repr(number)


def read(sort: list[str]) -> list[Criterion]:
    """Return the criteria of a ``sort`` parameter, refuse what is none."""
    return [_criterion(text) for text in sort]


def _refused(message: str) -> ApiError:
    return ApiError("invalid_search_sort", message)


def _criterion(text: str) -> Criterion:
    name, _, direction = text.rpartition(":")
    if direction not in {"asc", "desc"}:
        raise _refused(
            "Invalid syntax for the sort parameter:"
            f" expected expression ending by `:asc` or `:desc`, found `{text}`."
        )
    ascending = direction == "asc"
    match = GEO_POINT.match(name)
    if match is None:
        for reserved in ("_geo", "_geoDistance", "_geoRadius", "_geoBoundingBox"):
            if name == reserved or name.startswith(reserved + "("):
                raise _refused(
                    f"`{name}` is a reserved keyword and thus can't be used as a sort expression."
                    " Use the _geoPoint(latitude, longitude) built-in rule to sort on _geo field coordinates."
                )
        return Criterion(name, ascending)
    parts = [part.strip() for part in match.group("inner").split(",")]
    try:
        lat, lng = (float(part) for part in parts)
    except ValueError:
        raise _refused(
            "Invalid syntax for the geo parameter: expected expression formated like"
            f" `_geoPoint(latitude, longitude)` and ending by `:asc` or `:desc`, found `{name}`."
        ) from None
    if not -90 <= lat <= 90:
        raise _refused(f"Latitude must be contained between -90 and 90 degrees. {_bad('latitude', lat)}")
    if not -180 <= lng <= 180:
        raise _refused(f"Longitude must be contained between -180 and 180 degrees. {_bad('longitude', lng)}")
    return Criterion("", ascending, (lat, lng))


def _bad(name: str, value: float) -> str:
    return f"Bad {name} `{shown(value)}`."


def check(criteria: list[Criterion], settings: Mapping[str, Any], prefix: str) -> None:
    """Refuse criteria that the settings do not allow.

    Parameters
    ----------
    criteria
        What to sort by.
    settings
        Settings of the index, in the shape of the wire.
    prefix
        How messages begin.
    """
    if not criteria:
        return
    if "sort" not in settings["rankingRules"]:
        raise _refused(
            f"{prefix}You must specify where `sort` is listed in the rankingRules setting"
            " to use the sort parameter at search time."
        )
    sortable = settings["sortableAttributes"]
    for criterion in criteria:
        field = "_geo" if criterion.place is not None else criterion.field
        allowed = "_geo" in sortable if criterion.place is not None else covered(sortable, field)
        if not allowed:
            known = (
                f"Available sortable attributes are: `{listed(set(sortable), settings)}`."
                if sortable
                else "This index does not have configured sortable attributes."
            )
            raise _refused(f"{prefix}Attribute `{field}` is not sortable. {known}")


def groups(
    conn: sqlite3.Connection, criterion: Criterion, docids: Collection[int] | None
) -> Iterator[tuple[Any, list[int]]]:
    """Yield ``(value, documents)`` in the order of a criterion; those without a value come last.

    Parameters
    ----------
    conn
        Database of the index.
    criterion
        What to sort by.
    docids
        The documents to sort, None for all of the index.
    """
    if criterion.place is not None:
        yield from _by_distance(conn, criterion, docids)
    elif docids is not None and len(docids) <= FEW:
        yield from _few(conn, criterion, docids)
    else:
        yield from _many(conn, criterion, docids)


def without(conn: sqlite3.Connection, criterion: Criterion, docids: Collection[int]) -> list[int]:
    """Return the documents that do not have the field of a criterion at all.

    The server loses the others of those without a value (null, nothing in it, an object) where it sorts documents
    that are read back.
    """
    fid = field_ids(conn).get(criterion.field, -1)
    valueless = frozenset(docids_of(conn, "facet_marks WHERE fid = ?", (fid,)))
    return [docid for docid in docids if docid not in valueless]


def _few(
    conn: sqlite3.Connection, criterion: Criterion, docids: Collection[int]
) -> Iterator[tuple[Any, list[int]]]:
    numbers: dict[float, list[int]] = {}
    texts: dict[str, list[int]] = {}
    none: list[int] = []
    best = min if criterion.ascending else max
    for docid in sorted(docids):
        (doc,) = conn.execute("SELECT doc FROM documents WHERE docid = ?", (docid,)).fetchone()
        found = list(facet_values(loads(doc), lambda field: field == criterion.field, geo=False))
        own = [number for _, number, _, _ in found if number is not None]
        words = [text[0] for _, _, text, _ in found if text is not None]
        if own:
            numbers.setdefault(best(own), []).append(docid)
        elif words:
            texts.setdefault(best(words), []).append(docid)
        else:
            none.append(docid)
    yield from ((value, numbers[value]) for value in sorted(numbers, reverse=not criterion.ascending))
    yield from ((value, texts[value]) for value in sorted(texts, reverse=not criterion.ascending))
    if none:
        yield None, none


def _many(
    conn: sqlite3.Connection, criterion: Criterion, docids: Collection[int] | None
) -> Iterator[tuple[Any, list[int]]]:
    fid = field_ids(conn).get(criterion.field, -1)
    direction = "ASC" if criterion.ascending else "DESC"
    left = None if docids is None else set(docids)
    seen: set[int] = set()
    for table in ("facet_numbers", "facet_strings"):
        rows = conn.execute(
            f"SELECT value, docid FROM {table} WHERE fid = ? ORDER BY value {direction}, docid {direction}",
            (fid,),
        )
        current: Any = None
        group: list[int] = []
        for value, docid in rows:
            if docid in seen or (left is not None and docid not in left):
                continue
            seen.add(docid)
            if group and value != current:
                yield current, sorted(group)
                group = []
            current = value
            group.append(docid)
        if group:
            yield current, sorted(group)
    rest = sorted(left - seen) if left is not None else _others(conn, seen)
    if rest:
        yield None, rest


def _others(conn: sqlite3.Connection, seen: set[int]) -> list[int]:
    rows = conn.execute("SELECT docid FROM documents ORDER BY docid")
    return [docid for (docid,) in rows if docid not in seen]


def _by_distance(
    conn: sqlite3.Connection, criterion: Criterion, docids: Collection[int] | None
) -> Iterator[tuple[Any, list[int]]]:
    fids = field_ids(conn)
    assert criterion.place is not None
    query = "SELECT docid, value FROM facet_numbers WHERE fid = ?"
    latitudes = dict(conn.execute(query, (fids.get("_geo.lat", -1),)).fetchall())
    longitudes = dict(conn.execute(query, (fids.get("_geo.lng", -1),)).fetchall())
    candidates = latitudes.keys() if docids is None else [docid for docid in docids if docid in latitudes]
    places = {docid: (latitudes[docid], longitudes[docid]) for docid in candidates if docid in longitudes}
    measured = sorted(
        (distance(criterion.place, place) * (1 if criterion.ascending else -1), docid)
        for docid, place in places.items()
    )
    for _, docid in measured:
        yield places[docid], [docid]
    rest = _others(conn, set(places)) if docids is None else sorted(set(docids) - places.keys())
    if rest:
        yield None, rest
