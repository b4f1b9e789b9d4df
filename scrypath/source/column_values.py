"""Columns as PostgreSQL has them, whatever the declaration says, as the columns that documents are made of.

A column whose type is the declared one, with ordinary values, is converted as a column. Anything else becomes the
Python values that a record would have, and those are converted as a record's are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from scrypath.errors import ProjectionError
from scrypath.schema import SearchSchema
from scrypath.schema.columns import Unprojectable, arrow_schema, bad_value_message
from scrypath.schema.fields import Field, Kind
from scrypath.schema.value_messages import hint
from scrypath.schema.values import field_value
from scrypath.source.driver_values import (
    FLOATS,
    INTEGERS,
    MOMENTS,
    OBJECTS,
    Foreign,
    driver_values,
    reshaped,
    storage,
)

if TYPE_CHECKING:
    import pyarrow as pa

SHORT = 15  # digits that every double keeps
_YEARS = (-62_135_596_800_000_000, 253_402_300_799_999_999)  # microseconds of the years 1 to 9999
_DAYS = (-719_162, 2_932_896)

type Refused = dict[int, tuple[Field, Any, Exception]]
"""The place of a row in a batch -> the first of its fields that is wrong, its value, and what is wrong with it."""


def typed(
    schema: SearchSchema, batch: pa.RecordBatch, types: list[str], *, strict: bool
) -> tuple[pa.Table, list[Unprojectable]]:
    """A batch of :func:`selection.columns` as ``schema.columns.arrow_schema`` has it, and the rows left out of it.

    Parameters
    ----------
    schema
        Whose rows.
    batch
        A column for each field, then the dimensions of each array.
    types
        What PostgreSQL calls the type of each field's column.
    strict
        True: the first row that cannot be projected raises. False: such rows are left out and returned.

    Raises
    ------
    ProjectionError
        When a row cannot be projected, and ``strict`` is true.
    """
    import pyarrow as pa

    wanted = arrow_schema(schema)
    columns: list[Any] = []
    refused: Refused = {}
    arrays = len(schema.fields)
    for index, (field, type_name) in enumerate(zip(schema.fields, types, strict=True)):
        column = storage(batch.column(index))
        nested = None
        if type_name.startswith("_"):
            nested, arrays = batch.column(arrays), arrays + 1
        found = (
            None
            if nested is not None and nested.null_count < len(nested)
            else _fast(field, type_name, column)
        )
        if found is None:
            found, wrong = _slow(field, type_name, column, nested, wanted.field(index).type)
            refused = wrong | refused
        columns.append(found.cast(wanted.field(index).type))
    table = pa.Table.from_arrays(columns, schema=wanted)
    if not refused:
        return table, []
    ids = table.column(schema.document_id)
    left_out = []
    for place, (field, value, error) in sorted(refused.items()):
        shown = value if field.name == schema.document_id else ids[place].as_py()
        name = "" if shown is None else str(shown)
        said = bad_value_message(schema, field, name, value, error)
        if strict:
            raise ProjectionError(said, hint=hint(field)) from error
        left_out.append((name, said))
    return table.filter(pa.array([place not in refused for place in range(table.num_rows)])), left_out


def _fast(field: Field, type_name: str, column: Any) -> Any:
    """The column of a field by Arrow's kernels alone, or None when a value needs to be looked at."""
    if field.as_text:
        return None
    item = type_name.removeprefix("_")
    if field.kind in _FAST_ITEMS and type_name.startswith("_"):
        return _fast_list(field, item, column)
    if type_name.startswith("_") or field.kind not in _FAST:
        return None
    return _FAST[field.kind](field, item, column)


def _fast_list(field: Field, item: str, column: Any) -> Any:
    import pyarrow as pa

    if not pa.types.is_list(column.type):
        return None
    items = storage(column.values)
    found = _FAST_ITEMS[field.kind](field, item, items)
    if found is None:
        return None
    return pa.ListArray.from_arrays(
        column.offsets, found, mask=column.is_null() if column.null_count else None
    )


