"""What a declaration refuses, and with which words; what it makes of what it takes."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from scrypath.config import Config
from scrypath.errors import ProjectionError, SchemaError
from scrypath.schema import Faceting, FanOut, hierarchy, registry, search_schema, searchable
from scrypath.schema.documents import project
from scrypath.schema.fields import Kind
from scrypath.schema.identity import document_id, id_text, id_value
from scrypath.schema.metadata import FINGERPRINT_FIELD
from scrypath.schema.reflection import (
    document_id_field,
    document_source,
    schema_capabilities,
    schema_config,
    schema_faceting,
    schema_fields,
    schema_settings,
)
from scrypath.schema.settings import desired
from scrypath.schema.validation import RankingRulesWarning

pytestmark = pytest.mark.usefixtures("own_registry")


class Base(DeclarativeBase):
    pass


class Book(Base):
    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column("book_title")
    genre: Mapped[str]
    tags: Mapped[list[str]] = mapped_column(sa.ARRAY(sa.Text))
    owner: Mapped[str]
    changed_at: Mapped[Any] = mapped_column(sa.DateTime)

    @property
    def shout(self) -> str:
        return self.title.upper()


class Pair(Base):
    __tablename__ = "pairs"

    left: Mapped[int] = mapped_column(primary_key=True)
    right: Mapped[int] = mapped_column(primary_key=True)
    both: Mapped[str]


REFUSED: list[tuple[Any, dict[str, Any], str, str]] = [
    (Book, {"fields": []}, "Book: fields is empty", "Name the columns"),
    (Book, {"fields": "title"}, "Book: fields must be a list, not 'title'", "Write fields="),
    (Book, {"fields": ["title", "title"]}, "names 'title' twice", "once"),
    (Book, {"fields": ["titel"]}, "'titel' is neither a column nor an attribute", "Did you mean 'title'?"),
    (Book, {"fields": ["title"], "filterable": ["genre"]}, "filterable names 'genre'", "Known: id, title."),
    (Book, {"fields": ["title"], "sortable": ["titl"]}, "sortable names 'titl'", "Did you mean 'title'?"),
    (Book, {"fields": [FINGERPRINT_FIELD]}, "is reserved", "another name"),
    (Book, {"fields": ["_vectors"]}, "'_vectors' is reserved", "another name"),
    (Book, {"fields": ["title"], "set_like": ["title"]}, "set_like names 'title', which is not a list", "out"),
    (Book, {"fields": ["title"], "set_like": ["tags"]}, "set_like names 'tags'", "Known"),
    (Book, {"fields": ["title"], "updated_at": "changed"}, "not a column of books", "'changed_at'"),
    (Book, {"fields": ["title"], "document_id": "tags"}, "document_id 'tags' is of kind texts", "integer"),
    (Book, {"fields": ["title"], "document_id": "shout"}, "document_id 'shout' is of kind json", "integer"),
    (Book, {"fields": ["title"], "settings": {"stopwords": []}}, "no key 'stopwords'", "'stop_words'"),
    (Book, {"fields": ["title"], "settings": {"displayed_attributes": ["*"]}}, "names '*'", "Known"),
    (Book, {"fields": ["title"], "fan_outs": {"x": "Pair"}}, "fan_outs['x'] is 'Pair'", "FanOut"),
    (Book, {"fields": ["genre"], "faceting": Faceting(["genre"])}, "'genre' is not filterable", "filterable="),
    (Pair, {"fields": ["both"]}, "pairs has 2 primary key columns", "document_id="),
    (dict, {"fields": ["both"]}, "'dict' is neither a SQLAlchemy model nor a Table", "declarative"),
    (sa.Table("a b", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True)), {"fields": ["id"]},
     "'a b' cannot name an index", "letters"),
]  # fmt: skip


@pytest.mark.parametrize(("target", "options", "message", "hint"), REFUSED, ids=lambda item: str(item)[:50])
def test_what_does_not_hold_is_refused(target: Any, options: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(SchemaError) as caught:
        search_schema(target, **options)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert registry.names() == ()


@pytest.mark.parametrize("declare", [searchable, search_schema])
def test_every_option_is_spelled_out(declare: Any) -> None:
    assert [*inspect.signature(searchable).parameters] == [*inspect.signature(search_schema).parameters][1:]
    target = [Book] if declare is search_schema else []
    with pytest.raises(TypeError, match="filterble"):
        declare(*target, fields=["title"], filterble=["title"])
    with pytest.raises(TypeError, match="fields"):
        declare(*target)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Faceting(["*"]), "'*' is a wildcard"),
        (lambda: Faceting(["a"], max_values_per_facet=0), "max_values_per_facet is 0"),
        (lambda: Faceting(["a"], sort_facet_values_by={"a": "size"}), "is 'size'"),
        (lambda: hierarchy("a", 0), "depth 0"),
    ],
)
def test_impossible_facets(make: Any, message: str) -> None:
    with pytest.raises(SchemaError) as caught:
        make()
    assert message in caught.value.message


def test_two_schemas_never_share_a_name_or_an_index() -> None:
    search_schema(Book, fields=["title"])
    other = sa.Table("books", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True))
    with pytest.raises(SchemaError, match="would share the index 'books'"):
        search_schema(other, fields=["id"], name="Other")
    with pytest.raises(SchemaError, match="Two schemas are named 'Book'"):
        search_schema(other, fields=["id"], name="Book", index_prefix="x")
    assert (
        search_schema(other, fields=["id"], name="Other", index_prefix="x").index_name(Config()) == "x_books"
    )


def test_a_cell_run_twice_replaces_what_it_declared() -> None:
    search_schema(Book, fields=["title"])
    again = search_schema(Book, fields=["title", "genre"])
    assert registry.find("Book") is again
    assert registry.find(Book) is again


def test_the_decorator_leaves_the_model_alone() -> None:
    before = set(vars(Pair))
    assert searchable(fields=["both"], document_id="left")(Pair) is Pair
    assert set(vars(Pair)) == before


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ("Bok", "No schema is named 'Bok'", "Did you mean 'Book'?"),
        ("nowhere.at_all:Book", "cannot be imported", "package.module:Model"),
        ("tests.support.shop:Nothing", "tests.support.shop has no 'Nothing'", "Known: B"),
        (Pair, "'Pair' is not declared searchable", "@searchable"),
        (42, "42 is not declared searchable", "@searchable"),
    ],
)
def test_an_unknown_schema_is_named_with_the_next_step(given: Any, message: str, hint: str) -> None:
    search_schema(Book, fields=["title"])
    with pytest.raises(SchemaError) as caught:
        registry.find(given)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_no_schema_at_all() -> None:
    with pytest.raises(SchemaError, match="No schema is known"):
        registry.every(Config())


def test_the_id_and_the_tenant_are_always_in_the_document() -> None:
    schema = search_schema(Book, fields=["title"], tenant_field="owner")
    assert schema_fields(schema) == ("id", "title", "owner")
    assert schema.filterable == ("owner",)
    assert schema_config(schema)["tenant_field"] == "owner"


def test_attributes_keep_their_name_whatever_the_column_is_called() -> None:
    schema = search_schema(Book, fields=["title"])
    assert schema.plain
    assert schema.fields[1].kind is Kind.TEXT
    assert project(schema, Book(id=1, title="Emma"))["title"] == "Emma"


def test_an_attribute_that_is_no_column_is_projected_from_records() -> None:
    schema = search_schema(Book, fields=["shout"])
    assert not schema.plain
    assert project(schema, Book(id=1, title="Emma"))["shout"] == "EMMA"


def test_a_model_may_make_its_own_documents() -> None:
    class Own(Base):
        __tablename__ = "own"
        id: Mapped[int] = mapped_column(primary_key=True)

        def search_document(self) -> dict[str, Any]:
            return {"id": self.id, "twice": self.id * 2} | ({"extra": 1} if self.id == 3 else {})

    schema = search_schema(Own, fields=["id", "twice"])
    assert project(schema, Own(id=2))["twice"] == 4
    with pytest.raises(ProjectionError, match="returned a field 'extra' that is not declared"):
        project(schema, Own(id=3))


@pytest.mark.parametrize("record", [{"id": 7}, type("Row", (), {"id": 7})()])
def test_a_missing_field_names_schema_field_and_record(record: Any) -> None:
    schema = search_schema(Book, fields=["title"])
    with pytest.raises(ProjectionError, match="Book: record 7 has no field 'title'") as caught:
        project(schema, record)
    assert caught.value.hint


@pytest.mark.parametrize("value", ["", "a b", "ü", "a/b", "x" * 512, 1.5, None, True, b"x", ["a"]])
def test_what_cannot_name_a_document(value: Any) -> None:
    schema = search_schema(Book, fields=["title"], document_id="owner")
    with pytest.raises(ProjectionError):
        project(schema, {"owner": value, "title": "x"})


def test_one_identity() -> None:
    table = sa.Table("tokens", sa.MetaData(), sa.Column("token", sa.Uuid, primary_key=True))
    schema = search_schema(table, name="Token", fields=["token"])
    text = "0A0B0C0D-0000-0000-0000-000000000001"
    assert document_id(schema, text) == document_id(schema, {"token": text}) == text.lower()
    assert document_id(schema, {"token": id_value(schema, text.lower())}) == text.lower()
    assert project(schema, {"token": text})["token"] == text.lower()
    assert id_text(schema, text) == text, "a document's id is compared as it stands"
    assert id_value(schema, text) is None
    assert id_value(schema, "not a uuid") is None
    assert id_value(search_schema(Book, fields=["id"]), "007") is None
    assert id_value(search_schema(Book, fields=["id"]), "x7") is None


def test_settings_hide_the_fingerprint_and_speak_the_servers_language() -> None:
    schema = search_schema(
        Book,
        fields=["title", "genre"],
        filterable=["genre"],
        sortable=["title"],
        faceting=Faceting(["genre"], max_values_per_facet=7, sort_facet_values_by={"genre": "count"}),
        settings={
            "synonyms": {"sci_fi": ["science"]},
            "typo_tolerance": {"min_word_size_for_typos": {"one_typo": 4}},
        },
    )
    assert desired(schema) == {
        "displayedAttributes": ["id", "title", "genre"],
        "searchableAttributes": ["id", "title", "genre"],
        "filterableAttributes": ["genre"],
        "sortableAttributes": ["title"],
        "faceting": {"maxValuesPerFacet": 7, "sortFacetValuesBy": {"*": "alpha", "genre": "count"}},
        "synonyms": {"sci_fi": ["science"]},
        "typoTolerance": {"minWordSizeForTypos": {"oneTypo": 4}},
    }
    assert schema_settings("Book") == desired(schema)
    assert schema_faceting("Book")["max_values_per_facet"] == 7


def test_a_dropped_ranking_rule_is_said_aloud() -> None:
    with pytest.warns(RankingRulesWarning, match="drops typo, proximity, sort, exactness"):
        search_schema(Book, fields=["title"], settings={"ranking_rules": ["words"]})


def test_reflection() -> None:
    search_schema(
        Book, fields=["title"], updated_at="changed_at", fan_outs={"p": FanOut("Pair", lambda s, i: i)}
    )
    assert document_id_field("Book") == "id"
    assert document_source("Book") == "books"
    assert schema_capabilities("Book") == {
        "columns": True,
        "fingerprint": True,
        "incremental": True,
        "facets": False,
        "tenant": False,
        "fan_out": True,
    }


def test_without_a_fingerprint_the_document_has_none() -> None:
    schema = search_schema(Book, fields=["title"], fingerprint=False)
    assert project(schema, Book(id=1, title="Emma")) == {"id": 1, "title": "Emma"}
