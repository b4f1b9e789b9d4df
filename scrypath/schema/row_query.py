"""What a schema's rows are: one statement, made by SQLAlchemy as the user would make it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrypath.errors import SchemaError, presentable
from scrypath.redaction import redact
from scrypath.schema.metadata import SearchSchema

if TYPE_CHECKING:
    from sqlalchemy import CompoundSelect, Select
    from sqlalchemy.orm import RelationshipProperty


@dataclass(frozen=True, slots=True)
class RowQuery:
    """The statement whose records are a schema's rows.

    Parameters
    ----------
    schema
        Whose rows.
    statement
        Selects the model, or the table; without an order, which means nothing here.
    single
        Whether it cannot give one record twice: it reads the model's own tables and nothing else.
    """

    schema: SearchSchema
    statement: Select[Any] | CompoundSelect[Any]
    single: bool

    @property
    def criteria(self) -> list[Any]:
        """Loader criteria of the statement: they hold only where the outermost statement has them."""
        from sqlalchemy.orm import LoaderCriteriaOption

        options = getattr(self.statement, "_with_options", ())
        return [option for option in options if isinstance(option, LoaderCriteriaOption)]

    def select(self, *columns: Any) -> Select[Any]:
        """These columns of the rows, each record once.

        Parameters
        ----------
        columns
            Attributes of the model, or columns of the table.
        """
        from sqlalchemy import CompoundSelect, select

        if self.single and not isinstance(self.statement, CompoundSelect):
            return self.statement.with_only_columns(*columns)
        return select(*columns).options(*self.criteria).where(self.member())

    def member(self) -> Any:
        """Whether a record of the model is one of the rows, as a condition for a statement on the model."""
        from sqlalchemy import CompoundSelect, select, tuple_
        from sqlalchemy.orm import aliased

        keys = keys_of(self.schema)
        if isinstance(self.statement, CompoundSelect):
            union = self.statement.subquery()
            model = self.schema.model
            alias = None if model is None else aliased(model, union)
            parts = [union.c[key.key] if alias is None else getattr(alias, key.key) for key in keys]
            chosen: Any = select(*parts)
        else:
            chosen = self.statement.with_only_columns(*keys).correlate(None)
        return keys[0].in_(chosen) if len(keys) == 1 else tuple_(*keys).in_(chosen)


def row_query(schema: SearchSchema) -> RowQuery:
    """The rows of a schema at this moment: its query is called again each time, and may hold another date then.

    Raises
    ------
    SchemaError
        When the schema's query fails, or makes a row depend on which other rows there are.
    """
    from sqlalchemy import select

    entity = schema.table if schema.model is None else schema.model
    statement: Any = select(entity)
    if schema.query is not None:
        try:
            statement = schema.query(statement)
        except Exception as error:  # the user's own code
            raise SchemaError(
                f"{schema.name}: query cannot be applied: {type(error).__name__}: {redact(str(error))}",
                hint="It takes the SELECT of the model and returns it, narrowed: lambda q: q.filter_by(hidden=False).",
            ) from presentable(error)
    _check(schema, statement)
    statement = statement.order_by(None)
    return RowQuery(schema, statement, _single(statement))


def keys_of(schema: SearchSchema) -> list[Any]:
    """The attributes, or columns, that identify a record; of a table without a key, the document id."""
    if schema.model is not None:
        mapper = schema.model.__mapper__
        return [getattr(schema.model, mapper.get_property_by_column(key).key) for key in mapper.primary_key]
    return list(schema.table.primary_key.columns) or [schema.table.c[schema.document_id]]


def query_can_be_tried(schema: SearchSchema) -> bool:
    """Whether the schema's query can be tried already.

    Not while a model is declared whose relationships lead to models that come later: SQLAlchemy would try to
    connect them, and remember that it could not.
    """
    from sqlalchemy.exc import NoReferencedColumnError, NoReferencedTableError

    if schema.model is None:
        return True
    mappers = list(schema.model.registry.mappers)
    waiting = [relation for mapper in mappers if not mapper.configured for relation in _relations(mapper)]
    if not waiting:
        return True
    try:
        for mapper in mappers:
            for key in mapper.local_table.foreign_keys:
                _ = key.column
    except (NoReferencedColumnError, NoReferencedTableError):
        return False
    names = {mapper.class_.__name__ for mapper in mappers}
    tables = schema.model.metadata.tables
    return all(
        _known(relation.argument, names) and _known(relation.secondary, tables) for relation in waiting
    )


def _relations(mapper: Any) -> Iterator[RelationshipProperty[Any]]:
    from sqlalchemy.orm import RelationshipProperty

    for attribute in mapper.all_orm_descriptors:
        if isinstance(found := getattr(attribute, "prop", None), RelationshipProperty):
            yield found


def _known(named: Any, names: Any) -> bool:
    if isinstance(named, str):
        return named in names or named.rpartition(".")[2] in names
    if callable(named) and not isinstance(named, type):
        try:
            return named() is not None
        except Exception:
            return False
    return True


def _single(statement: Any) -> bool:
    from sqlalchemy import Select

    if not isinstance(statement, Select) or statement._distinct:
        return False
    if statement._setup_joins or statement._from_obj:
        return False
    return len(statement.get_final_froms()) == 1


def _check(schema: SearchSchema, statement: Any) -> None:
    from sqlalchemy import CompoundSelect, Select, TableSample
    from sqlalchemy.sql import visitors

    if not isinstance(statement, Select | CompoundSelect):
        raise SchemaError(
            f"{schema.name}: query returns a {type(statement).__name__}.",
            hint="It takes the SELECT of the model and returns it, narrowed: lambda q: q.filter_by(hidden=False).",
        )
    for part in statement.selects if isinstance(statement, CompoundSelect) else [statement]:
        if isinstance(part, Select):
            _check_entity(schema, part)
    for element in visitors.iterate(statement):
        if isinstance(element, TableSample):
            raise _dependent(schema, "TABLESAMPLE", "selects different rows each time")
        # Reading other tables is fine; reading its own makes rows depend on each other.
        asks = isinstance(element, Select | CompoundSelect)
        if asks and (element is statement or _reads(element, schema)):
            _check_membership(schema, element)


def _check_entity(schema: SearchSchema, statement: Select[Any]) -> None:
    described = statement.column_descriptions
    if schema.model is None:
        wanted = list(schema.table.columns)
        same = len(described) == len(wanted) and all(
            found["expr"] is column for found, column in zip(described, wanted, strict=True)
        )
    else:
        same = len(described) == 1 and described[0]["expr"] is schema.model
    if not same:
        names = ", ".join(str(found["name"]) for found in described)
        raise SchemaError(
            f"{schema.name}: query selects {names} instead of {_entity_name(schema)}.",
            hint="Narrow the SELECT that it is given; fields= declares what a document holds.",
        )


_EXTENSIONS = ("post_select", "post_criteria", "post_body")  # where Select.ext() puts what a dialect adds

_RULES: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("LIMIT", lambda found: found._limit_clause is not None),
    ("OFFSET", lambda found: found._offset_clause is not None),
    ("FETCH", lambda found: found._fetch_clause is not None),
    ("DISTINCT ON", lambda found: getattr(found, "_distinct_on", ()) or _extended(found, "pre_columns")),
    ("a clause of its own", lambda found: any(_extended(found, at) for at in _EXTENSIONS)),
    ("GROUP BY", lambda found: found._group_by_clauses),
    ("HAVING", lambda found: getattr(found, "_having_criteria", ())),
    ("FOR UPDATE", lambda found: found._for_update_arg is not None),
)


def _extended(statement: Any, at: str) -> bool:
    return getattr(statement, f"_{at}_clause", None) is not None


def _check_membership(schema: SearchSchema, statement: Any) -> None:
    from sqlalchemy import Over
    from sqlalchemy.sql import visitors

    for name, used in _RULES:
        if used(statement):
            if name == "FOR UPDATE":
                raise SchemaError(
                    f"{schema.name}: query has FOR UPDATE, which would lock every row that is read.",
                    hint="Leave it out.",
                )
            raise _dependent(schema, name, "makes it depend on other rows whether a row is included")
    columns = [] if not hasattr(statement, "_raw_columns") else statement._raw_columns
    if any(isinstance(element, Over) for column in columns for element in visitors.iterate(column)):
        raise _dependent(
            schema, "a window function", "makes it depend on other rows whether a row is included"
        )


def _dependent(schema: SearchSchema, what: str, why: str) -> SchemaError:
    return SchemaError(
        f"{schema.name}: query has {what}, which {why}.",
        hint="A write to one row could then include or exclude another unnoticed. "
        "Decide by the row's own values which rows are included; a limit belongs to a search.",
    )


def _reads(statement: Any, schema: SearchSchema) -> bool:
    """Whether a statement within the query reads the schema's own tables, and not only the row of the one around it."""
    from sqlalchemy import Alias, CompoundSelect, Join, Table

    if isinstance(statement, CompoundSelect):
        return any(_reads(part, schema) for part in statement.selects)
    own = {schema.table} if schema.model is None else set(schema.model.__mapper__.tables)
    sources = statement.get_final_froms()
    leaves = list(sources)
    while joined := [leaf for leaf in leaves if isinstance(leaf, Join)]:
        leaves = [leaf for leaf in leaves if not isinstance(leaf, Join)]
        leaves += [side for join in joined for side in (join.left, join.right)]
    # A table beside others that the statement around reads too is that one's row.
    correlated = {leaf for leaf in sources if isinstance(leaf, Table)} if len(sources) > 1 else set()
    return any(
        (isinstance(leaf, Alias) and leaf.element in own) or (leaf in own and leaf not in correlated)
        for leaf in leaves
    )


def _entity_name(schema: SearchSchema) -> str:
    return schema.table.name if schema.model is None else schema.model.__name__
