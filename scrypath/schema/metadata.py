"""What a declaration says: a schema and its fan-outs, as frozen metadata."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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

    Examples
    --------
    >>> from sqlalchemy import select
    >>> def products_of(session, brand_ids):
    ...     return session.scalars(select(Product.id).where(Product.brand_id.in_(brand_ids))).all()
    >>> FanOut("Product", products_of).target
    'Product'
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
    def in_documents(self) -> SearchSchema:
        """The same with fields as documents hold them: what is written as text is a text there, and no number."""
        fields = tuple(replace(item, as_text=False) if item.as_text else item for item in self.fields)
        return replace(self, fields=fields)

    @property
    def id_field(self) -> Field:
        """The field that names the document."""
        return next(item for item in self.fields if item.name == self.document_id)

    def index_name(self, config: Config) -> str:
        """Name of the schema's index on the server."""
        prefix = self.index_prefix if self.index_prefix is not None else config.index_prefix
        # SQLAlchemy's names are a subclass of str that not every library takes for one.
        return f"{prefix}_{self.table.name}" if prefix else str(self.table.name)
