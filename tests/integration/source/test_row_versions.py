"""What PostgreSQL says about the versions of rows: what was written since a mark, and when that is not known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from scrypath.config import Config
from scrypath.database import parameters
from scrypath.schema.index_ref import IndexRef
from scrypath.source import row_versions
from scrypath.source.changed_rows import ChangedRows, Unversioned, by_version
from scrypath.source.row_versions import Mark
from tests.support.schemas import build

pytestmark = pytest.mark.integration
Sql = Callable[..., None]


class Base(DeclarativeBase):
    pass


class Shelf(Base):
    __tablename__ = "shelves"

    id: Mapped[int] = mapped_column(primary_key=True)
    open: Mapped[bool]


class Thing(Base):
    __tablename__ = "things"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Tool(Thing):
    __tablename__ = "tools"

    id: Mapped[int] = mapped_column(sa.ForeignKey("things.id"), primary_key=True)
    weight: Mapped[int]


class Book(Base):
    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    shelf_id: Mapped[int] = mapped_column(sa.ForeignKey("shelves.id"))
    shelf = relationship(Shelf)


def ref(config: Config, query: Callable[[Any], Any] | None = None) -> IndexRef:
    return IndexRef.live(build(Book, {"fields": ["id", "title"], "query": query, "name": "Book"}), config)


@pytest.fixture
def books(config: Config, sql: Sql) -> Config:
    """Ten books on two shelves."""
    sql("CREATE TABLE shelves (id integer PRIMARY KEY, open boolean NOT NULL)")
    sql("CREATE TABLE books (id integer PRIMARY KEY, title text NOT NULL, shelf_id integer NOT NULL)")
    sql("INSERT INTO shelves VALUES (0, true), (1, false)")
    sql("INSERT INTO books SELECT n, 'Book ' || n, n % 2 FROM generate_series(1, 10) AS n")
    return config


@pytest.fixture
def other(books: Config) -> Iterator[psycopg.Connection[Any]]:
    """A session that decides itself when it commits."""
    with psycopg.connect(**parameters(books)) as connection:
        yield connection


def mark(where: IndexRef) -> Mark:
    found = row_versions.observe(where)
    assert found.mark is not None, found.problem
    return found.mark


def written(where: IndexRef, since: Mark) -> set[str]:
    with by_version(where, since, 100) as found:
        assert isinstance(found, ChangedRows), found
        assert found.outside(found.ids) == found.outside([]) - len(found.ids)
        return set(found.ids)


def problem(where: IndexRef, since: Mark) -> Unversioned:
    with by_version(where, since, 100) as found:
        assert isinstance(found, Unversioned)
        return found


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE books SET title = title WHERE id = 3", {"3"}),
        ("INSERT INTO books VALUES (11, 'New', 0)", {"11"}),
        ("SELECT * FROM books FOR UPDATE", set()),
        ("BEGIN; SAVEPOINT a; UPDATE books SET title = 'x' WHERE id = 4; RELEASE a; COMMIT", {"4"}),
        ("BEGIN; UPDATE books SET title = 'x' WHERE id = 5; ROLLBACK", set()),
        ("VACUUM FREEZE books", set()),
        ("ANALYZE books", set()),
    ],
)
def test_what_was_written_is_found_and_nothing_else(
    books: Config, other: psycopg.Connection[Any], statement: str, expected: set[str]
) -> None:
    since = mark(ref(books))
    other.set_autocommit(True)
    for part in statement.split("; "):
        other.execute(part)
    assert written(ref(books), since) == expected


def test_what_was_written_before_the_mark_and_committed_after_it_is_found(
    books: Config, other: psycopg.Connection[Any]
) -> None:
    other.execute("UPDATE books SET title = 'Late' WHERE id = 6")
    since = mark(ref(books))
    assert written(ref(books), since) == set()
    other.commit()
    assert written(ref(books), since) == {"6"}


def test_a_transaction_that_is_open_for_long_is_named(
    books: Config, other: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_versions, "LONG", row_versions.LONG * 0)
    assert row_versions.observe(ref(books)).holder is None
    other.execute("UPDATE books SET title = 'Late' WHERE id = 6")
    holder = str(row_versions.observe(ref(books)).holder)
    assert holder.startswith(f"The transaction of process {other.info.backend_pid} has been open since ")


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE books ADD COLUMN price numeric DEFAULT 1",
        "ALTER TABLE books ALTER title TYPE varchar(99)",
        "ALTER TABLE books DISABLE TRIGGER USER; CREATE TRIGGER t BEFORE UPDATE ON books FOR EACH ROW"
        " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "TRUNCATE books",
        "CREATE TABLE more () INHERITS (books)",
        "CREATE POLICY p ON books USING (true)",
        "DROP TABLE books; CREATE TABLE books (id integer PRIMARY KEY, title text, shelf_id integer)",
    ],
)
def test_what_changes_without_a_version_is_noticed(books: Config, sql: Sql, statement: str) -> None:
    since = mark(ref(books))
    for part in statement.split("; "):
        sql(part)
    found = problem(ref(books), since)
    assert (found.lasting, found.problem) == (
        False,
        "The tables, a type, a function or a setting that the rows depend on was changed since.",
    )


def test_a_rewritten_table_is_noticed(books: Config, other: psycopg.Connection[Any]) -> None:
    since = mark(ref(books))
    other.set_autocommit(True)
    other.execute("VACUUM FULL books")
    assert not problem(ref(books), since).lasting


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (
            "ALTER TABLE books RENAME TO volumes; CREATE VIEW books AS SELECT * FROM volumes",
            "books is a view.",
        ),
        (
            "CREATE MATERIALIZED VIEW copies AS SELECT * FROM books; ALTER TABLE books RENAME TO volumes;"
            " ALTER MATERIALIZED VIEW copies RENAME TO books",
            "books is a materialized view.",
        ),
        ("DROP TABLE books", "There is no table books."),
        (
            "ALTER TABLE books ADD COLUMN loud text GENERATED ALWAYS AS (upper(title)) VIRTUAL",
            "books.loud is a virtual generated column.",
        ),
        (
            "CREATE FOREIGN DATA WRAPPER abroad; CREATE SERVER abroad FOREIGN DATA WRAPPER abroad; DROP TABLE books;"
            " CREATE FOREIGN TABLE books (id integer, title text, shelf_id integer) SERVER abroad",
            "books is a foreign table.",
        ),
    ],
)
def test_what_bears_no_versions_is_refused(books: Config, sql: Sql, statement: str, words: str) -> None:
    since = mark(ref(books))
    for part in statement.split("; "):
        sql(part)
    assert problem(ref(books), since) == Unversioned(words, lasting=True)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (lambda q: q.where(sa.func.now() > sa.func.now()), "The query calls now(), which is not immutable."),
        (lambda q: q.where(Book.title > sa.func.current_date()), "The query calls current_date()"),
        (
            lambda q: q.where(sa.func.nothing(Book.id) > 1),
            "The query calls nothing(), which is not immutable.",
        ),
        (
            lambda q: q.where(sa.text("id > 1")),
            "The query of Book has a part that cannot be inspected (TextClause).",
        ),
        (lambda q: q.distinct(), "The query of Book has DISTINCT."),
        (lambda q: q.union(q), "The query of Book is not a plain SELECT."),
        (
            lambda q: q.where(Book.id.in_(sa.select(sa.func.max(Shelf.id)).group_by(Shelf.open))),
            "The query of Book has GROUP BY.",
        ),
    ],
)
def test_a_query_that_says_more_than_its_rows_is_refused(
    books: Config, query: Callable[[Any], Any], words: str
) -> None:
    assert str(row_versions.observe(ref(books, query)).problem).startswith(words)


def test_immutable_functions_and_other_tables_are_no_hindrance_until_they_change(
    books: Config, sql: Sql
) -> None:
    sql("CREATE FUNCTION shown(text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true'")
    visible = ref(
        books,
        lambda q: q.where(
            Book.shelf.has(Shelf.open.is_(True)), sa.func.shown(Book.title), sa.func.lower(Book.title) != ""
        ),
    )
    since = mark(visible)
    assert since.counts == {"shelves": 2}
    sql("UPDATE books SET title = 'x' WHERE id = 2")
    assert written(visible, since) == {"2"}
    for statement in ("UPDATE shelves SET open = false WHERE id = 0", "DELETE FROM shelves WHERE id = 0"):
        now = mark(visible)
        sql(statement)
        assert problem(visible, now).problem == (
            "shelves, which the schema's query also reads, was written to."
        )
    now = mark(visible)
    sql("CREATE OR REPLACE FUNCTION shown(text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT false'")
    assert "a function" in problem(visible, now).problem


@pytest.mark.parametrize(
    ("earlier", "words"),
    [
        ({"history": "another"}, "The database was restarted, restored, promoted, or is another one"),
        ({"transaction": 2**40}, "The database's transactions are older than at the comparison before"),
        ({"transaction": -(2**31)}, "More than 2,146,483,648 transactions have passed"),
        ({"catalogue": "another"}, "The tables, a type"),
    ],
)
def test_another_history_is_noticed(books: Config, earlier: dict[str, Any], words: str) -> None:
    assert problem(ref(books), replace(mark(ref(books)), **earlier)).problem.startswith(words)


def test_a_partition_that_is_attached_or_detached_is_noticed(books: Config, sql: Sql) -> None:
    sql("DROP TABLE books")
    sql("CREATE TABLE books (id integer, title text, shelf_id integer) PARTITION BY RANGE (id)")
    sql("CREATE TABLE books_1 PARTITION OF books FOR VALUES FROM (1) TO (10)")
    sql("CREATE TABLE books_2 (id integer, title text, shelf_id integer)")
    sql("INSERT INTO books VALUES (1, 'One', 0)")
    since = mark(ref(books))
    sql("UPDATE books SET title = 'Two' WHERE id = 1")
    assert written(ref(books), since) == {"1"}
    for statement in (
        "ALTER TABLE books ATTACH PARTITION books_2 FOR VALUES FROM (10) TO (20)",
        "ALTER TABLE books DETACH PARTITION books_1",
    ):
        sql(statement)
        assert not problem(ref(books), since).lasting


def test_a_role_without_privileges_reads_what_was_written_and_one_that_sees_some_rows_does_not(
    books: Config, sql: Sql
) -> None:
    role = f"reader_{books.index_prefix}"
    sql(f"CREATE ROLE {role} LOGIN")
    sql(f"GRANT SELECT ON books TO {role}")
    url = re.sub("//[^@]*@", f"//{role}@", str(books.database_url))
    reader = replace(books, database_url=url)
    try:
        since = mark(ref(reader))
        sql("UPDATE books SET title = 'Two' WHERE id = 1")
        assert written(ref(reader), since) == {"1"}
        sql("ALTER TABLE books ENABLE ROW LEVEL SECURITY")
        assert problem(ref(reader), since).problem == f"books has policies that say which rows {role} sees."
        sql("ALTER TABLE books DISABLE ROW LEVEL SECURITY")
        sql("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM public")
        assert problem(ref(reader), since).problem.startswith("This role may not call pg_control_system()")
    finally:
        sql("GRANT EXECUTE ON FUNCTION pg_control_system() TO public")
        sql(f"DROP OWNED BY {role}")
        sql(f"DROP ROLE {role}")


def test_a_row_of_two_tables_is_read_again_when_the_other_one_is_written(config: Config, sql: Sql) -> None:
    sql("CREATE TABLE things (id integer PRIMARY KEY, name text)")
    sql("CREATE TABLE tools (id integer PRIMARY KEY, weight integer)")
    sql("INSERT INTO things VALUES (1, 'Saw')")
    sql("INSERT INTO tools VALUES (1, 3)")
    tools = IndexRef.live(build(Tool, {"fields": ["id", "name", "weight"], "name": "Tool"}), config)
    for statement in ("UPDATE things SET name = 'Axe'", "UPDATE tools SET weight = 4"):
        since = mark(tools)
        sql(statement)
        with by_version(tools, since, 9) as found:
            assert isinstance(found, Unversioned) or found.ids == ["1"]


@pytest.mark.parametrize(("attributes", "exact"), [("any", False), ("primary", True), ("read-write", True)])
def test_a_url_of_several_servers_is_exact_only_on_the_primary(
    books: Config, attributes: str, *, exact: bool
) -> None:
    url, _, host = str(books.database_url).partition("?host=")
    several = replace(books, database_url=f"{url}?host={host},{host}&target_session_attrs={attributes}")
    assert (row_versions.observe(ref(several)).mark is not None) == exact
