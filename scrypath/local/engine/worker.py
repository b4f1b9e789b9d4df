"""The one thread that changes indexes: takes a batch, does it, writes what became of it."""

from __future__ import annotations

import sqlite3
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scrypath.local.engine import clock
from scrypath.local.engine.autobatch import Work
from scrypath.local.engine.batches import Batch
from scrypath.local.engine.bodies import worded
from scrypath.local.engine.deserr import dumps
from scrypath.local.engine.dumping import dump_uid, write_dump, write_snapshot
from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.hooks import Hooks
from scrypath.local.engine.identity import key_taken
from scrypath.local.engine.index import Index, write_facts
from scrypath.local.engine.indexes import Indexes, exchange, unname
from scrypath.local.engine.keys import Keys
from scrypath.local.engine.names import not_found
from scrypath.local.engine.operations import Operation, about, fail
from scrypath.local.engine.queue import Queue
from scrypath.local.engine.scheduling import Job, next_job
from scrypath.local.engine.tasks import Kind, Status, Task, default_details, ended_details

type Also = Callable[[sqlite3.Connection], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch.

    Parameters
    ----------
    tasks
        Its tasks as they ended, the ones it canceled included.
    also
        Further changes of the queue in the transaction that writes them.
    discard
        An index on disk that nothing names any more after that.
    """

    tasks: list[Task]
    also: Also | None = None
    discard: str | None = None


class Abandoned(Exception):
    """A cancelation wants the batch at work; its tasks wait again."""


class Worker(threading.Thread):
    """Runs batches until it is told to stop.

    Parameters
    ----------
    folder
        Where dumps and snapshots go.
    queue, indexes, keys
        What to work on.
    hooks
        Failures that were asked for.
    """

    def __init__(self, folder: Path, queue: Queue, indexes: Indexes, keys: Keys, hooks: Hooks) -> None:
        super().__init__(name="engine-worker", daemon=True)
        self.folder = folder
        self.keys = keys
        self.queue = queue
        self.indexes = indexes
        self.hooks = hooks
        self._wake = threading.Event()
        self._stop_asked = threading.Event()
        self._abandon = threading.Event()

    def wake(self) -> None:
        """Tell the worker that something waits."""
        self._wake.set()

    def abandon(self, uids: Sequence[int]) -> None:
        """Give the batch at work up when one of its tasks is to be canceled."""
        at_work = self.queue.at_work
        if at_work is not None and not at_work.uids().isdisjoint(uids):
            self._abandon.set()

    def stop(self) -> None:
        """Stop after the checkpoint at hand; unfinished tasks wait for the next start."""
        self._stop_asked.set()
        self._abandon.set()
        self._wake.set()
        if self.is_alive():
            self.join()

    def run(self) -> None:
        """Work until stopped."""
        while not self._stop_asked.is_set():
            self._wake.wait(timeout=None if not self.hooks.paused else 0.02)
            self._wake.clear()
            while not self._stop_asked.is_set() and not self.hooks.paused and self._step_or_wait():
                pass
            if self.hooks.paused:
                self._wake.set()
                self._stop_asked.wait(0.02)

    def _step_or_wait(self) -> bool:
        """Do one batch; when its end cannot be written (a full disk, say), try again a little later."""
        try:
            return self.step()
        except Exception:
            traceback.print_exc()
            self._stop_asked.wait(0.5)
            return True

    def _checkpoint(self) -> None:
        if self._abandon.is_set():
            raise Abandoned

    def step(self) -> bool:
        """Do one batch; return False when nothing waits."""
        job = next_job(self.queue, self.indexes)
        if job is None:
            return False
        self._abandon.clear()
        batch = job.batch
        self.queue.at_work = batch
        try:
            self.hooks.wait(self._checkpoint)
            struck = self.hooks.struck(batch.tasks)
            outcome = self._do(job, struck)
        except Abandoned:
            if self._stop_asked.is_set():
                self.queue.at_work = None
            return True
        except ApiError as error:
            outcome = self._failed(batch, error)
        except Exception as crash:
            traceback.print_exc()
            message = f"An unexpected crash occurred when processing the task: {crash}"
            outcome = self._failed(batch, ApiError("internal", message))
        self.queue.finish(batch, outcome.tasks, outcome.also)
        if outcome.discard is not None:
            self.indexes.discard(outcome.discard)
        return True

    @staticmethod
    def _failed(batch: Batch, error: ApiError) -> Outcome:
        for task in batch.tasks:
            task.details = default_details(task.type, task.content)
            fail(task, error)
        return Outcome(batch.tasks)

    def _do(self, job: Job, struck: dict[int, ApiError]) -> Outcome:
        tasks = job.batch.tasks
        for task in tasks:
            if task.uid in struck:
                fail(task, struck[task.uid])
        sound = [task for task in tasks if task.uid not in struck]
        if not sound:
            return Outcome(tasks)
        first = sound[0]
        if job.work is None:
            return self._on_tasks(sound, tasks)
        if job.work is Work.INDEX_SWAP:
            return Outcome(tasks, self._swap(first))
        uid = first.index_uid
        assert uid is not None
        match job.work:
            case Work.INDEX_CREATION:
                self._create_index(first, uid)
                return Outcome(tasks)
            case Work.INDEX_UPDATE:
                return Outcome(tasks, self._update_index(first, uid))
            case Work.INDEX_DELETION:
                uuid = self._delete_index(sound, uid, job.creates)
                return Outcome(tasks, lambda conn: unname(conn, uid), uuid)
        index = self._index(uid, create=job.creates)
        Operation(index, uid, self.queue.payloads, self._checkpoint).run(job.work, sound, job.batch.uid)
        return Outcome(tasks)

    def _index(self, uid: str, *, create: bool) -> Index:
        if create and not self.indexes.exists(uid):
            return self.indexes.create(uid)
        return self.indexes.get(uid)

    # -- indexes ---------------------------------------------------------------------------------

    def _create_index(self, task: Task, uid: str) -> None:
        if self.indexes.exists(uid):
            raise ApiError("index_already_exists", f"Index `{uid}` already exists.")
        self._set_key(self.indexes.create(uid), uid, task.content["primaryKey"])
        task.status = Status.SUCCEEDED

    @staticmethod
    def _set_key(index: Index, uid: str, key: str | None, *, renamed: bool = False) -> None:
        if key is None and not renamed:
            return
        facts = index.facts()
        if key is not None and key != facts.primary_key and facts.count and facts.primary_key is not None:
            raise about(uid, key_taken(facts.primary_key))
        with index.database.write() as conn:
            write_facts(conn, primary_key=facts.primary_key if key is None else key, updated_at=clock.now())

    def _update_index(self, task: Task, uid: str) -> Also | None:
        index = self.indexes.get(uid)
        new_uid = task.content["newUid"]
        renamed = new_uid is not None and new_uid != uid
        if renamed and self.indexes.exists(new_uid):
            raise ApiError("index_already_exists", f"Index `{new_uid}` already exists.")
        try:
            self._set_key(index, new_uid if renamed else uid, task.content["primaryKey"], renamed=renamed)
            task.status = Status.SUCCEEDED
        except ApiError as error:
            fail(task, error)
        # As the server does: a refused primary key does not take the new name back.
        return (lambda conn: exchange(conn, uid, new_uid, task.uid)) if renamed else None

    def _delete_index(self, tasks: Sequence[Task], uid: str, may_create: bool) -> str | None:
        uuid = self.indexes.uuid(uid)
        if uuid is None and not may_create:
            raise not_found(uid)
        count = self.indexes.get(uid).facts().count if uuid is not None else 0
        for task in tasks:
            task.status = Status.SUCCEEDED
            if task.type is Kind.INDEX_DELETION:
                task.details = {"deletedDocuments": count}
            else:
                task.details = ended_details(task.details)

        return uuid

    def _swap(self, task: Task) -> Also:
        swaps: list[dict[str, Any]] = task.content["swaps"]
        missing: set[str] = set()
        taken: set[tuple[str, str]] = set()
        for swap in swaps:
            left, right = swap["indexes"]
            if not self.indexes.exists(left):
                missing.add(left)
            there = self.indexes.exists(right)
            if swap["rename"] and there:
                taken.add((left, right))
            elif not swap["rename"] and not there:
                missing.add(right)
        if len(missing) == 1:
            raise not_found(missing.pop())
        if missing:
            names = ", ".join(f"`{uid}`" for uid in sorted(missing))
            raise ApiError("index_not_found", f"Indexes {names} not found.")
        if len(taken) == 1:
            left, right = taken.pop()
            raise ApiError(
                "index_already_exists",
                f"Cannot rename `{left}` to `{right}` as the index already exists. Hint: You can remove `{right}`"
                " first and then do your remove.",
            )
        if taken:
            names = ", ".join(f"`{right}`" for _, right in sorted(taken))
            raise ApiError(
                "index_already_exists",
                f"The following indexes are being renamed but cannot because their new name conflicts with an already"
                f" existing index: {names}. Renaming doesn't overwrite the other index name.",
            )
        task.status = Status.SUCCEEDED

        def also(conn: sqlite3.Connection) -> None:
            for swap in swaps:
                left, right = swap["indexes"]
                exchange(conn, left, right, task.uid)

        return also

    # -- tasks -----------------------------------------------------------------------------------

    def _on_tasks(self, sound: list[Task], tasks: list[Task]) -> Outcome:
        if sound[0].type is Kind.TASK_CANCELATION:
            return Outcome(self._cancel(sound[0]))
        for task in sound:
            task.status = Status.SUCCEEDED
        match sound[0].type:
            case Kind.TASK_DELETION:
                return Outcome(tasks, self._delete_tasks(sound))
            case Kind.DUMP_CREATION:
                name = dump_uid(clock.now())
                write_dump(self.folder / "dumps", name, self.indexes, self.keys, self._checkpoint)
                sound[0].details = {"dumpUid": name}
            case Kind.INDEX_COMPACTION:
                self._compact(sound[0])
            case Kind.SNAPSHOT_CREATION:
                write_snapshot(self.folder / "snapshots", self.queue.database, self.indexes, self._checkpoint)
        return Outcome(tasks)

    def _compact(self, task: Task) -> None:
        assert task.index_uid is not None
        database = self.indexes.get(task.index_uid).database
        before = database.size() // 1024 * 1024  # whole pages: the log beside them is none
        database.compact()
        task.details = {"preCompactionSize": worded(before), "postCompactionSize": worded(database.size())}

    @staticmethod
    def _chosen(task: Task) -> tuple[str, list[Any]]:
        uids = [uid for first, last in task.content["tasks"] for uid in range(first, last + 1)]
        return "uid IN (SELECT value FROM json_each(?))", [dumps(uids)]

    def _cancel(self, task: Task) -> list[Task]:
        where, values = self._chosen(task)
        canceled = list(self.queue.tasks(f"status = 'enqueued' AND {where}", values))
        for other in canceled:
            other.status, other.canceled_by = Status.CANCELED, task.uid
            other.details = ended_details(other.details)
        assert task.details is not None
        task.status = Status.SUCCEEDED
        task.details["canceledTasks"] = len(canceled)
        return [*canceled, task]

    def _delete_tasks(self, tasks: Sequence[Task]) -> Also:
        seen: set[int] = set()
        with self.queue.database.read() as conn:
            for task in tasks:
                where, values = self._chosen(task)
                rows = conn.execute(f"SELECT uid FROM tasks WHERE status <> 'enqueued' AND {where}", values)
                found = {uid for (uid,) in rows} - seen
                assert task.details is not None
                task.details["deletedTasks"] = len(found)
                seen |= found

        def also(conn: sqlite3.Connection) -> None:
            for task in tasks:
                where, values = self._chosen(task)
                conn.execute(
                    f"DELETE FROM swap_members WHERE task_uid IN (SELECT uid FROM tasks WHERE {where}"
                    " AND status <> 'enqueued')",
                    values,
                )
                conn.execute(f"DELETE FROM tasks WHERE status <> 'enqueued' AND {where}", values)
            conn.execute(
                "DELETE FROM batches WHERE uid NOT IN (SELECT batch_uid FROM tasks WHERE batch_uid IS NOT NULL)"
            )

        return also
