"""What a projected field is made of: its name, its kind, and the column behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from scrypath.schema.column_types import decorated, id_type, kind_of, own_type
from scrypath.schema.kinds import LISTS, Kind

if TYPE_CHECKING:
    from sqlalchemy import Column, Table
    from sqlalchemy.types import TypeEngine

__all__ = ["LISTS", "Field", "Kind", "columns_of"]


@dataclass(frozen=True)
class Field:
    """One field of the document.

    Parameters
    ----------
    name
        Of the field, and of the record's attribute.
    kind
        How it is written into the document.
    column
        Behind it; None: an attribute or property of the model.
    set_like
        Whether it is a list whose order means nothing.
    as_text
        Of the kind ``texts`` or ``text``, whatever the record holds: each number or date is written as its text.
    """

    name: str
    kind: Kind
    column: Column[Any] | None = None
    set_like: bool = False
    as_text: bool = False

    @cached_property
    def plain(self) -> bool:
        """Whether the database alone can produce the values, column by column."""
        return self.column is not None and not self.decorated and kind_of(self.column.type) is not None

    @cached_property
    def decorated(self) -> bool:
        """Whether a ``TypeDecorator`` makes the column's values."""
        return self.column is not None and decorated(self.column.type)

    @cached_property
    def item(self) -> TypeEngine[Any] | None:
        """The column's type; of an array, the type of its items. None where only Python knows the values."""
        import sqlalchemy as sa

        if self.column is None:
            return None
        found = own_type(self.column.type)
        return own_type(found.item_type) if isinstance(found, sa.ARRAY) else found

    @cached_property
    def padded(self) -> bool:
        """Whether the database fills values up with blanks that mean nothing (``CHAR``)."""
        import sqlalchemy as sa

        kept = id_type(self.column.type) if self.column is not None and self.decorated else self.item
        return isinstance(kept, sa.CHAR)

    @cached_property
    def labels(self) -> frozenset[str] | None:
        """What an enum's column can hold, as the database knows it; None for other types."""
        import sqlalchemy as sa

        return frozenset(self.item.enums) if isinstance(self.item, sa.Enum) else None

    @cached_property
    def bind(self) -> Callable[[Any], Any] | None:
        """From a member of an enum to what the database calls it; None where that is the member's value."""
        from sqlalchemy.dialects import postgresql

        if self.labels is None or self.item is None:
            return None
        return self.item.bind_processor(postgresql.dialect())  # type: ignore[no-untyped-call]

    @cached_property
    def network(self) -> str | None:
        """``inet`` or ``cidr``, whose values are addresses in the drivers' hands; None for other types."""
        from sqlalchemy.dialects import postgresql

        types = {postgresql.INET: "inet", postgresql.CIDR: "cidr"}
        return next((name for kind, name in types.items() if isinstance(self.item, kind)), None)


def columns_of(table: Table, model: type[Any] | None) -> dict[str, Column[Any]]:
    """The columns by the name that records have them under: of the attribute, where there is a model.

    A model that inherits from another by a join has the columns of both tables.
    """
    from sqlalchemy import Column

    if model is None:
        return dict(table.columns)
    mapped = model.__mapper__.columns
    return {str(name): column for name, column in mapped.items() if isinstance(column, Column)}
