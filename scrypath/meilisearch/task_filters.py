"""The filters of the server's task routes, in the kit's spelling."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scrypath.errors import InvalidOptions
from scrypath.meilisearch.moments import written
from scrypath.meilisearch.shapes import LARGEST
from scrypath.schema.identity import several

FILTERS = (
    "uids",
    "batch_uids",
    "index_uids",
    "statuses",
    "types",
    "canceled_by",
    "before_enqueued_at",
    "after_enqueued_at",
    "before_started_at",
    "after_started_at",
    "before_finished_at",
    "after_finished_at",
)


def named_filters(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The filters among the arguments of a call.

    Examples
    --------
    >>> named_filters({"limit": 5, "uids": [1]} | dict.fromkeys(FILTERS[1:]))
    {'uids': [1]}
    """
    return {name: arguments[name] for name in FILTERS if arguments[name] is not None}


def whole_number(name: str, value: Any, *, least: int = 1) -> int:
    """A number of things as a call takes it, or an ``InvalidOptions``."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LARGEST:
        raise InvalidOptions(f"{name} cannot be {value!r}.", hint=f"Give a whole number of at least {least}.")
    return value


def query(filters: Mapping[str, Any]) -> dict[str, Any]:
    """The query parameters for filters in the kit's spelling.

    Raises
    ------
    InvalidOptions
        For an empty sequence, or a moment without a time zone.
    """
    params: dict[str, Any] = {}
    for name, value in filters.items():
        head, *rest = name.split("_")
        wire_name = head + "".join(part.capitalize() for part in rest)
        if name.endswith("_at"):
            if not isinstance(value, datetime) or value.tzinfo is None:
                raise InvalidOptions(
                    f"{name} cannot be {value!r}.",
                    hint="Give a datetime with its time zone, such as datetime.now(UTC).",
                )
            params[wire_name] = written(value)
            continue
        values = [value] if isinstance(value, str | int) else list(several(name, value))
        if not values:
            raise InvalidOptions(
                f"{name} is empty.", hint="Leave the filter out, or name at least one value."
            )
        params[wire_name] = values
    return params
