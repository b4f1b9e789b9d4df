"""What a schema's query may be: refused where it makes rows depend on each other, and tried as soon as it can be."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import DeclarativeBase, Mapped, aliased, mapped_column, relationship

from scrypath.errors import SchemaError
from scrypath.redaction import Secret
from scrypath.schema import registry, search_schema, searchable
from scrypath.schema.row_query import row_query
from tests.support.kennel import Animal, Dog, Tag

pytestmark = pytest.mark.usefixtures("own_registry")

OTHER = aliased(Animal)
NEWEST = sa.select(OTHER.id).order_by(OTHER.born.desc()).limit(10)
PLACED = sa.select(
    OTHER.id, sa.func.row_number().over(partition_by=OTHER.kennel_id, order_by=OTHER.born).label("place")
).subquery()
DEPENDENT = "makes it depend on other rows whether a row is included"

REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "limit": (lambda q: q.limit(5), f"query has LIMIT, which {DEPENDENT}"),
    "slice": (lambda q: q.slice(1, 5), f"query has LIMIT, which {DEPENDENT}"),
    "offset": (lambda q: q.offset(5), f"query has OFFSET, which {DEPENDENT}"),
    "fetch": (lambda q: q.fetch(5), f"query has FETCH, which {DEPENDENT}"),
    "distinct on": (lambda q: q.ext(distinct_on(Animal.name)), f"query has DISTINCT ON, which {DEPENDENT}"),
    "group by": (lambda q: q.group_by(Animal.id), f"query has GROUP BY, which {DEPENDENT}"),
    "having": (lambda q: q.having(sa.func.count() > 1), f"query has HAVING, which {DEPENDENT}"),
    "limited union": (lambda q: q.union(sa.select(Animal)).limit(5), f"query has LIMIT, which {DEPENDENT}"),
    "the newest": (lambda q: q.where(Animal.id.in_(NEWEST)), f"query has LIMIT, which {DEPENDENT}"),
    "the first of each": (
        lambda q: q.join(PLACED, PLACED.c.id == Animal.id).where(PLACED.c.place == 1),
        f"query has a window function, which {DEPENDENT}",
    ),
    "lock": (lambda q: q.with_for_update(), "query has FOR UPDATE, which would lock every row"),
    "sample": (
        lambda q: q.where(Animal.id.in_(sa.select(sa.tablesample(Animal.__table__, 10).c.id))),
        "query has TABLESAMPLE, which selects different rows each time",
    ),
    "another column": (
        lambda q: q.add_columns(Animal.name),
        "query selects Animal, name instead of Animal",
    ),
    "columns": (lambda q: q.with_only_columns(Animal.name), "query selects name instead of Animal"),
    "another model": (lambda q: sa.select(Tag), "query selects Tag instead of Animal"),
    "nothing": (lambda q: None, "query returns a NoneType"),
    "text": (lambda q: q.from_statement(sa.text("SELECT 1")), "query returns a FromStatement"),
    "a typing error": (
        lambda q: q.filter_by(hiden=False),
        'query cannot be applied: InvalidRequestError: .*"hiden"',
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_when_it_is_declared(name: str) -> None:
    query, said = REFUSED[name]
    with pytest.raises(SchemaError, match=said) as refused:
        search_schema(Animal, fields=["id"], query=query)
    assert refused.value.hint
    assert registry.names() == ()


def test_what_else_the_users_query_raises_is_named_when_it_is_applied() -> None:
    def broken(statement: Any) -> Any:
        raise LookupError("no such page at postgresql://shop:hunter2@db/shop")

    schema = search_schema(Animal, fields=["id"], query=broken)
    with pytest.raises(SchemaError) as refused:
        row_query(schema)
    assert "Animal: query cannot be applied: LookupError: no such page" in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert isinstance(refused.value.__cause__, LookupError)


def test_a_traceback_of_the_users_query_that_shows_a_secret_is_left_out() -> None:
    secret = Secret("a-password-of-the-row-query-test")

    def broken(statement: Any) -> Any:
        raise LookupError(f"no such page at {secret.reveal()}")

    schema = search_schema(Animal, fields=["id"], query=broken)
    with pytest.raises(SchemaError, match="query cannot be applied") as refused:
        row_query(schema)
    assert secret.reveal() not in "".join(traceback.format_exception(refused.value))


def test_a_limit_elsewhere_is_no_limit_of_rows() -> None:
    last = sa.select(Tag.word).where(Tag.animal_id == Animal.id).order_by(Tag.id).limit(1).scalar_subquery()
    schema = search_schema(Animal, fields=["id"], query=lambda q: q.where(last == "good"))
    assert row_query(schema).single


def test_a_query_that_names_its_own_model_is_tried_when_it_is_first_used() -> None:
    class Base(DeclarativeBase): ...

    @searchable(fields=["id"], query=lambda q: q.where(Late.id > 3).limit(3))
    class Late(Base):
        __tablename__ = "late"
        id: Mapped[int] = mapped_column(primary_key=True)

    with pytest.raises(SchemaError, match="Late: query has LIMIT"):
        registry.find("Late")
    with pytest.raises(SchemaError, match="Late: query has LIMIT"):
        registry.find(Late)


def test_a_declaration_does_not_disturb_models_that_come_later() -> None:
    class Base(DeclarativeBase): ...

    @searchable(fields=["id"], query=lambda q: q.filter_by(id=1))
    class Part(Base):
        __tablename__ = "parts"
        id: Mapped[int] = mapped_column(primary_key=True)
        whole_id: Mapped[int] = mapped_column(sa.ForeignKey("wholes.id"))
        whole: Mapped[Any] = relationship("Whole")

    class Whole(Base):
        __tablename__ = "wholes"
        id: Mapped[int] = mapped_column(primary_key=True)

    assert registry.find(Part).name == "Part"
    assert "wholes" in str(sa.select(Part).join(Part.whole))
    with pytest.raises(SchemaError, match="query has LIMIT"):
        search_schema(Whole, fields=["id"], query=lambda q: q.limit(1))


def test_the_criterion_of_a_class_is_part_of_the_query() -> None:
    schema = search_schema(Dog, fields=["id", "name"])
    assert "animals.species IN ('dog')" in str(
        row_query(schema).select(Dog.id).compile(compile_kwargs={"literal_binds": True})
    )
