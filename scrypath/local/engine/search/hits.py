"""Hits: what a searcher sees of the documents that were found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from scrypath.local.engine.search.fields import WILDCARD, covered, covers
from scrypath.local.engine.search.geo import distance
from scrypath.local.engine.search.highlight import Highlighter
from scrypath.local.engine.search.request import Search
from scrypath.local.engine.search.values import point

GEO_POINT: Final = re.compile(r"_geoPoint\(\s*([\d.\-]+)\s*,\s*([\d.\-]+)\s*\)")

type Options = dict[str, tuple[bool, int | None]]


def select(document: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return the parts of a document that dotted names select; objects in lists are looked into.

    Examples
    --------
    >>> select({"a": {"b": 1, "c": 2}, "d": [{"e": 3, "f": 4}]}, ["a.b", "d.f"])
    {'a': {'b': 1}, 'd': [{'f': 4}]}
    """
    found: dict[str, Any] = {}
    wanted = list(names)
    for key, value in document.items():
        inner = [name[len(key) + 1 :] for name in wanted if name.startswith(key + ".")]
        if key in wanted:
            found[key] = value
        elif inner:
            part = _inside(value, inner)
            if part not in ({}, [], None):
                found[key] = part
    return found


def _inside(value: Any, names: list[str]) -> Any:
    if isinstance(value, dict):
        return select(value, names)
    if isinstance(value, list):
        parts = (_inside(item, names) for item in value if isinstance(item, dict | list))
        return [part for part in parts if part not in ({}, [], None)]
    return None


class HitMaker:
    """Turns documents into hits.

    Parameters
    ----------
    search
        What was asked for.
    settings
        Settings of the index, in the shape of the wire.
    fields
        Every field of the index.
    highlighter
        Marks the words of the query.
    """

    def __init__(
        self, search: Search, settings: Mapping[str, Any], fields: Iterable[str], highlighter: Highlighter
    ) -> None:
        self.search = search
        self.highlighter = highlighter
        shown = settings["displayedAttributes"]
        self.everything = WILDCARD in shown
        self.displayed = [] if self.everything else [name for name in fields if covered(shown, name)]
        self.names = list(fields) if self.everything else self.displayed
        wanted = search.attributes_to_retrieve
        known = set(self.names)
        self.retrieved = (
            None if wanted is None or WILDCARD in wanted else [name for name in wanted if name in known]
        )
        self.options = self._options(known)
        place = next((found for text in search.sort or () if (found := GEO_POINT.search(text))), None)
        self.origin = None if place is None else (float(place.group(1)), float(place.group(2)))

    def _options(self, known: set[str]) -> Options:
        found: Options = {}
        for name in self.search.attributes_to_highlight or ():
            for field in self.names if name == WILDCARD else [name] if name in known else []:
                found[field] = (True, None)
        for text in self.search.attributes_to_crop or ():
            name, colon, length = text.rpartition(":")
            if not colon:
                name, length = text, ""
            size = int(length) if length.isascii() and length.isdigit() else self.search.crop_length
            for field in self.names if name == WILDCARD else [name] if name in known else []:
                found[field] = (found.get(field, (False, None))[0], size)
        return found

    def visible(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return what anybody may see of a document."""
        return dict(document) if self.everything else select(document, self.displayed)

    def hit(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return a document as a hit, with its highlights."""
        visible = self.visible(document)
        found = visible if self.retrieved is None else select(visible, self.retrieved)
        found = {name: value for name, value in found.items() if name != "_vectors"}
        if self.search.retrieve_vectors and (self.everything or "_vectors" in self.displayed):
            found["_vectors"] = visible.get("_vectors") or {}
        if self.origin is not None:
            place = point(found)
            if place is not None:
                found["_geoDistance"] = round(distance(self.origin, place))
        if self.options:
            found["_formatted"] = self._formatted(visible)
        if self.search.show_matches_position:
            bounds: dict[str, list[dict[str, Any]]] = {}
            self._bounds(visible, "", (), bounds)
            found["_matchesPosition"] = dict(sorted(bounds.items()))
        return found

    def _formatted(self, visible: Mapping[str, Any]) -> dict[str, Any]:
        wanted = None if self.retrieved is None else [*self.retrieved, *self.options]
        chosen = visible if wanted is None else select(visible, wanted)
        return {name: self._format(value, name) for name, value in chosen.items()}

    def _format(self, value: Any, name: str) -> Any:
        if isinstance(value, dict):
            return {key: self._format(item, f"{name}.{key}") for key, item in value.items()}
        if isinstance(value, list):
            return [self._format(item, name) for item in value]
        if value is None or isinstance(value, bool):
            return value
        text = value if isinstance(value, str) else number_text(value)
        highlight, crop = False, None
        for field, (marks, size) in self.options.items():
            if covers(field, name) or covers(name, field):
                highlight = highlight or marks
                crop = crop if crop is not None else size
        return self.highlighter.formatted(text, highlight=highlight, crop=crop)

    def _bounds(
        self, value: Any, name: str, indices: tuple[int, ...], found: dict[str, list[dict[str, Any]]]
    ) -> None:
        if isinstance(value, dict):
            for key, item in value.items():
                self._bounds(item, f"{name}.{key}" if name else key, indices, found)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                self._bounds(item, name, (*indices, index), found)
        elif value is not None and not isinstance(value, bool):
            text = value if isinstance(value, str) else number_text(value)
            bounds = self.highlighter.bounds(text, indices)
            if bounds:
                # as in the server, the last element of a list is the one that is shown
                found[name] = bounds


def number_text(value: float) -> str:
    """Return a JSON number as text."""
    return repr(value) if isinstance(value, float) else str(value)
