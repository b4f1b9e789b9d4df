"""Whatever is asked, in whatever order: documents, settings and history agree with a simple model."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scrypath.local.engine import payload
from scrypath.local.engine.engine import Engine
from scrypath.local.engine.query import Query
from scrypath.local.engine.reading import Browse, page
from scrypath.local.engine.tasks import Kind

pytestmark = pytest.mark.integration

NAMES = st.sampled_from(["a", "b", "c"])
IDS = st.integers(0, 6)
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.text("xyz ", max_size=4), st.lists(st.integers(0, 2))
)
DOCUMENT = st.fixed_dictionaries(
    {"id": IDS}, optional={"x": VALUES, "y": VALUES, "n": st.fixed_dictionaries({"z": VALUES})}
)
BROKEN = st.fixed_dictionaries({"id": st.sampled_from(["a b", 1.5, None, ""])})
DOCUMENTS = st.lists(st.one_of(DOCUMENT, DOCUMENT, DOCUMENT, BROKEN), max_size=5)

STEP = st.one_of(
    st.tuples(st.just("put"), NAMES, DOCUMENTS, st.booleans()),
    st.tuples(st.just("merge"), NAMES, DOCUMENTS, st.booleans()),
    st.tuples(st.just("delete"), NAMES, st.lists(IDS, max_size=4)),
    st.tuples(st.just("clear"), NAMES),
    st.tuples(st.just("drop"), NAMES),
    st.tuples(st.just("settings"), NAMES, st.lists(st.sampled_from(["x", "y"]), unique=True)),
    st.tuples(st.just("swap"), NAMES, NAMES),
    st.tuples(st.just("rename"), NAMES, NAMES),
    st.tuples(st.just("cancel"), st.integers(0, 12)),
    st.tuples(st.just("run")),
)


class Sequence:
    """Drives an engine without threads: tasks wait until they are run."""

    def __init__(self, folder: Path) -> None:
        self.engine = Engine(folder)
        self.steps: list[tuple[Any, ...]] = []

    def enqueue(self, step: tuple[Any, ...]) -> None:
        """Store the task of a step."""
        kind, *rest = step
        queue = self.engine.queue
        if kind in ("put", "merge"):
            index, documents, skip = rest
            content = {
                "method": "update" if kind == "merge" else "replace",
                "primaryKey": "id",
                "skipCreation": skip,
                "file": queue.store_payload(map(payload.line, documents)),
                "count": len(documents),
            }
            queue.enqueue(Kind.DOCUMENT_ADDITION, index, content)
        elif kind == "delete":
            queue.enqueue(Kind.DOCUMENT_DELETION, rest[0], {"ids": [str(id_) for id_ in rest[1]]})
        elif kind == "clear":
            queue.enqueue(Kind.DOCUMENT_DELETION, rest[0], {})
        elif kind == "drop":
            queue.enqueue(Kind.INDEX_DELETION, rest[0], {})
        elif kind == "settings":
            change = {"sortableAttributes": sorted(rest[1])}
            queue.enqueue(Kind.SETTINGS_UPDATE, rest[0], {"settings": change, "isDeletion": False})
        elif kind in ("swap", "rename"):
            if rest[0] == rest[1]:
                return
            self.engine.swap([{"indexes": rest, "rename": kind == "rename"}])
        else:
            self.engine.enqueue_choice(Kind.TASK_CANCELATION, f"uids={rest[0]}", Query(uids=rest), None)
        self.steps.append(step)

    def run(self) -> None:
        """Run everything that waits."""
        while self.engine.worker.step():
            pass

    def tasks(self) -> list[dict[str, Any]]:
        """Return the history, oldest first."""
        found: list[dict[str, Any]] = json.loads(self.engine.queue.list(Query(limit=10_000, reverse=True)))[
            "results"
        ]
        return found

    def documents(self, uid: str) -> dict[str, Any]:
        """Return the documents of an index by id."""
        found = json.loads(page(self.engine.indexes.get(uid), Browse(limit=1000)))
        assert found["total"] == len(found["results"])
        return {str(document["id"]): document for document in found["results"]}

    def close(self) -> None:
        """Close every file."""
        self.engine.indexes.close()
        self.engine.queue.close()


def _valid(documents: list[dict[str, Any]]) -> bool:
    return all(isinstance(document["id"], int) for document in documents)


class Model:
    """What the tasks that succeeded must have left, by the order in which batches ran."""

    def __init__(self) -> None:
        self.indexes: dict[str, dict[str, dict[str, Any]]] = {}
        self.sortable: dict[str, list[str]] = {}

    def apply(self, step: tuple[Any, ...]) -> None:
        """Apply one step that succeeded."""
        kind, *rest = step
        if kind in ("put", "merge"):
            index, documents, skip = rest
            held = self.indexes.setdefault(index, {})
            for document in documents if _valid(documents) else ():
                key = str(document["id"])
                if key in held or not skip:
                    held[key] = {**held.get(key, {}), **document} if kind == "merge" else document
        elif kind == "delete" and rest[0] in self.indexes:
            for id_ in rest[1]:
                self.indexes[rest[0]].pop(str(id_), None)
        elif kind == "clear" and rest[0] in self.indexes:
            self.indexes[rest[0]] = {}
        elif kind == "drop":
            self.indexes.pop(rest[0], None)
            self.sortable.pop(rest[0], None)
        elif kind == "settings":
            self.indexes.setdefault(rest[0], {})
            self.sortable[rest[0]] = sorted(rest[1])
        elif kind in ("swap", "rename"):
            left, right = rest
            for held in (self.indexes, self.sortable):
                values = held.pop(left, None), held.pop(right, None)
                held.update(
                    {
                        name: value
                        for name, value in zip((right, left), values, strict=True)
                        if value is not None
                    }
                )


def _created_by_failure(model: Model, task: dict[str, Any], step: tuple[Any, ...]) -> None:
    """A write that fails for its documents still made its index."""
    if step[0] in ("put", "merge") and task["error"]["code"] != "index_not_found":
        model.indexes.setdefault(step[1], {})


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEP, max_size=14))
def test_history_and_documents_agree_with_the_model(steps: list[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sequence = Sequence(Path(folder))
        try:
            for step in steps:
                if step[0] == "run":
                    sequence.run()
                else:
                    sequence.enqueue(step)
            sequence.run()
            _agree(sequence)
        finally:
            sequence.close()


def _agree(sequence: Sequence) -> None:
    tasks = sequence.tasks()
    assert [task["uid"] for task in tasks] == list(range(len(sequence.steps)))
    model = Model()
    for task in sorted(tasks, key=lambda task: (task["batchUid"], task["uid"])):
        step = sequence.steps[task["uid"]]
        assert (task["error"] is None) == (task["status"] in ("succeeded", "canceled")), task
        assert (task["canceledBy"] is None) == (task["status"] != "canceled")
        if step[0] in ("put", "merge") and task["status"] != "canceled":
            # A write that shares its batch with the removal of everything is not even looked at.
            wiped = any(
                sequence.steps[other["uid"]][0] in ("clear", "drop")
                for other in tasks[task["uid"] :]
                if other["batchUid"] == task["batchUid"]
            )
            assert wiped or (task["status"] == "succeeded") == _valid(step[2]), task
        if task["status"] == "succeeded":
            model.apply(step)
        elif task["status"] == "failed":
            _created_by_failure(model, task, step)
    names = set(sequence.engine.indexes.names())
    assert names == set(model.indexes)
    for uid in names:
        facts = sequence.engine.indexes.get(uid).facts()
        assert sequence.documents(uid) == model.indexes[uid]
        assert facts.count == len(model.indexes[uid])
        assert facts.settings["sortableAttributes"] == model.sortable.get(uid, [])
        fields = [key for document in model.indexes[uid].values() for key in document]
        assert facts.fields == {field: fields.count(field) for field in fields}
    batches = sequence.engine.queue.list_batches(Query(limit=10_000))["results"]
    assert sum(batch["stats"]["totalNbTasks"] for batch in batches) == len(tasks)
