"""Facet values: what of a document filters, facets and sorting can see."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from enum import IntEnum
from typing import Any, Final

from scrypath.local.engine.search.fields import leaves, scalars

MAX_VALUE_BYTES: Final = 468
GEO: Final = "_geo"


class Mark(IntEnum):
    """What a field is that holds no value."""

    PRESENT = 0
    NULL = 1
    EMPTY = 2
    BLANK = 3
    """Holds an empty text: no value to filters, but one to distinct."""


def normal_facet(text: str) -> str:
    """Return a facet value as filters compare it: trimmed, decomposed, in lower case.

    Examples
    --------
    >>> normal_facet("  Ostra ")
    'ostra'
    """
    stripped = text.strip()
    if stripped.isascii():
        return stripped.lower()
    return unicodedata.normalize("NFKD", stripped).lower()


def shown_number(value: float) -> str:
    """Return a number as facet distributions show it: 3, 3.5."""
    if value == int(value) and abs(value) < 1e16:
        return str(int(value))
    return repr(value)


def _mark(value: Any) -> Mark:
    if value is None:
        return Mark.NULL
    if value in ("", [], {}):
        return Mark.EMPTY
    return Mark.PRESENT


def coordinate(value: Any) -> float | None:
    """Return a latitude or longitude given as a number or a text, None when it is neither."""
    if isinstance(value, bool):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None


def point(document: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return the ``_geo`` of a document as ``(latitude, longitude)`` in degrees."""
    geo = document.get(GEO)
    if not isinstance(geo, dict):
        return None
    lat, lng = coordinate(geo.get("lat")), coordinate(geo.get("lng"))
    return None if lat is None or lng is None else (lat, lng)


def facet_values(
    document: Mapping[str, Any],
    faceted: Callable[[str], bool],
    *,
    geo: bool,
) -> Iterator[tuple[str, float | None, tuple[str, str] | None, Mark | None]]:
    """Yield ``(field, number, (normal form, original), mark)``, one of the last three set."""
    if geo:
        place = point(document)
        if place is not None:
            yield "_geo.lat", place[0], None, None
            yield "_geo.lng", place[1], None, None
    for field, value in leaves(document):
        if not faceted(field) or field.startswith("_geo."):
            continue
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield field, float(value), None, None
            continue
        valued = False
        for scalar in scalars(value):
            if isinstance(scalar, bool):
                text = "true" if scalar else "false"
                yield field, None, (text, text), None
                valued = True
            elif isinstance(scalar, str):
                folded = normal_facet(scalar)
                if folded:
                    yield field, None, (_clipped(folded), scalar), None
                    valued = True
                else:
                    yield field, None, None, Mark.BLANK
            else:
                yield field, float(scalar), None, None
                valued = True
        if not valued:
            yield field, None, None, _mark(value)


def _clipped(text: str) -> str:
    if len(text) * 4 <= MAX_VALUE_BYTES:
        return text
    return text.encode()[:MAX_VALUE_BYTES].decode(errors="ignore")


def finite(text_: str) -> float | None:
    """Return a number as Meilisearch reads one in a filter, None when the text is none."""
    if not text_.isascii() or "_" in text_ or text_ != text_.strip():
        return None
    try:
        number = float(text_)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
