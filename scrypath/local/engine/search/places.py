"""Geographic filters: the documents in a circle or a box."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from scrypath.local.engine.search.fields import Filterable
from scrypath.local.engine.search.geo import Point, box_of_radius, distance, inside
from scrypath.local.engine.search.nodes import Geo, Token, not_filterable
from scrypath.local.engine.search.values import finite


@dataclass(frozen=True, slots=True)
class Places:
    """Where the documents of an index are.

    Parameters
    ----------
    conn
        Database of the index.
    filterable
        What may be filtered on.
    fids
        Numbers of the fields.
    """

    conn: sqlite3.Connection
    filterable: Filterable
    fids: Mapping[str, int]

    def within(self, node: Geo) -> list[int]:
        """Return the internal ids of the documents that a geographic filter selects."""
        numbers = [self._number(token) for token in node.arguments]
        if node.name == "_geoRadius":
            centre, radius = (numbers[0], numbers[1]), numbers[2]
            self._check(node.arguments[:2])
            if len(numbers) == 4 and not 3 <= int(numbers[3]) <= 1000:
                raise node.arguments[3].error(
                    f"Invalid resolution `{int(numbers[3])}`. Resolution must be between 3 and 1000."
                )
            self._allowed(node, "_geo/_geojson")
            low, high = box_of_radius(centre, radius)
            points = self._points(low[0], high[0])
            return [docid for docid, point in points if distance(centre, point) <= radius]
        if node.name == "_geoPolygon":
            self._allowed(node, "_geojson")
        self._check(node.arguments)
        top, bottom = (numbers[0], numbers[1]), (numbers[2], numbers[3])
        if node.name == "_geoBoundingBox":
            if top[0] < bottom[0]:
                raise node.arguments[3].error(
                    f"The top latitude `{_shown(top[0])}` is below the bottom latitude `{_shown(bottom[0])}`."
                )
            self._allowed(node, "_geo/_geojson")
            return [docid for docid, point in self._points(bottom[0], top[0]) if inside(point, top, bottom)]
        return []

    def _number(self, token: Token) -> float:
        number = finite(token.text)
        if number is None:
            raise token.error("Non finite floats are not supported")
        return number

    def _check(self, tokens: tuple[Token, ...]) -> None:
        for index, token in enumerate(tokens):
            value = float(token.text)
            if index % 2 == 0 and not -90 <= value <= 90:
                raise token.error(
                    f"Bad latitude `{_shown(value)}`. Latitude must be contained between -90 and 90 degrees."
                )
            if index % 2 and not -180 <= value <= 180:
                better = _shown((value + 180) % 360 - 180)
                raise token.error(
                    f"Bad longitude `{_shown(value)}`. Longitude must be contained between -180 and 180 degrees."
                    f" Hint: try using `{better}` instead."
                )

    def _allowed(self, node: Geo, attribute: str) -> None:
        if attribute == "_geojson" or not self.filterable.allows("_geo"):
            raise not_filterable(node.arguments[0], self.filterable, attribute)

    def _points(self, south: float, north: float) -> list[tuple[int, Point]]:
        lat, lng = self.fids.get("_geo.lat"), self.fids.get("_geo.lng")
        rows = self.conn.execute(
            "SELECT docid, value FROM facet_numbers WHERE fid = ? AND value BETWEEN ? AND ?",
            (lat, south, north),
        )
        latitudes = dict(rows.fetchall())
        rows = self.conn.execute("SELECT docid, value FROM facet_numbers WHERE fid = ?", (lng,))
        return [(docid, (latitudes[docid], value)) for docid, value in rows if docid in latitudes]


def _shown(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
