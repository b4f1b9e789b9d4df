"""``@searchable``: the declaration of what a model looks like in the search index."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrypath.config import Config
from scrypath.schema.faceting import Faceting
from scrypath.schema.fields import Field

if TYPE_CHECKING:
    from sqlalchemy import Select, Table

FINGERPRINT_FIELD = "_scrypath"


@dataclass(frozen=True, slots=True)
class FanOut:
    """Documents of another schema that must be written again when these records change.

    Parameters
    ----------
    target
        The schema (name or model) whose documents depend on these records.
    resolver
        Called with a session and the source ids; returns the ids of the target's rows.
    """

    target: Any
    resolver: Callable[[Any, Sequence[Any]], Sequence[Any]]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SearchSchema:
    """A declared schema: metadata only. Make one with :func:`searchable` or :func:`search_schema`."""

    name: str
    import_string: str
    table: Table
    fields: tuple[Field, ...]
    document_id: str
    model: type[Any] | None = None
    filterable: tuple[str, ...] = ()
    sortable: tuple[str, ...] = ()
    faceting: Faceting = field(default_factory=Faceting)
    settings: Mapping[str, Any] = field(default_factory=dict)
    tenant_field: str | None = None
    fan_outs: Mapping[str, FanOut] = field(default_factory=dict)
    index_prefix: str | None = None
    query: Callable[[Select[Any]], Select[Any]] | None = None
    updated_at: str | None = None
    fingerprint: bool = True

    def __repr__(self) -> str:
        return f"SearchSchema({self.name!r}, {len(self.fields)} fields, id={self.document_id!r})"

    @property
    def plain(self) -> bool:
        """Whether every field is a column, so that rows can stay columns from database to index."""
        return not self.overridden and all(item.plain for item in self.fields)

    @property
    def overridden(self) -> bool:
        """Whether the model's own ``search_document`` makes the documents."""
        return self.model is not None and hasattr(self.model, "search_document")

    @property
    def id_field(self) -> Field:
        """The field that names the document."""
        return next(item for item in self.fields if item.name == self.document_id)

    def index_name(self, config: Config) -> str:
        """Name of the schema's index on the server."""
        prefix = self.index_prefix if self.index_prefix is not None else config.index_prefix
        # SQLAlchemy's names are a subclass of str that not every library takes for one.
        return f"{prefix}_{self.table.name}" if prefix else str(self.table.name)


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
    from scrypath.schema import registry
    from scrypath.schema.validation import build

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
    """
    from scrypath.schema import registry
    from scrypath.schema.validation import build

    return registry.add(build(target, options))
