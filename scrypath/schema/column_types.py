"""From SQLAlchemy's column types to kinds of fields, and the types that no field can have, by name."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from scrypath.schema.kinds import LIST_OF, Kind

if TYPE_CHECKING:
    from sqlalchemy import Dialect
    from sqlalchemy.types import TypeEngine

REFUSED = {
    "AbstractRange": "a range",
    "AbstractMultiRange": "a multirange",
    "HSTORE": "hstore",
    "TSVECTOR": "tsvector",
    "TSQUERY": "tsquery",
    "MONEY": "money",
    "REGCLASS": "regclass",
    "REGCONFIG": "regconfig",
    "PickleType": "a pickled object",
    "NullType": "a type that SQLAlchemy does not know",
}


def own_type(column_type: TypeEngine[Any]) -> TypeEngine[Any]:
    """What a column type is in PostgreSQL: its variant there, the type under a domain, itself otherwise."""
    from sqlalchemy.dialects import postgresql

    found = column_type._variant_mapping.get("postgresql", column_type)
    return own_type(found.data_type) if isinstance(found, postgresql.DOMAIN) else found


def decorated(column_type: TypeEngine[Any]) -> bool:
    """Whether only Python knows the values of a type: a ``TypeDecorator``, other than SQLAlchemy's own ``Interval``."""
    import sqlalchemy as sa

    found = own_type(column_type)
    return isinstance(found, sa.types.TypeDecorator) and not isinstance(found, sa.Interval)


def kind_of(column_type: TypeEngine[Any]) -> Kind | None:
    """The kind of a column type, or None when only Python knows its values.

    Examples
    --------
    >>> import sqlalchemy as sa
    >>> kind_of(sa.BigInteger()), kind_of(sa.Numeric(10, 2)), kind_of(sa.ARRAY(sa.Text()))
    (<Kind.INTEGER: 'integer'>, <Kind.NUMBER: 'number'>, <Kind.TEXTS: 'texts'>)
    >>> kind_of(sa.Interval()), kind_of(sa.LargeBinary())
    (<Kind.INTERVAL: 'interval'>, <Kind.BINARY: 'binary'>)
    """
    import sqlalchemy as sa
    from sqlalchemy.dialects import postgresql

    found = own_type(column_type)
    if isinstance(found, sa.ARRAY):
        item = kind_of(found.item_type)
        return LIST_OF.get(item) if item is not None and found.dimensions in (None, 1) else None
    texts = (postgresql.INET, postgresql.CIDR, postgresql.MACADDR, postgresql.MACADDR8, postgresql.BIT)
    table: tuple[tuple[type[Any] | tuple[type[Any], ...], Kind], ...] = (
        (sa.Boolean, Kind.BOOLEAN),
        ((sa.Integer, postgresql.OID), Kind.INTEGER),
        ((sa.Numeric, sa.Float), Kind.NUMBER),
        (sa.DateTime, Kind.DATETIME),
        (sa.Date, Kind.DATE),
        (sa.Time, Kind.TIME),
        ((sa.Interval, postgresql.INTERVAL), Kind.INTERVAL),
        (sa.Uuid, Kind.UUID),
        (sa.JSON, Kind.JSON),
        (sa.types._Binary, Kind.BINARY),
        ((sa.Enum, sa.String, *texts), Kind.TEXT),
    )
    return next((kind for types, kind in table if isinstance(found, types)), None)


def id_type(column_type: TypeEngine[Any]) -> TypeEngine[Any]:
    """The type that the database has for an id: of a decorated type, the one it is made of in PostgreSQL."""
    import sqlalchemy as sa

    found = own_type(column_type)
    if isinstance(found, sa.types.TypeDecorator):
        return id_type(found.load_dialect_impl(_dialect()))
    return found


def refusal(column_type: TypeEngine[Any]) -> str | None:
    """What a type is that no field can have, or None.

    Examples
    --------
    >>> from sqlalchemy.dialects import postgresql
    >>> refusal(postgresql.ARRAY(postgresql.TSVECTOR())), refusal(postgresql.UUID())
    ('an array of tsvector', None)
    """
    import sqlalchemy as sa
    from sqlalchemy.dialects import postgresql

    found = own_type(column_type)
    if isinstance(found, sa.ARRAY):
        item = own_type(found.item_type)
        if isinstance(item, postgresql.CITEXT | postgresql.MACADDR | postgresql.MACADDR8 | postgresql.BIT):
            return f"an array of {item.__visit_name__.lower()}, which drivers read as one text"
        inner = refusal(found.item_type)
        return None if inner is None else f"an array of {inner}"
    names = [base.__name__ for base in (*type(column_type).__mro__, *type(found).__mro__)]
    return next((REFUSED[name] for name in names if name in REFUSED), None)


@lru_cache(maxsize=1)
def _dialect() -> Dialect:
    from sqlalchemy.dialects.postgresql.psycopg import dialect

    made: Dialect = dialect()  # type: ignore[no-untyped-call]
    return made
