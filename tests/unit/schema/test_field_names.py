"""Names and types that no field can have are refused at declaration; names that libraries treat specially work."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from scrypath.errors import SchemaError
from scrypath.schema.documents import project_records
from tests.support.schemas import build
from tests.support.value_matrix import REFUSED

SPECIAL = [
    "name", "Name", "NAME", "rowid", "select", "order", "c0", "c1", "batch", "x", "lambda", 'a"b', "a'b", "a b", "a:b",
    "%s", "_id", "é", "日本", "struct_pack", "1st", "-", "\\",
]  # fmt: skip


def things(name: str, kind: Any) -> sa.Table:
    return sa.Table(
        "things", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column(name, kind)
    )


@pytest.mark.parametrize(("what", "kind"), REFUSED.items(), ids=list(REFUSED))
def test_a_type_that_no_document_can_hold_is_refused_by_name(what: str, kind: Any) -> None:
    with pytest.raises(SchemaError, match=f"field 'v' is {what}") as caught:
        build(things("v", kind), {"fields": ["v"], "name": "Thing"})
    assert caught.value.hint


@pytest.mark.parametrize(
    "name",
    ["a.b", "*", "_scrypath", "_vectors", "_formatted", "_rankingScore", "_geoDistance", "_federation"],
)
def test_a_name_that_meilisearch_reads_otherwise_is_refused(name: str) -> None:
    with pytest.raises(SchemaError, match=r"reserved|cannot name a field"):
        build(things(name, sa.Text()), {"fields": [name], "name": "Thing"})


def test_names_that_differ_in_case_or_mean_something_elsewhere_work() -> None:
    table = sa.Table(
        "things",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        *(sa.Column(name, sa.Text) for name in SPECIAL),
    )
    schema = build(table, {"fields": ["id", *SPECIAL], "name": "Thing"})
    record = {"id": 1} | {name: f"of {name}" for name in SPECIAL}
    documents = project_records(schema, [record])
    sent = orjson.loads(documents.lines[0])
    assert sent.pop("_scrypath") == documents.fingerprints[0]
    assert sent == record
    other = project_records(schema, [record | {"Name": "another"}])
    assert other.fingerprints != documents.fingerprints


# What a text in a place says is the server's to judge: such a document fails its task.
@pytest.mark.parametrize("place", [{"lat": 1.5, "lng": "2"}, {"lat": "44,8", "lng": "20,4"}, None])
def test_a_place_is_an_object_of_lat_and_lng(place: Any) -> None:
    schema = build(things("_geo", sa.JSON()), {"fields": ["_geo"], "name": "Thing"})
    assert orjson.loads(project_records(schema, [{"id": 1, "_geo": place}]).lines[0])["_geo"] == place


@pytest.mark.parametrize(
    "place", [[1, 2], {"lat": 1}, {"lat": True, "lng": 1}, {"lat": 1, "lng": 2, "alt": 3}, 5]
)
def test_a_place_of_another_form_is_no_document(place: Any) -> None:
    from scrypath.errors import ProjectionError

    schema = build(things("_geo", sa.JSON()), {"fields": ["_geo"], "name": "Thing"})
    with pytest.raises(ProjectionError, match="not what Meilisearch takes as _geo"):
        project_records(schema, [{"id": 1, "_geo": place}])


def test_a_place_that_is_a_text_is_refused_at_declaration() -> None:
    with pytest.raises(SchemaError, match="Meilisearch takes an object there"):
        build(things("_geo", sa.Text()), {"fields": ["_geo"], "name": "Thing"})


@pytest.mark.parametrize(("name", "kind"), [("v", sa.Text()), ("v", sa.JSON()), ("id", sa.Integer())])
def test_as_text_is_for_numbers_and_dates(name: str, kind: Any) -> None:
    with pytest.raises(SchemaError, match="as_text names"):
        build(things("v", kind), {"fields": ["id", "v"], "name": "Thing", "as_text": [name]})
