"""Records as Arrow columns, one per field, in the types that the canonical form starts from."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from scrypath.errors import ProjectionError
from scrypath.schema.fields import Field, Kind
from scrypath.schema.identity import attribute, document_id
from scrypath.schema.metadata import SearchSchema

if TYPE_CHECKING:
    import pyarrow as pa

type Misfit = tuple[str, str]
"""The id of a row or document that cannot be projected, as text, and why it cannot."""


def arrow_type(kind: Kind) -> pa.DataType:
    """The Arrow type that holds a kind's values."""
    import pyarrow as pa

    return {
        Kind.INTEGER: pa.int64(),
        Kind.NUMBER: pa.float64(),
        Kind.BOOLEAN: pa.bool_(),
        Kind.TEXT: pa.string(),
        Kind.UUID: pa.string(),
        Kind.DATETIME: pa.timestamp("us"),
        Kind.DATE: pa.date32(),
        Kind.TEXTS: pa.list_(pa.string()),
        Kind.INTEGERS: pa.list_(pa.int64()),
        Kind.NUMBERS: pa.list_(pa.float64()),
        Kind.JSON: pa.string(),
    }[kind]


def arrow_schema(schema: SearchSchema) -> pa.Schema:
    """The columns of a schema's rows: one per field."""
    import pyarrow as pa

    return pa.schema([(field.name, arrow_type(field.kind)) for field in schema.fields])


def from_records(schema: SearchSchema, records: Sequence[Any]) -> pa.Table:
    """Records (model instances, rows or mappings) as Arrow columns.

    Raises
    ------
    ProjectionError
        For a missing field or a value that its kind cannot hold: names schema, field and record.
    """
    import pyarrow as pa

    rows = [_projected(schema, record) for record in records]
    ids = [document_id(schema, record) for record in rows]
    columns = {}
    for field in schema.fields:
        values = [attribute(schema, row, field.name) for row in rows]
        columns[field.name] = pa.array(
            [_value(schema, field, value, row_id) for value, row_id in zip(values, ids, strict=True)],
            arrow_type(field.kind),
        )
    return pa.table(columns, schema=arrow_schema(schema))


def sound_records(schema: SearchSchema, records: Sequence[Any]) -> tuple[pa.Table, list[Misfit]]:
    """Those of the records that can be projected as Arrow columns, and the others with what is wrong with them."""
    import pyarrow as pa

    try:
        return from_records(schema, records), []
    except ProjectionError as error:
        if len(records) == 1:
            return arrow_schema(schema).empty_table(), [(_shown_id(schema, records[0]), error.message)]
    # One of many, most often: halves find it sooner than looking at each.
    middle = len(records) // 2
    left, right = sound_records(schema, records[:middle]), sound_records(schema, records[middle:])
    return pa.concat_tables([left[0], right[0]]), left[1] + right[1]


def canonical_json(value: Any, *, set_like: bool = False) -> str:
    """JSON with sorted keys, whole numbers of 64 bits as integers, and set-like lists sorted.

    Other numbers have the shortest digits that read back as the same float, as Python's ``repr`` writes them.

    Raises
    ------
    ValueError
        For a value that JSON cannot say, such as NaN.

    Examples
    --------
    >>> canonical_json({"b": 1.0, "a": [2, 1]})
    '{"a":[2,1],"b":1}'
    >>> canonical_json([2, 1, 2], set_like=True)
    '[1,2,2]'
    """
    plain = _plain(value)
    if set_like and isinstance(plain, list):
        plain.sort(key=lambda item: orjson.dumps(item, option=orjson.OPT_SORT_KEYS))
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS).decode()


def json_text(value: Any, *, set_like: bool) -> str | None:
    """The canonical JSON of a column's value; JSON's null counts as no value, as SQLAlchemy reads it."""
    text = canonical_json(value, set_like=set_like)
    return None if text == "null" else text


def field_value(field: Field, value: Any) -> Any:
    """A value as the column of its field holds it: what documents are made of, and what a filter is compared with.

    Raises
    ------
    TypeError, ValueError, OverflowError
        When the field cannot hold it.

    Examples
    --------
    >>> field_value(Field("day", Kind.DATE), "2026-11-28")
    datetime.date(2026, 11, 28)
    """
    return None if value is None else _CONVERT[field.kind](field, value)


def instant(value: datetime) -> datetime:
    """A point in time in UTC, without time zone; one that has none counts as UTC."""
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value


def _shown_id(schema: SearchSchema, record: Any) -> str:
    found = (
        record.get(schema.document_id)
        if isinstance(record, dict)
        else getattr(record, schema.document_id, None)
    )
    return "" if found is None else str(found)


