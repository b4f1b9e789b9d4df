"""From a name in ``fields=`` to a field, or an error that says why there can be no such field."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from scrypath.errors import SchemaError, did_you_mean
from scrypath.schema.column_types import decorated, id_type, kind_of, refusal
from scrypath.schema.fields import LISTS, Field, Kind
from scrypath.schema.metadata import FINGERPRINT_FIELD

if TYPE_CHECKING:
    from sqlalchemy import Column

RESERVED = frozenset(
    {
        FINGERPRINT_FIELD,
        "_vectors",
        "_geoDistance",
        "_formatted",
        "_matchesPosition",
        "_rankingScore",
        "_rankingScoreDetails",
        "_federation",
    }
)
PLACES = frozenset({"_geo", "_geojson"})  # of which Meilisearch takes objects only
TEXT_OF = {
    Kind.INTEGER: Kind.TEXT,
    Kind.NUMBER: Kind.TEXT,
    Kind.BOOLEAN: Kind.TEXT,
    Kind.DATE: Kind.TEXT,
    Kind.DATETIME: Kind.TEXT,
    Kind.INTEGERS: Kind.TEXTS,
    Kind.NUMBERS: Kind.TEXTS,
}


def declared(
    schema: str,
    name: str,
    column: Column[Any] | None,
    *,
    attribute: bool,
    set_like: bool,
    as_text: bool,
    names_document: bool,
    columns: Iterable[str],
) -> Field:
    """A field as it is declared.

    Parameters
    ----------
    schema, name
        For the message.
    column
        Behind the field, if there is one.
    attribute
        Whether the model has an attribute of this name, or a ``search_document`` that may return one.
    set_like, as_text
        Whether the options of these names hold it.
    names_document
        Whether it is the document's id.
    columns
        Names to choose from, for the hint.

    Raises
    ------
    SchemaError
        For a name that Meilisearch reserves or cannot read back, a type that no field can have, an option that does
        not fit.
    """
    _check_name(schema, name)
    if column is None:
        if not attribute:
            raise SchemaError(
                f"{schema}: field {name!r} is neither a column nor an attribute.",
                hint=did_you_mean(name, columns),
            )
        return Field(name, Kind.TEXT if as_text else Kind.JSON, set_like=set_like, as_text=as_text)
    if (refused := refusal(column.type)) is not None:
        raise SchemaError(
            f"{schema}: field {name!r} is {refused}, which no document can hold.",
            hint="Leave the column out, and declare a property that returns what is to be searched.",
        )
    python_only = decorated(column.type)
    kind = kind_of(id_type(column.type) if names_document else column.type) or Kind.JSON
    if name in PLACES and kind is not Kind.JSON:
        raise SchemaError(
            f"{schema}: field {name!r} is of kind {kind}, and Meilisearch takes an object there.",
            hint="Give the field another name, or make it a JSON column or a property that returns the object.",
        )
    if set_like and kind not in LISTS and kind is not Kind.JSON:
        raise SchemaError(f"{schema}: set_like names {name!r}, which is not a list.", hint="Leave it out.")
    if as_text:
        if names_document:
            raise SchemaError(
                f"{schema}: as_text names {name!r}, which is the document's id.",
                hint="An id is compared as text in any case.",
            )
        if kind is Kind.JSON and python_only:
            kind = Kind.TEXT
        elif kind in TEXT_OF:
            kind = TEXT_OF[kind]
        else:
            raise SchemaError(
                f"{schema}: as_text names {name!r}, which is of kind {kind}.",
                hint="Numbers, dates and lists of numbers can be written as text.",
            )
    return Field(name, kind, column, set_like=set_like, as_text=as_text)


def _check_name(schema: str, name: str) -> None:
    if name in RESERVED:
        raise SchemaError(f"{schema}: field {name!r} is reserved.", hint="Give the field another name.")
    if not name or name == "*" or "." in name or "\x00" in name:
        raise SchemaError(
            f"{schema}: {name!r} cannot name a field: Meilisearch reads a dot as a path and * as every field.",
            hint="Give the attribute another name: mapped_column('a.b') keeps the column's.",
        )
