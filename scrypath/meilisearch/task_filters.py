"""The filters of the server's task routes, in the kit's spelling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict

from scrypath.errors import InvalidOptions, did_you_mean
from scrypath.meilisearch.moments import written


class TaskFilters(TypedDict, total=False):
    """The filters of the server's task routes, in the kit's spelling."""

    uids: Sequence[int]
    batch_uids: Sequence[int]
    index_uids: Sequence[str]
    statuses: Sequence[str]
    types: Sequence[str]
    canceled_by: Sequence[int]
    before_enqueued_at: datetime
    after_enqueued_at: datetime
    before_started_at: datetime
    after_started_at: datetime
    before_finished_at: datetime
    after_finished_at: datetime


def query(filters: Mapping[str, Any]) -> dict[str, Any]:
    """The query parameters for filters in the kit's spelling.

    Raises
    ------
    InvalidOptions
        For an unknown filter, an empty sequence, or a moment without a time zone.
    """
    known = TaskFilters.__annotations__
    params: dict[str, Any] = {}
    for name, value in filters.items():
        if name not in known:
            raise InvalidOptions(f"Tasks have no filter {name!r}.", hint=did_you_mean(name, known))
        if value is None:
            continue
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
        values = [value] if isinstance(value, str | int) else list(value)
        if not values:
            raise InvalidOptions(
                f"{name} is empty.", hint="Leave the filter out, or name at least one value."
            )
        params[wire_name] = values
    return params
