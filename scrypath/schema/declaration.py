"""``@searchable``: the declaration of what a model looks like in the search index."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scrypath.schema import registry
from scrypath.schema.faceting import Faceting
from scrypath.schema.metadata import FanOut, SearchSchema
from scrypath.schema.validation import build

if TYPE_CHECKING:
    from sqlalchemy import Select


def searchable(
    *,
    fields: Sequence[str],
    name: str | None = None,
    filterable: Sequence[str] = (),
    sortable: Sequence[str] = (),
    faceting: Faceting | None = None,
    settings: Mapping[str, Any] | None = None,
    document_id: str | None = None,
    set_like: Sequence[str] = (),
    as_text: Sequence[str] = (),
    tenant_field: str | None = None,
    fan_outs: Mapping[str, FanOut] | None = None,
    index_prefix: str | None = None,
    query: Callable[[Select[Any]], Select[Any]] | None = None,
    updated_at: str | None = None,
    fingerprint: bool = True,
) -> Callable[[type[Any]], type[Any]]:
    """Declare a SQLAlchemy model searchable. The model gains no methods.

    Parameters
    ----------
    fields
        Columns or attributes projected into the document.
    name
        Registered name; default: the model's class name.
    filterable, sortable
        Fields that searches may filter and sort by.
    faceting
        A :class:`Faceting`.
    settings
        Further index settings, in snake_case.
    document_id
        The field that names the document; default: the primary key.
    set_like
        List fields whose order means nothing.
    as_text
        Fields of numbers, flags, dates and times whose values are written into the document as text.
    tenant_field
        Field that every search must filter by.
    fan_outs
        ``{name: FanOut(target, resolver)}``.
    index_prefix
        Overrides the configured prefix.
    query
        ``Select -> Select``: what a row is (visibility, soft delete, tenant).
    updated_at
        Column that changes whenever anything of the row that is indexed changes: what
        ``reconcile_sync(incremental=True)`` trusts where versions of rows do not say what changed.
    fingerprint
        False for an index shared with other writers: only this schema's fields are written, and theirs stay.

    Returns
    -------
    Callable
        A decorator that registers the model and gives it back.

    Raises
    ------
    SchemaError
        When the declaration is not valid; the message names the schema, the option and the value.

    Examples
    --------
    >>> from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
    >>> class Base(DeclarativeBase): ...
    >>> @searchable(fields=["id", "title"], filterable=["title"])
    ... class DocPage(Base):
    ...     __tablename__ = "doc_pages"
    ...     id: Mapped[int] = mapped_column(primary_key=True)
    ...     title: Mapped[str]
    >>> from scrypath.schema import registry
    >>> registry.find("DocPage").document_id
    'id'
    """
    options = dict(locals())

    def declare(model: type[Any]) -> type[Any]:
        registry.add(build(model, **options))
        return model

    return declare


def search_schema(
    target: Any,
    *,
    fields: Sequence[str],
    name: str | None = None,
    filterable: Sequence[str] = (),
    sortable: Sequence[str] = (),
    faceting: Faceting | None = None,
    settings: Mapping[str, Any] | None = None,
    document_id: str | None = None,
    set_like: Sequence[str] = (),
    as_text: Sequence[str] = (),
    tenant_field: str | None = None,
    fan_outs: Mapping[str, FanOut] | None = None,
    index_prefix: str | None = None,
    query: Callable[[Select[Any]], Select[Any]] | None = None,
    updated_at: str | None = None,
    fingerprint: bool = True,
) -> SearchSchema:
    """Declare a search schema over a SQLAlchemy model or ``Table``, and register it.

    Parameters
    ----------
    target
        A declarative model, or a ``Table`` (then ``name`` is required).
    fields
        Columns or attributes projected into the document.
    name
        Registered name; default: the model's class name.
    filterable, sortable
        Fields that searches may filter and sort by.
    faceting
        A :class:`Faceting`.
    settings
        Further index settings, in snake_case.
    document_id
        The field that names the document; default: the primary key.
    set_like
        List fields whose order means nothing.
    as_text
        Fields of numbers, flags, dates and times whose values are written into the document as text.
    tenant_field
        Field that every search must filter by.
    fan_outs
        ``{name: FanOut(target, resolver)}``.
    index_prefix
        Overrides the configured prefix.
    query
        ``Select -> Select``: what a row is (visibility, soft delete, tenant).
    updated_at
        Column that changes whenever anything of the row that is indexed changes: what
        ``reconcile_sync(incremental=True)`` trusts where versions of rows do not say what changed.
    fingerprint
        False for an index shared with other writers: only this schema's fields are written, and theirs stay.

    Returns
    -------
    SearchSchema
        The registered schema.

    Raises
    ------
    SchemaError
        When the declaration is not valid.

    Examples
    --------
    >>> from sqlalchemy import Column, Integer, MetaData, Table, Text
    >>> notes = Table("notes", MetaData(), Column("id", Integer, primary_key=True), Column("text", Text))
    >>> search_schema(notes, name="Note", fields=["id", "text"])
    SearchSchema('Note', 2 fields, id='id')
    """
    options = dict(locals())
    return registry.add(build(**options))
