"""``@searchable``: the declaration of what a model looks like in the search index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scrypath.schema import registry
from scrypath.schema.metadata import SearchSchema
from scrypath.schema.validation import build


def searchable(**options: Any) -> Callable[[type[Any]], type[Any]]:
    """Declare a SQLAlchemy model searchable. The model gains no methods.

    Parameters
    ----------
    options
        ``fields`` (required), ``filterable``, ``sortable``, ``faceting``, ``settings``, ``document_id``,
        ``set_like``, ``tenant_field``, ``fan_outs``, ``index_prefix``, ``query``, ``updated_at``,
        ``fingerprint``, ``name``: see :func:`search_schema`.

    Returns
    -------
    Callable
        A decorator that registers the model and gives it back.

    Raises
    ------
    SchemaError
        When the declaration does not hold; the message names the schema, the option and the value.

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

    def declare(model: type[Any]) -> type[Any]:
        registry.add(build(model, options))
        return model

    return declare


def search_schema(target: Any, **options: Any) -> SearchSchema:
    """Declare a search schema over a SQLAlchemy model or ``Table``, and register it.

    Parameters
    ----------
    target
        A declarative model, or a ``Table`` (then ``name`` is required).
    options
        fields
            Columns or attributes projected into the document. Required.
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
        tenant_field
            Field that every search must filter by.
        fan_outs
            ``{name: FanOut(target, resolver)}``.
        index_prefix
            Overrides the configured prefix.
        query
            ``Select -> Select``: what a row is (visibility, soft delete, tenant).
        updated_at
            Column that changes whenever anything of the row that is indexed changes; needed by
            ``reconcile_sync(incremental=True)``.
        fingerprint
            False for an index shared with other writers.

    Returns
    -------
    SearchSchema
        The registered schema.

    Raises
    ------
    SchemaError
        When the declaration does not hold.

    Examples
    --------
    >>> from sqlalchemy import Column, Integer, MetaData, Table, Text
    >>> notes = Table("notes", MetaData(), Column("id", Integer, primary_key=True), Column("text", Text))
    >>> search_schema(notes, name="Note", fields=["id", "text"])
    SearchSchema('Note', 2 fields, id='id')
    """
    return registry.add(build(target, options))
