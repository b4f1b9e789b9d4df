"""Columns whose types may fail at a value, which are usually the user's own: that value is ``Unread``, and no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from scrypath.schema.unread import Unread

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement


def guarded(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The same column, of which a value that its type cannot read is :class:`Unread`."""
    import sqlalchemy as sa

    class Guarded(sa.types.UserDefinedType[Any]):
        cache_ok = False

        def __init__(self, usual: sa.types.TypeEngine[Any]) -> None:
            self.usual = usual

        def column_expression(self, colexpr: ColumnElement[Any]) -> ColumnElement[Any]:
            usual: Any = self.usual
            if not usual._has_column_expression:
                return colexpr
            read = usual.column_expression(colexpr)
            return sa.type_coerce(read, Guarded(read.type))

        def result_processor(self, dialect: Any, coltype: Any) -> Callable[[Any], Any] | None:
            usual: Any = self.usual.dialect_impl(dialect)
            read = usual.result_processor(dialect, coltype)
            return None if read is None else lambda value: _read(read, value)

    return sa.type_coerce(column, Guarded(column.type)).label(column.key)


def _read(read: Callable[[Any], Any], value: Any) -> Any:
    try:
        return read(value)
    except Exception as error:  # the user's own code
        return Unread(error)