def _projected(schema: SearchSchema, record: Any) -> Any:
    if not schema.overridden or isinstance(record, dict):
        return record
    assert schema.model is not None
    try:
        document = schema.model.search_document(record)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ProjectionError(
            f"{schema.name}.search_document cannot project record {_shown_id(schema, record)!r}: "
            f"{type(error).__name__}: {error}",
            hint="Mend the row, or let search_document take such a row.",
        ) from error
    known = {field.name for field in schema.fields}
    if extra := sorted(set(document) - known):
        raise ProjectionError(
            f"{schema.name}.search_document returned a field {extra[0]!r} that is not declared.",
            hint="Add it to fields=, so that drift in it can be seen.",
        )
    return document


def _value(schema: SearchSchema, field: Field, value: Any, row_id: str) -> Any:
    if value is None:
        return None
    try:
        return _CONVERT[field.kind](field, value)
    except (TypeError, ValueError, OverflowError) as error:
        raise ProjectionError(
            f"{schema.name}: field {field.name!r} of record {row_id!r} cannot hold {value!r} as {field.kind}.",
            hint="Mend the row, or leave the field out of the schema.",
        ) from error


def _integer(_: Field, value: Any) -> int:
    if isinstance(value, bool) or int(value) != value or not -(2**63) <= value < 2**63:
        raise ValueError(value)
    return int(value)


def _number(_: Field, value: Any) -> float:
    if isinstance(value, bool | str) or not math.isfinite(value):
        raise ValueError(value)
    return float(value)


def _boolean(_: Field, value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _text(field: Field, value: Any) -> str:
    if isinstance(value, Enum):
        return _label(field, value)
    if not isinstance(value, str):
        raise TypeError(value)
    value.encode()  # half a surrogate pair is no text
    return value.rstrip(" ") if field.padded else value


def _items(field: Field, value: Any, convert: Callable[[Field, Any], Any]) -> list[Any]:
    if not isinstance(value, Sequence | AbstractSet) or isinstance(value, str | bytes):
        raise TypeError(value)
    return [None if item is None else convert(field, item) for item in value]


def _label(field: Field, value: Enum) -> str:
    from sqlalchemy.dialects import postgresql

    assert field.column is not None
    bind = field.column.type.bind_processor(postgresql.dialect())  # type: ignore[no-untyped-call]
    return str(bind(value)) if bind is not None else str(value.value)


def _datetime(_: Field, value: Any) -> datetime:
    return instant(value if isinstance(value, datetime) else datetime.fromisoformat(value))


def _date(_: Field, value: Any) -> date:
    if isinstance(value, datetime):
        raise TypeError(value)
    return value if isinstance(value, date) else date.fromisoformat(value)


def _json(field: Field, value: Any) -> str | None:
    return json_text(value, set_like=field.set_like)


_CONVERT: dict[Kind, Any] = {
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.BOOLEAN: _boolean,
    Kind.TEXT: _text,
    Kind.UUID: lambda _, value: str(value if isinstance(value, UUID) else UUID(value)),
    Kind.DATETIME: _datetime,
    Kind.DATE: _date,
    Kind.TEXTS: lambda field, value: _items(field, value, _text_or_uuid),
    Kind.INTEGERS: lambda field, value: _items(field, value, _integer),
    Kind.NUMBERS: lambda field, value: _items(field, value, _number),
    Kind.JSON: _json,
}


def _text_or_uuid(field: Field, value: Any) -> str:
    return str(value) if isinstance(value, UUID) else _text(field, value)


def _json_number(number: float) -> int | orjson.Fragment:
    if not math.isfinite(number):
        raise ValueError(number)
    if number.is_integer() and abs(number) < 2**64:
        # The digits that PostgreSQL keeps of it: 1.152921504606847e18 is not the power of two it stands for.
        whole = int(number) if abs(number) < 2**53 else int(Decimal(repr(number)))
        if -(2**63) <= whole < 2**64:
            return whole
    return orjson.Fragment(repr(number))  # the same text whatever orjson's next version writes


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | str():
            return value.value if isinstance(value, Enum) else value
        case Enum():
            return _plain(value.value)
        case int() if -(2**63) <= value < 2**64:
            return value
        case int() | float() | Decimal():
            return _json_number(float(value))
        case datetime():
            return instant(value).isoformat(timespec="microseconds") + "Z"
        case date() | UUID():
            return str(value)
        case dict():
            return {str(key): _plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case set() | frozenset():
            return sorted((_plain(item) for item in value), key=repr)
    raise TypeError(f"{type(value).__name__} is not a JSON value")
