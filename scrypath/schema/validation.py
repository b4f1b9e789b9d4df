"""From the options of a declaration to a schema, or an error that names what is not valid."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scrypath.errors import SchemaError, did_you_mean
from scrypath.schema.declared_fields import declared
from scrypath.schema.faceting import Faceting
from scrypath.schema.fields import Kind, columns_of
from scrypath.schema.metadata import FanOut, SearchSchema
from scrypath.schema.settings import SETTINGS

if TYPE_CHECKING:
    from sqlalchemy import Select

# Rules that every supported server version has in its default list.
COMMON_RANKING_RULES = ("words", "typo", "proximity", "sort", "exactness")
_INDEX_NAME = re.compile(r"[A-Za-z0-9_-]{1,400}")


class RankingRulesWarning(UserWarning):
    """A declaration drops a ranking rule that Meilisearch has by default."""


def build(
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
    """A validated schema from a model or table; the options are those of ``searchable``.

    Raises
    ------
    SchemaError
        For an undeclared field, an impossible id, a setting Meilisearch does not have.
    """
    table, model = _table_and_model(target)
    name = name or (model.__name__ if model is not None else str(table.name))
    columns = columns_of(table, model)
    document_id = document_id or _primary_key(name, table, columns)
    names = _names(name, "fields", fields)
    if not names:
        raise SchemaError(f"{name}: fields is empty.", hint="Name the columns that the document holds.")
    if document_id not in names:
        names = (document_id, *names)
    if tenant_field is not None and tenant_field not in names:
        names = (*names, tenant_field)
    set_like = _names(name, "set_like", set_like)
    as_text = _names(name, "as_text", as_text)
    known_fields = tuple(
        declared(
            name,
            item,
            columns.get(item),
            attribute=model is not None and (hasattr(model, item) or hasattr(model, "search_document")),
            set_like=item in set_like,
            as_text=item in as_text,
            names_document=item == document_id,
            columns=columns,
        )
        for item in names
    )
    _known(name, "set_like", set_like, names)
    _known(name, "as_text", as_text, names)
    faceting = faceting or Faceting()
    filterable = _names(name, "filterable", filterable)
    if tenant_field is not None and tenant_field not in filterable:
        filterable = (*filterable, tenant_field)
    sortable = _names(name, "sortable", sortable)
    _known(name, "filterable", filterable, names)
    _known(name, "sortable", sortable, names)
    _check_faceting(name, faceting, filterable)
    settings = dict(settings or {})
    _check_settings(name, settings, names)
    if updated_at is not None and updated_at not in columns:
        raise SchemaError(
            f"{name}: updated_at names {updated_at!r}, which is not a column of {table.name}.",
            hint=did_you_mean(updated_at, columns),
        )
    if not _INDEX_NAME.fullmatch(table.name):
        raise SchemaError(
            f"{name}: {table.name!r} cannot name an index.",
            hint="Meilisearch takes letters, digits, hyphens and underscores, 400 at most.",
        )
    schema = SearchSchema(
        name=name,
        import_string=_import_string(target, name),
        table=table,
        model=model,
        fields=known_fields,
        document_id=document_id,
        filterable=filterable,
        sortable=sortable,
        faceting=faceting,
        settings=settings,
        tenant_field=tenant_field,
        fan_outs=_fan_outs(name, fan_outs or {}),
        index_prefix=index_prefix,
        query=query,
        updated_at=updated_at,
        fingerprint=bool(fingerprint),
    )
    if schema.id_field.column is None or schema.id_field.kind not in (Kind.INTEGER, Kind.TEXT, Kind.UUID):
        what = " and no column" if schema.id_field.column is None else ""
        raise SchemaError(
            f"{name}: document_id {document_id!r} is of kind {schema.id_field.kind}{what}.",
            hint="A document id is a column of integers, of texts of letters, digits, - and _, or of UUIDs.",
        )
    return schema


def _table_and_model(target: Any) -> tuple[Any, type[Any] | None]:
    from sqlalchemy import Table

    if isinstance(target, Table):
        return target, None
    table = getattr(target, "__table__", None)
    if not isinstance(table, Table):
        raise SchemaError(
            f"{getattr(target, '__name__', target)!r} is neither a SQLAlchemy model nor a Table.",
            hint="Put @searchable(...) on a declarative model with a __tablename__.",
        )
    return table, target


def _primary_key(name: str, table: Any, columns: Mapping[str, Any]) -> str:
    keys = [item for item, column in columns.items() if column.primary_key]
    if len(keys) != 1:
        raise SchemaError(
            f"{name}: {table.name} has {len(keys)} primary key columns, so no single one names the document.",
            hint="Give document_id=, a field that is unique.",
        )
    return keys[0]


def _names(schema: str, option: str, given: Any) -> tuple[str, ...]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise SchemaError(
            f"{schema}: {option} must be a list, not {given!r}.", hint=f"Write {option}=[{given!r}]."
        )
    names = tuple(str(item) for item in given)
    if repeated := sorted({item for item in names if names.count(item) > 1}):
        raise SchemaError(f"{schema}: {option} names {repeated[0]!r} twice.", hint="Name it once.")
    return names


def _known(schema: str, option: str, names: Iterable[str], fields: Iterable[str]) -> None:
    known = tuple(fields)
    for item in names:
        if item not in known and item.split(".")[0] not in known:
            raise SchemaError(
                f"{schema}: {option} names {item!r}, which is not one of its fields.",
                hint=did_you_mean(item, known),
            )


def _check_faceting(schema: str, faceting: Faceting, filterable: tuple[str, ...]) -> None:
    for item in faceting.attributes:
        if item not in filterable:
            raise SchemaError(
                f"{schema}: faceting attribute {item!r} is not filterable.",
                hint=f"Add {item!r} to filterable=.",
            )
    _known(schema, "faceting.sort_facet_values_by", faceting.sort_facet_values_by, faceting.attributes)


def _check_settings(schema: str, settings: Mapping[str, Any], fields: tuple[str, ...]) -> None:
    for key, value in settings.items():
        if key not in SETTINGS:
            raise SchemaError(
                f"{schema}: settings has no key {key!r}.", hint=did_you_mean(key, SETTINGS.keys())
            )
        if key in ("searchable_attributes", "displayed_attributes"):
            # An explicit list is what hides the fingerprint from searchers.
            _known(schema, f"settings.{key}", value, fields)
    rules = settings.get("ranking_rules")
    if rules is not None and (dropped := [rule for rule in COMMON_RANKING_RULES if rule not in rules]):
        warnings.warn(
            f"{schema}: ranking_rules drops {', '.join(dropped)}, which Meilisearch ranks by as a default.",
            RankingRulesWarning,
            stacklevel=5,
        )


def _fan_outs(schema: str, fan_outs: Mapping[str, Any]) -> dict[str, FanOut]:
    for name, fan_out in fan_outs.items():
        if not isinstance(fan_out, FanOut):
            raise SchemaError(
                f"{schema}: fan_outs[{name!r}] is {fan_out!r}.", hint="Give FanOut(target, resolver)."
            )
    return dict(fan_outs)


def _import_string(target: Any, name: str) -> str:
    module = getattr(target, "__module__", "") if isinstance(target, type) else ""
    return f"{module}:{getattr(target, '__qualname__', name)}" if module else name
