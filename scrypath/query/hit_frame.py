"""Documents of hits as a frame: its dtypes come from the declared fields, never from what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

import orjson
import polars as pl

from scrypath.schema import SearchSchema
from scrypath.schema.columns import arrow_schema
from scrypath.schema.fields import Kind

SCORE = "_rankingScore"
DETAILS = "_rankingScoreDetails"
DISTANCE = "_geoDistance"  # metres
_ADDED: Mapping[str, pl.DataType] = {SCORE: pl.Float64(), DETAILS: pl.String(), DISTANCE: pl.Int64()}


def dtypes(schema: SearchSchema, added: Sequence[str] = ()) -> pl.Schema:
    """The columns of a frame of hits: one a field, and those that the server adds when asked."""
    return pl.Schema(dict(_declared(schema)) | {name: _ADDED[name] for name in added})


@lru_cache(maxsize=64)
def _declared(schema: SearchSchema) -> pl.Schema:
    declared: dict[str, pl.DataType] = dict(pl.from_arrow(arrow_schema(schema).empty_table()).schema)  # type: ignore[union-attr]
    for field in schema.fields:
        if field.kind is Kind.DATETIME:
            declared[field.name] = pl.Datetime("us", "UTC")
    return pl.Schema(declared)


def frame(
    schema: SearchSchema, documents: Sequence[Mapping[str, Any]], added: Sequence[str] = ()
) -> pl.DataFrame:
    """Documents as rows; a value that its column cannot hold is null there, and stays in the documents."""
    wanted = dtypes(schema, added)
    columns = {
        name: pl.Series(name, [_value(document.get(name), dtype) for document in documents], dtype)
        for name, dtype in wanted.items()
    }
    return pl.DataFrame(columns, schema=wanted)


def _value(value: Any, dtype: pl.DataType) -> Any:
    if value is None:
        return None
    if isinstance(dtype, pl.List):
        inner = dtype.inner
        assert isinstance(inner, pl.DataType)
        return [_value(item, inner) for item in value] if isinstance(value, list) else None
    if dtype == pl.String():
        return value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    if dtype == pl.Boolean():
        return value if isinstance(value, bool) else None
    if isinstance(value, bool):
        return None
    if dtype == pl.Int64():
        return value if isinstance(value, int) and -(2**63) <= value < 2**63 else None
    if dtype == pl.Float64():
        return float(value) if isinstance(value, int | float) else None
    return _moment(value, dtype) if isinstance(value, str) else None


def _moment(text: str, dtype: pl.DataType) -> datetime | date | None:
    try:
        if dtype == pl.Date():
            return date.fromisoformat(text)
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
