"""What a projected field is made of: its name, its kind, and the column behind it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Column, Table
    from sqlalchemy.types import TypeEngine


class Kind(StrEnum):
    """How a field's values are read, written into documents and made canonical."""

    INTEGER = "integer"
    NUMBER = "number"  # float or decimal: a JSON number
    BOOLEAN = "boolean"
    TEXT = "text"
    UUID = "uuid"  # lower-case, with hyphens
    DATETIME = "datetime"  # UTC, microseconds; a value without time zone counts as UTC
    DATE = "date"
    TEXTS = "texts"
    INTEGERS = "integers"
    NUMBERS = "numbers"
    JSON = "json"  # anything else that JSON can say, keys sorted


LISTS = frozenset({Kind.TEXTS, Kind.INTEGERS, Kind.NUMBERS})


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the document."""

    name: str
    kind: Kind
    column: Column[Any] | None = None  # None: an attribute or property of the model
    set_like: bool = False  # a list whose order means nothing

    @property
    def plain(self) -> bool:
        """Whether the database alone can produce the values, column by column."""
        return self.column is not None

    @property
    def padded(self) -> bool:
        """Whether the database fills values up with blanks that mean nothing (``CHAR``)."""
        import sqlalchemy as sa

        return self.column is not None and isinstance(self.column.type, sa.CHAR)


def columns_of(table: Table, model: type[Any] | None) -> dict[str, Column[Any]]:
    """The columns of a table by the name that records have them under: of the attribute, where there is a model."""
    if model is None:
        return dict(table.columns)
    mapped = model.__mapper__.columns
    return {str(name): column for name, column in mapped.items() if column.table is table}


def kind_of(column_type: TypeEngine[Any]) -> Kind | None:
    """The kind that a column type stands for, or None when only Python knows its values.

    Examples
    --------
    >>> import sqlalchemy as sa
    >>> kind_of(sa.BigInteger()), kind_of(sa.Numeric(10, 2)), kind_of(sa.ARRAY(sa.Text()))
    (<Kind.INTEGER: 'integer'>, <Kind.NUMBER: 'number'>, <Kind.TEXTS: 'texts'>)
    """
    import sqlalchemy as sa

    if isinstance(column_type, sa.types.TypeDecorator):
        return None
    if isinstance(column_type, sa.ARRAY):
        item = kind_of(column_type.item_type)
        lists = {
            Kind.TEXT: Kind.TEXTS,
            Kind.UUID: Kind.TEXTS,
            Kind.INTEGER: Kind.INTEGERS,
            Kind.NUMBER: Kind.NUMBERS,
        }
        return lists.get(item) if item is not None and column_type.dimensions in (None, 1) else None
    table: tuple[tuple[type[Any] | tuple[type[Any], ...], Kind], ...] = (
        (sa.Boolean, Kind.BOOLEAN),
        (sa.Integer, Kind.INTEGER),
        ((sa.Numeric, sa.Float), Kind.NUMBER),
        (sa.DateTime, Kind.DATETIME),
        (sa.Date, Kind.DATE),
        (sa.Uuid, Kind.UUID),
        (sa.JSON, Kind.JSON),
        (sa.Enum, Kind.TEXT),
        (sa.String, Kind.TEXT),
    )
    return next((kind for types, kind in table if isinstance(column_type, types)), None)
