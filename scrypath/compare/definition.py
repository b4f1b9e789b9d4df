"""What a schema's rows are and what their fingerprint is made of, as one hash."""

from __future__ import annotations

from datetime import date
from hashlib import md5
from typing import Any

from scrypath.schema import SearchSchema
from scrypath.schema.documents import fingerprint_sql
from scrypath.source import selection
from scrypath.source.selection import Part


def definition(schema: SearchSchema, *, moments: bool) -> str:
    """A hash that is the same in every process that declares the same rows and fingerprints.

    Parameters
    ----------
    schema
        The schema.
    moments
        Whether dates in the schema's query count. They must where two readings are compared: "published before now"
        has other rows at another moment, although none of them changed. They must not where two processes share one
        reading: each has its own moment of the same definition.
    """
    from sqlalchemy.dialects import postgresql

    select = selection.columns if schema.plain else selection.records
    compiled = select(schema, Part()).compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]
    values = [
        f"{name}={_value(value, ordered=not compiled.binds[name].expanding, moments=moments)}"
        for name, value in sorted(compiled.params.items())
    ]
    parts = f"{compiled}\n{values}\n{fingerprint_sql(schema)}"
    return md5(parts.encode(), usedforsecurity=False).hexdigest()


def _value(value: Any, *, ordered: bool, moments: bool) -> str:
    match value:
        case date() if not moments:
            return ""
        case list() | tuple() | set() | frozenset():
            items = [_value(item, ordered=ordered, moments=moments) for item in value]
            # IN (...) has no order, and a set of texts has another one in every process.
            return ", ".join(items if ordered and isinstance(value, list | tuple) else sorted(items))
        case _:
            return str(value)
