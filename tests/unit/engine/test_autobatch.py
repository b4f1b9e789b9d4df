from __future__ import annotations

from typing import Any

import pytest

from scrypath.local.engine.autobatch import Work, plan
from scrypath.local.engine.tasks import Kind, Status, Task

ADD = (Kind.DOCUMENT_ADDITION, {"primaryKey": None})
BY_IDS = (Kind.DOCUMENT_DELETION, {"ids": ["1"]})
BY_FILTER = (Kind.DOCUMENT_DELETION, {"filter": "a = 1"})
CLEAR = (Kind.DOCUMENT_DELETION, {})
CHANGE = (Kind.SETTINGS_UPDATE, {"settings": {}, "isDeletion": False})
RESET = (Kind.SETTINGS_UPDATE, {"settings": {}, "isDeletion": True})
CREATE = (Kind.INDEX_CREATION, {"primaryKey": None})
DROP = (Kind.INDEX_DELETION, {})
SWAP = (Kind.INDEX_SWAP, {"swaps": []})


def keyed(primary_key: str) -> tuple[Kind, dict[str, Any]]:
    return Kind.DOCUMENT_ADDITION, {"primaryKey": primary_key}


def waiting(*steps: tuple[Kind, dict[str, Any]]) -> list[Task]:
    return [
        Task(uid, None, "i", Status.ENQUEUED, kind, None, None, None, 0, None, None, None, content)
        for uid, (kind, content) in enumerate(steps)
    ]


@pytest.mark.parametrize(
    ("steps", "work", "count"),
    [
        ([ADD, ADD, BY_IDS, ADD], Work.DOCUMENTS, 4),
        ([ADD, BY_FILTER], Work.DOCUMENTS, 1),
        ([BY_FILTER, ADD], Work.DOCUMENTS, 2),
        ([BY_IDS, BY_FILTER, BY_IDS], Work.DELETIONS, 3),
        ([ADD, CHANGE], Work.DOCUMENTS, 1),
        ([CHANGE, RESET, CHANGE], Work.SETTINGS, 3),
        ([CHANGE, ADD], Work.SETTINGS, 1),
        ([CHANGE, CLEAR, BY_IDS, CHANGE], Work.CLEAR_AND_SETTINGS, 4),
        ([ADD, BY_IDS, CLEAR, BY_IDS], Work.CLEAR, 4),
        ([CLEAR, ADD], Work.CLEAR, 1),
        ([ADD, ADD, DROP, ADD], Work.INDEX_DELETION, 3),
        ([CHANGE, CLEAR, DROP], Work.INDEX_DELETION, 3),
        ([CREATE, ADD], Work.INDEX_CREATION, 1),
        ([ADD, SWAP, ADD], Work.DOCUMENTS, 1),
        ([SWAP, ADD], Work.INDEX_SWAP, 1),
    ],
)
def test_which_tasks_share_a_batch(steps: list[tuple[Kind, dict[str, Any]]], work: Work, count: int) -> None:
    chosen = plan(waiting(*steps), exists=True, index_key="id")
    assert (chosen.work, chosen.count) == (work, count)


def test_a_deletion_does_not_wait_for_an_index_that_a_write_would_make() -> None:
    assert plan(waiting(BY_IDS, ADD), exists=False, index_key=None).count == 1
    assert plan(waiting(BY_IDS, ADD), exists=True, index_key=None).count == 2


def test_a_reset_does_not_create_the_index_for_a_later_change() -> None:
    chosen = plan(waiting(RESET, CHANGE), exists=False, index_key=None)
    assert (chosen.count, chosen.creates) == (1, False)


@pytest.mark.parametrize(
    ("steps", "index_key", "count", "reason"),
    [
        (
            [keyed("sku"), ADD],
            "id",
            1,
            "its primary key `sku` is different from the primary key of the index `id`",
        ),
        (
            [ADD, keyed("sku")],
            "id",
            1,
            "its primary key `sku` is different from the primary key of the index `id`",
        ),
        ([ADD, keyed("sku")], None, 1, "it would interfere with primary key guessing of the batch"),
        (
            [keyed("a"), keyed("b")],
            None,
            1,
            "its primary key `b` is different from the primary key of the batch `a`",
        ),
        ([keyed("a"), ADD, keyed("a")], None, 3, ""),
    ],
)
def test_primary_keys_that_disagree_end_a_batch(
    steps: list[tuple[Kind, dict[str, Any]]], index_key: str | None, count: int, reason: str
) -> None:
    chosen = plan(waiting(*steps), exists=index_key is not None, index_key=index_key)
    assert chosen.count == count
    assert reason in chosen.stopped


def test_the_reason_names_the_task_that_ended_the_batch() -> None:
    assert plan(waiting(ADD, ADD, CHANGE), exists=True, index_key=None).stopped == (
        "stopped before task with id 2 because it is a settings change which cannot be batched with document operations"
    )
