"""Each incident really happens, touches what it says, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from scrypath.config import Config
from scrypath.errors import InvalidOptions, StackError
from scrypath.local import stack
from scrypath.local.catalogue import City, Country, load
from scrypath.local.rehearsal import IncidentName, rehearse
from scrypath.local.stack import Stack
from scrypath.meilisearch import documents, tasks
from scrypath.memory import ledger
from scrypath.memory.task_metadata import reference_of
from scrypath.queue import jobs
from scrypath.rebuild.backfill import backfill
from scrypath.schema import registry
from scrypath.schema.documents import project_columns
from scrypath.schema.index_ref import IndexRef
from scrypath.source import rows
from scrypath.sync.verbs import delete_documents, sync_records

pytestmark = pytest.mark.integration

CITIES = 300
NOTHING: dict[str, set[str]] = {"missing": set(), "orphan": set(), "stale": set()}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack with a small catalogue, indexed."""
    made = stack.up(Config(), home=tmp_path_factory.mktemp("rehearsal"), worker=False)
    config = made.config()
    load(config, limit=CITIES)
    for model in (City, Country):
        backfill(model, config=config)
    yield made
    made.down(purge=True)


@pytest.fixture
def config(place: Stack) -> Config:
    """The catalogue as it was at first, in step."""
    config = place.config()
    load(config, limit=CITIES)
    for model in (City, Country):
        found = drifted(model, config)
        gone = found["orphan"] | found["missing"] | found["stale"]
        if gone:
            delete_documents(model, gone, mode="inline", config=config)
            with rows.records(IndexRef.live(registry.find(model), config), list(gone)) as records:
                sync_records(model, records, mode="inline", config=config)
        assert drifted(model, config) == NOTHING
    return config


def drifted(model: type, config: Config) -> dict[str, set[str]]:
    """Which documents differ from their rows, by a comparison that has nothing to do with the kit's own."""
    schema = registry.find(model)
    projected = project_columns(schema, rows.table(IndexRef.live(schema, config)))
    wanted = dict(zip(projected.ids, projected.fingerprints, strict=True))
    found = {
        str(document[schema.document_id]): document["_scrypath"]
        for page in documents.pages(config, schema.index_name(config))
        for document in page.documents()
    }
    return {
        "missing": set(wanted) - set(found),
        "orphan": set(found) - set(wanted),
        "stale": {name for name in wanted.keys() & found.keys() if wanted[name] != found[name]},
    }


def test_stale_documents_are_those_it_names_and_no_others(config: Config, place: Stack) -> None:
    incident = rehearse("stale-documents", stack=place, documents=9)
    assert len(incident.document_ids) == 9
    assert drifted(City, config) == NOTHING | {"stale": set(incident.document_ids)}
    assert incident.evidence == ("The index still shows the former population of 9 of 9 cities.",)
    assert (incident.schema, incident.index, incident.work_ids) == ("City", "cities", ())


def test_orphans_are_those_it_names_and_no_others(config: Config, place: Stack) -> None:
    incident = rehearse("orphans", stack=place, documents=5)
    assert drifted(City, config) == NOTHING | {"orphan": set(incident.document_ids)}
    assert incident.evidence == ("The index still finds 5 of 5 deleted cities.",)


def test_the_same_seed_touches_the_same_rows(config: Config, place: Stack) -> None:
    first = rehearse("stale-documents", stack=place)
    load(config, limit=CITIES)
    assert rehearse("stale-documents", stack=place).document_ids == first.document_ids
    assert rehearse("stale-documents", stack=place, seed=21).document_ids != first.document_ids


def test_a_failed_validation_is_a_failed_task_that_the_ledger_knows(config: Config, place: Stack) -> None:
    incident = rehearse("failed-validation", stack=place, documents=6)
    [work_id] = incident.work_ids
    task = tasks.get(config, int(work_id.removeprefix("meili:")))
    assert (task.status, task.error_code, task.index_uid) == (
        "failed",
        "invalid_document_geo_field",
        "countries",
    )
    assert task.custom_metadata is not None
    known = ledger.lookup(config, [reference_of(task.custom_metadata)]).row(0, named=True)
    assert sorted(known["document_ids"]) == list(incident.document_ids)
    # one bad place, and none of the six was written
    assert drifted(Country, config) == NOTHING | {"stale": set(incident.document_ids)}


def test_a_queue_outage_leaves_discarded_jobs_and_a_server_that_is_back(config: Config, place: Stack) -> None:
    incident = rehearse("queue-outage", stack=place, documents=7)
    numbers = [int(work_id.removeprefix("oban:")) for work_id in incident.work_ids]
    frame = jobs.listing(config, ids=numbers).frame
    assert frame["state"].to_list() == ["discarded"] * 3
    assert sorted(item for ids in frame["document_ids"] for item in ids) == sorted(incident.document_ids)
    assert drifted(City, config) == NOTHING | {"stale": set(incident.document_ids)}
    assert stack.current(place.home) == stack.up(home=place.home, worker=False)


def test_the_catalogue_is_prepared_where_nothing_was_loaded(config: Config, place: Stack) -> None:
    with psycopg.connect(place.database_url) as connection:
        connection.execute("DROP TABLE cities, countries")
    incident = rehearse("stale-documents", stack=place, documents=1)
    assert rows.count(IndexRef.live(registry.find(City), config)) == 2_000
    assert len(incident.document_ids) == 1


def test_an_incident_that_does_not_exist_is_refused_with_the_nearest(place: Stack) -> None:
    with pytest.raises(InvalidOptions, match=r"incident cannot be 'orfans'.*Did you mean 'orphans'\?"):
        rehearse("orfans", stack=place)


@pytest.mark.parametrize("name", ["stale-documents", "orphans", "queue-outage"])
@pytest.mark.parametrize("documents", [-1, 5_000])
def test_more_rows_than_there_are_cannot_be_touched(place: Stack, name: str, documents: int) -> None:
    before = drifted(City, place.config())
    with pytest.raises(InvalidOptions, match=f"documents is {documents}, and City has"):
        rehearse(name, stack=place, documents=documents)
    assert drifted(City, place.config()) == before


def test_a_server_of_somebody_else_is_not_stopped(
    config: Config, place: Stack, tmp_path_factory: pytest.TempPathFactory
) -> None:
    borrowed = stack.up(config, home=tmp_path_factory.mktemp("borrowed"), worker=False)
    try:
        with pytest.raises(StackError, match="was not started by this stack"):
            rehearse("queue-outage", stack=borrowed)
    finally:
        borrowed.down(purge=True)


def test_every_incident_tells_its_story(config: Config, place: Stack) -> None:
    for name in IncidentName:
        incident = rehearse(name, stack=place, documents=4)
        assert incident.runbook in str(incident)
        assert incident.as_dict()["incident"] == name
        assert "4 " in incident.story
