"""Records as Arrow columns, one per field, in the types that the canonical form starts from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scrypath.errors import ProjectionError
from scrypath.schema.fields import Field, Kind
from scrypath.schema.identity import attribute, cannot_read, document_id, shown_id
from scrypath.schema.metadata import SearchSchema
from scrypath.schema.value_messages import hint, reason, shown
from scrypath.schema.values import field_value

if TYPE_CHECKING:
    import pyarrow as pa

type Unprojectable = tuple[str, str]
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
        Kind.TIME: pa.string(),
        Kind.INTERVAL: pa.string(),
        Kind.BINARY: pa.string(),
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
            [_value(schema, field, *each) for each in zip(rows, values, ids, strict=True)],
            arrow_type(field.kind),
        )
    return pa.table(columns, schema=arrow_schema(schema))


def projectable_records(schema: SearchSchema, records: Sequence[Any]) -> tuple[pa.Table, list[Unprojectable]]:
    """Those of the records that can be projected as Arrow columns, and the others with what is wrong with them."""
    import pyarrow as pa

    try:
        return from_records(schema, records), []
    except ProjectionError as error:
        if len(records) == 1:
            return arrow_schema(schema).empty_table(), [(shown_id(schema, records[0]), error.message)]
    # One of many, most often: halves find it sooner than looking at each.
    middle = len(records) // 2
    left, right = projectable_records(schema, records[:middle]), projectable_records(schema, records[middle:])
    return pa.concat_tables([left[0], right[0]]), left[1] + right[1]


def bad_value_message(schema: SearchSchema, field: Field, row_id: str, value: Any, error: Exception) -> str:
    """What is wrong with a value that a field of a row refused, naming schema, row, field and value."""
    return f"{schema.name}: {reason(field, value, error)} (record {row_id!r})."


def _projected(schema: SearchSchema, record: Any) -> Any:
    if not schema.overridden or isinstance(record, Mapping):
        return record
    assert schema.model is not None
    try:
        document = schema.model.search_document(record)
    except Exception as error:  # the user's own code
        raise cannot_read(schema, record, "search_document", error) from error
    if not isinstance(document, Mapping):
        raise ProjectionError(
            f"{schema.name}.search_document returned {shown(document)} of record {shown_id(schema, record)!r}, "
            "which is no mapping of fields to values.",
            hint="Return a dict with a value for each declared field.",
        )
    known = {field.name for field in schema.fields}
    if extra := sorted(map(str, set(document) - known)):
        raise ProjectionError(
            f"{schema.name}.search_document returned a field {extra[0]!r} that is not declared.",
            hint="Add it to fields=, so that drift in it can be seen.",
        )
    return document


def _value(schema: SearchSchema, field: Field, record: Any, value: Any, row_id: str) -> Any:
    try:
        return field_value(field, value)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise ProjectionError(
            bad_value_message(schema, field, row_id, value, error), hint=hint(field)
        ) from error
    except Exception as error:  # of an object of the user's own
        raise cannot_read(schema, record, f"field {field.name!r}", error) from error
