"""What decides whether a row is one of a schema's: which tables and functions its query reads, and how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrypath.schema import SearchSchema
from scrypath.schema.row_query import row_query

if TYPE_CHECKING:
    from sqlalchemy import Table
    from sqlalchemy.sql.visitors import ExternallyTraversible

# What SQLAlchemy calls the parts that say the same of a row until the row, or a row of a named table, is written.
# Text, windows, EXTRACT, sampling, UNION and WITH are left out: nobody can see what they depend on, or it is more.
PARTS = frozenset(
    {
        "aliased_returns_rows",
        "alias",
        "binary",
        "bindparam",
        "case",
        "cast",
        "clauselist",
        "column",
        "expression_clauselist",
        "false",
        "function",
        "grouping",
        "join",
        "label",
        "null",
        "select",
        "subquery",
        "table",
        "true",
        "tuple",
        "unary",
    }
)
OPERATORS = frozenset(
    {
        "add",
        "and_",
        "between_op",
        "comma_op",
        "contains_op",
        "div",
        "endswith_op",
        "eq",
        "exists",
        "floordiv",
        "ge",
        "getitem",
        "gt",
        "icontains_op",
        "iendswith_op",
        "ilike_op",
        "in_op",
        "inv",
        "is_",
        "is_distinct_from",
        "is_false",
        "is_not",
        "is_not_distinct_from",
        "is_true",
        "isfalse",
        "istartswith_op",
        "istrue",
        "json_getitem_op",
        "json_path_getitem_op",
        "le",
        "like_op",
        "lt",
        "mod",
        "mul",
        "ne",
        "neg",
        "not_between_op",
        "not_contains_op",
        "not_endswith_op",
        "not_ilike_op",
        "not_in_op",
        "not_like_op",
        "not_startswith_op",
        "or_",
        "startswith_op",
        "sub",
        "truediv",
    }
)
BUILT_IN = frozenset(
    {"coalesce", "greatest", "least", "nullif"}
)  # of the grammar: no function of the catalogue


@dataclass(frozen=True, slots=True)
class Shape:
    """What a schema's query reads.

    Parameters
    ----------
    own
        The table that holds the ids, as PostgreSQL writes its name.
    others
        Other tables that decide with it which rows there are.
    functions
        Names of the functions that are called, each with its number of arguments.
    problem
        Why the versions of these tables' rows do not say all, None when they do.
    """

    own: str
    others: tuple[str, ...] = ()
    functions: tuple[tuple[str, int], ...] = ()
    problem: str | None = None


def shape(schema: SearchSchema) -> Shape:
    """What decides which rows a schema has, and what they look like."""
    own = _name(own_table(schema))
    if not schema.plain:
        return Shape(own, problem=f"Documents of {schema.name} are made of more than its rows' own columns.")
    statement = row_query(schema).statement
    problem = _clauses(statement)
    functions: set[tuple[str, int]] = set()
    if problem is None:
        for part in _parts(statement):
            problem = _problem(part)
            if problem is not None:
                break
            if (called := _called(part)) is not None:
                functions.add(called)
    if problem is not None:
        return Shape(own, problem=f"The query of {schema.name} {problem}.")
    tables = _tables(statement)
    if tables.pop(own, 0) != 1:
        return Shape(own, problem=f"The query of {schema.name} reads its own table more than once.")
    return Shape(own, tuple(sorted(tables)), tuple(sorted(functions)))


def own_table(schema: SearchSchema) -> Table:
    """The table that holds the ids of a schema's rows; where a model has several, the others are read beside it."""
    column = schema.id_field.column
    assert column is not None, "a declaration refuses an id that is no column"
    return column.table


def _clauses(statement: Any) -> str | None:
    from sqlalchemy import Select

    if not isinstance(statement, Select):
        return "is not a plain SELECT"
    # Attributes that only SQLAlchemy's own compiler reads: there is no public way to ask for them.
    if statement._distinct or statement._distinct_on:
        return "has DISTINCT"
    if statement._group_by_clauses or statement._having_criteria:
        return "has GROUP BY"
    if statement._limit_clause is not None or statement._offset_clause is not None:
        return "has LIMIT or OFFSET"
    if statement._with_options or statement._prefixes or statement._suffixes or statement._hints:
        return "has options, prefixes or hints"
    return None


def _parts(statement: Any) -> Iterator[ExternallyTraversible]:
    from sqlalchemy.sql import visitors

    return visitors.iterate(statement)


def _problem(part: Any) -> str | None:
    from sqlalchemy import Select
    from sqlalchemy.sql.elements import ColumnClause, OperatorExpression

    name = part.__visit_name__
    if name not in PARTS or not type(part).__module__.startswith("sqlalchemy."):
        return f"has a part that cannot be inspected ({type(part).__name__})"
    if isinstance(part, Select):
        return _clauses(part)
    if isinstance(part, ColumnClause) and part.is_literal and str(part) not in ("1", "*"):
        return f"holds the text {str(part)!r}"
    if isinstance(part, OperatorExpression):
        operator = getattr(part.operator, "__name__", None)
        if part.operator is not None and operator not in OPERATORS:
            return f"uses the operator {getattr(part.operator, 'opstring', operator)}"
    kind = getattr(part, "type", None)
    if kind is not None and (kind._has_bind_expression or kind._has_column_expression):
        return f"reads values of type {type(kind).__name__}, which custom SQL makes"
    return _of_cast(part) if name == "cast" else None


def _of_cast(part: Any) -> str | None:
    import sqlalchemy as sa

    # 'now' and 'today' are texts that say another moment each time.
    moments = (sa.DateTime, sa.Date, sa.Time)
    if isinstance(part.type, moments) and not isinstance(part.clause.type, moments):
        return "converts text to timestamps"
    return None


def _called(part: Any) -> tuple[str, int] | None:
    from sqlalchemy.sql.functions import FunctionElement

    if not isinstance(part, FunctionElement):
        return None
    if part.name.lower() in BUILT_IN:
        return None
    return ".".join([*getattr(part, "packagenames", ()), part.name]), len(part.clauses.clauses)


def _tables(statement: Any) -> Counter[str]:
    """How often each table is read, in what SQLAlchemy makes of the statement in the end."""
    from sqlalchemy.dialects import postgresql

    found: Counter[str] = Counter()
    dialect: Any = postgresql.dialect()  # type: ignore[no-untyped-call]

    class Compiler(dialect.statement_compiler):  # type: ignore[misc]
        def visit_table(self, table: Any, asfrom: bool = False, **given: Any) -> str:
            if asfrom:
                found[_name(table)] += 1
            return str(super().visit_table(table, asfrom=asfrom, **given))

    dialect.statement_compiler = Compiler
    statement.compile(dialect=dialect)
    return found


def _name(table: Table) -> str:
    from sqlalchemy.dialects import postgresql

    return str(postgresql.dialect().identifier_preparer.format_table(table))  # type: ignore[no-untyped-call]
