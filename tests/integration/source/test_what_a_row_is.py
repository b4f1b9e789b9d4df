"""What a schema's rows are: in every path exactly those that ``session.execute(query)`` gives."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

import scrypath
from scrypath.config import Config
from scrypath.errors import ProjectionError
from scrypath.meilisearch import documents, tasks
from scrypath.query.hydration import records as hydrated
from scrypath.queue.args import JobArgs
from scrypath.queue.install import install
from scrypath.schema import SearchSchema, search_schema
from scrypath.schema.identity import document_id
from scrypath.schema.index_ref import IndexRef
from scrypath.source import rows
from scrypath.source.engine import engine
from scrypath.source.selection import Part
from scrypath.sync.jobs import perform
from scrypath.vocabulary import Operation
from tests.conftest import own_database
from tests.support import kennel
from tests.support.kennel import QUERIES, Animal, Visit

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def kennel_database(database_url: str) -> Iterator[str]:
    """A database with the animals, which no test changes."""
    for url in own_database(database_url, "template1"):
        made = Config(database_url=url)
        install(made)
        kennel.Base.metadata.create_all(engine(made))
        with Session(engine(made)) as session:
            kennel.load(session)
        yield url


@pytest.fixture
def kennels(config: Config, kennel_database: str) -> Config:
    """The configuration of the animals."""
    return replace(config, database_url=Config(database_url=kennel_database).database_url, schemas=())


def declared(name: str) -> SearchSchema:
    target, fields, query = QUERIES[name]
    key = "code" if target is Visit else None
    return search_schema(
        target, name="Shown", fields=fields, query=query, document_id=key, updated_at="updated_at"
    )


def shown(schema: SearchSchema, config: Config) -> set[str]:
    """Ids of what ``session.execute(query)`` gives."""
    entity = schema.table if schema.model is None else schema.model
    statement = sa.select(entity) if schema.query is None else schema.query(sa.select(entity))
    with Session(engine(config)) as session:
        found = session.execute(statement)
        if schema.model is None:
            return {str(row.id) for row in found}
        if isinstance(statement, sa.CompoundSelect):
            return {row.visit_code for row in found}
        return {document_id(schema, record) for record in found.unique().scalars()}


def everything(schema: SearchSchema, config: Config) -> set[str]:
    key = schema.id_field.column
    with Session(engine(config)) as session:
        return {str(value) for value in session.scalars(sa.select(key))}


def indexed(ref: IndexRef) -> set[str]:
    found = documents.get_many(ref.config, ref.uid, sorted(everything(ref.schema, ref.config)))
    return {str(document[ref.schema.document_id]) for document in found}


@pytest.mark.parametrize("name", QUERIES)
def test_every_path_sees_the_rows_of_the_query(name: str, kennels: Config, own_registry: Any) -> None:
    schema = declared(name)
    ref = IndexRef.live(schema, kennels)
    expected, every = shown(schema, kennels), everything(schema, kennels)
    others = every - expected
    assert expected
    assert others or schema.query is None

    result = scrypath.backfill(schema, batch_size=3, config=kennels)
    assert (result.document_count, indexed(ref)) == (len(expected), expected)
    assert rows.count(ref) == len(expected)
    assert rows.existing_ids(ref, sorted(every)) == expected
    assert set(rows.random_ids(ref, 1_000)) == expected
    with rows.records(ref, sorted(every)) as records:
        assert sorted(document_id(schema, record) for record in records) == sorted(expected)
    assert set(rows.table(ref, Part(ids=sorted(every))).column(schema.document_id).to_pylist()) == {
        int(key) if schema.id_field.kind == "integer" else key for key in expected
    }
    with Session(engine(kennels)) as session:
        assert set(hydrated(schema, session, sorted(every))) == expected

    with ThreadPoolExecutor(2) as pool:
        divided = scrypath.reconcile_sync(schema, executor=pool, config=replace(kennels, page_size=4))
    full = scrypath.reconcile_sync(schema, verify="content", config=kennels)
    brief = scrypath.reconcile_sync(schema, incremental=True, config=kennels)
    for report in (divided, full, brief):
        assert (report.rows, report.matching, report.in_step) == (len(expected), len(expected), True), report
    sample = scrypath.reconcile_sync(schema, sample=1_000, config=kennels)
    assert sample.note == f"Estimated from {len(expected)} of {len(expected)} rows, chosen at random."
    assert sample.documents.is_empty()

    # What is no row is no document: found as an orphan, and removed by a job.
    stray = [{str(schema.document_id): key} for key in sorted(others)]
    for task in documents.write(kennels, ref.uid, stray):
        tasks.wait(kennels, task.uid).require_success()
    found = scrypath.reconcile_sync(schema, config=kennels).documents
    assert {(row["document_id"], row["drift"]) for row in found.to_dicts()} == {
        (key, "orphan") for key in others
    }
    args = JobArgs(
        operation=Operation.UPSERT, schema="Shown", index=ref.uid, document_ids=tuple(sorted(every))
    )
    perform(args, kennels)
    assert indexed(ref) == expected


def test_a_property_reads_a_lazy_relationship_in_every_path(kennels: Config, own_registry: Any) -> None:
    schema = search_schema(Animal, name="Shown", fields=["id", "kennel_name", "words"])
    ref = IndexRef.live(schema, kennels)
    scrypath.backfill(schema, config=kennels)
    for task in documents.write(kennels, ref.uid, [{"id": 1, "kennel_name": "?"}, {"id": 99}]):
        tasks.wait(kennels, task.uid).require_success()
    report = scrypath.reconcile_sync(schema, config=kennels)
    explained = report.explain().filter(drift="stale").select("field", "database").rows()
    assert explained == [("kennel_name", '"North"'), ("words", '["good"]')]
    outcome = scrypath.apply(scrypath.plan(report, "repair", delete_orphans=True))
    assert set(outcome["outcome"]) == {"completed"}
    assert scrypath.reconcile_sync(schema, config=kennels).in_step
    with Session(engine(kennels)) as session:
        record = session.get_one(Animal, 1)
        assert scrypath.sync_record(schema, record, config=kennels).document_ids == ("1",)
        alone = session.get_one(Animal, 2)
    with pytest.raises(
        ProjectionError, match=r"Shown: field '\w+' of record 2 cannot be read: DetachedInst"
    ) as named:
        scrypath.sync_record(schema, alone, config=kennels)
    assert "selectinload()" in str(named.value.hint)
