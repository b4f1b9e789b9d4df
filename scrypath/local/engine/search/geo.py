"""Distances and areas on the globe, in degrees and metres."""

from __future__ import annotations

import math
from typing import Final

EARTH_RADIUS_M: Final = 6371008.8

Point = tuple[float, float]


def distance(a: Point, b: Point) -> float:
    """Return the distance of two points ``(latitude, longitude)`` in metres (haversine).

    Examples
    --------
    >>> round(distance((45.47, 9.18), (45.4777599, 9.1967508)))
    1565
    """
    lat1, lng1, lat2, lng2 = map(math.radians, (*a, *b))
    chord = (
        math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lng2 - lng1) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(chord)))


def box_of_radius(centre: Point, radius: float) -> tuple[Point, Point]:
    """Return the lowest and highest latitude and longitude that a circle of `radius` metres can reach."""
    degrees = math.degrees(radius / EARTH_RADIUS_M) + 1e-9
    return (centre[0] - degrees, -180.0), (centre[0] + degrees, 180.0)


def inside(point: Point, top_right: Point, bottom_left: Point) -> bool:
    """Tell whether a point lies in a box, which may span the 180th meridian."""
    lat, lng = point
    if not bottom_left[0] <= lat <= top_right[0]:
        return False
    if top_right[1] < bottom_left[1]:
        return lng >= bottom_left[1] or lng <= top_right[1]
    return bottom_left[1] <= lng <= top_right[1]