def _integers(_: Field, item: str, column: Any) -> Any:
    import pyarrow as pa

    return column.cast(pa.int64()) if item in INTEGERS else None


def _numbers(_: Field, item: str, column: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    if item in FLOATS:
        # Made a double, a short float shows digits that nobody wrote (0.1 is 0.10000000149011612); its text does not.
        column = column.cast(pa.string()).cast(pa.float64()) if item == "float4" else column
    elif item == "numeric":
        if _longest(column) > SHORT:  # zeros at the end are no digits
            column = pc.replace_substring_regex(column, r"(\.\d*?)0+$", r"\1")
        if _longest(column) > SHORT:
            return None
        column = column.cast(pa.float64())
    elif item in ("int2", "int4"):
        column = column.cast(pa.float64())
    else:
        return None
    return column if pc.all(pc.is_finite(column), min_count=0).as_py() else None


def _longest(texts: Any) -> int:
    import pyarrow.compute as pc

    return pc.max(pc.binary_length(texts)).as_py() or 0


def _booleans(_: Field, item: str, column: Any) -> Any:
    return column if item == "bool" else None


def _texts(field: Field, item: str, column: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    if item in OBJECTS or field.network is not None or not pa.types.is_string(column.type):
        return None
    if field.labels is not None:
        known = pc.is_in(column, pa.array(sorted(field.labels), pa.string()), skip_nulls=False)
        if not pc.all(pc.or_(known, column.is_null()), min_count=0).as_py():
            return None
    return pc.utf8_rtrim(column, characters=" ") if field.padded else column


def _texts_or_uuids(field: Field, item: str, column: Any) -> Any:
    return column if item == "uuid" and field.labels is None else _texts(field, item, column)


def _uuids(_: Field, item: str, column: Any) -> Any:
    return column if item == "uuid" else None


def _moments(_: Field, item: str, column: Any) -> Any:
    import pyarrow as pa

    return (
        column.cast(pa.timestamp("us"))
        if item in MOMENTS and _within(column.cast(pa.int64()), _YEARS)
        else None
    )


def _dates(_: Field, item: str, column: Any) -> Any:
    import pyarrow as pa

    return column if item == "date" and _within(column.cast(pa.int32()), _DAYS) else None


def _within(column: Any, bounds: tuple[int, int]) -> bool:
    import pyarrow.compute as pc

    ends = pc.min_max(column).as_py()
    return ends["min"] is None or (bounds[0] <= ends["min"] and ends["max"] <= bounds[1])


_FAST: dict[Kind, Callable[[Field, str, Any], Any]] = {
    Kind.INTEGER: _integers,
    Kind.NUMBER: _numbers,
    Kind.BOOLEAN: _booleans,
    Kind.TEXT: _texts,
    Kind.UUID: _uuids,
    Kind.DATETIME: _moments,
    Kind.DATE: _dates,
}
_FAST_ITEMS: dict[Kind, Callable[[Field, str, Any], Any]] = {
    Kind.TEXTS: _texts_or_uuids,
    Kind.INTEGERS: _integers,
    Kind.NUMBERS: _numbers,
}


def _slow(
    field: Field, type_name: str, column: Any, nested: Any, wanted: pa.DataType
) -> tuple[pa.Array, Refused]:
    import pyarrow as pa

    converted: list[Any] = []
    refused: Refused = {}
    values = driver_values(type_name, column)
    if nested is not None:
        values = [reshaped(value, text) for value, text in zip(values, nested.to_pylist(), strict=True)]
    for place, given in enumerate(values):
        try:
            if isinstance(given, Foreign):
                raise TypeError(given)
            converted.append(field_value(field, given))
        except (TypeError, ValueError, OverflowError) as error:
            refused[place] = (field, given, error)
            converted.append(None)
    return pa.array(converted, wanted), refused
