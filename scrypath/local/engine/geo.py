"""The `_geo` field of documents, where settings make it matter."""

from __future__ import annotations

import math
from typing import Any

from scrypath.local.engine.deserr import dumps
from scrypath.local.engine.errors import ApiError


def matters(settings: dict[str, Any]) -> bool:
    """Return whether the settings filter or sort by ``_geo``."""
    return "_geo" in settings["filterableAttributes"] or "_geo" in settings["sortableAttributes"]


def _finite(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return False
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False


def check(id_: str, document: dict[str, Any]) -> None:
    """Refuse a document whose ``_geo`` is no place on earth."""
    place = document.get("_geo")
    if place is None:
        return
    where = f"in the document with the id: `{dumps(id_)}`"
    message = ""
    if not isinstance(place, dict):
        message = (
            f"The `_geo` field {where} is not an object. Was expecting an object with the `_geo.lat` and"
            f" `_geo.lng` fields but instead got `{dumps(place)}`."
        )
    elif {"lat", "lng"} < place.keys():
        extra = {key: value for key, value in place.items() if key not in ("lat", "lng")}
        message = f"The `_geo` field {where} contains the following unexpected fields: `{dumps(extra)}`."
    else:
        lat, lng = "lat" in place, "lng" in place
        wrong = [name for name in ("lat", "lng") if not _finite(place.get(name))]
        names = {"lat": "latitude", "lng": "longitude"}
        if not lat and not lng:
            message = f"Could not find latitude nor longitude {where}. Was expecting `_geo.lat` and `_geo.lng` fields."
        elif not lat or not lng:
            missing = "lng" if lat else "lat"
            message = f"Could not find {names[missing]} {where}. Was expecting a `_geo.{missing}` field."
        elif len(wrong) == 2:
            message = (
                f"Could not parse latitude nor longitude {where}. Was expecting finite numbers but instead got"
                f" `{dumps(place['lat'])}` and `{dumps(place['lng'])}`."
            )
        elif wrong:
            message = (
                f"Could not parse {names[wrong[0]]} {where}. Was expecting a finite number but instead got"
                f" `{dumps(place[wrong[0]])}`."
            )
    if message:
        raise ApiError("invalid_document_geo_field", message)
