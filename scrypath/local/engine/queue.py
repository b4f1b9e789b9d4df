"""The durable queue: tasks, batches, payloads and the names of the indexes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from scrypath.local.engine import batches, clock
from scrypath.local.engine.batches import Batch
from scrypath.local.engine.deserr import dumps
from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.query import Query, Visible, batch_clause, covers, shown, task_clause
from scrypath.local.engine.store import Database
from scrypath.local.engine.tasks import (
    COLUMNS,
    FINISHED,
    Kind,
    Status,
    Task,
    default_details,
    from_row,
    view,
)

SCHEMA: Final = Path(__file__).with_name("queue.sql")

# From here on the oldest finished tasks are deleted to make room.
MAX_TASKS: Final = 1_000_000
CLEANED: Final = 100_000


def _text(value: object) -> str | None:
    return None if value is None else dumps(value)


def ranges(uids: Iterable[int]) -> list[list[int]]:
    """Return sorted uids as pairs of first and last."""
    found: list[list[int]] = []
    for uid in uids:
        if found and uid == found[-1][1] + 1:
            found[-1][1] = uid
        else:
            found.append([uid, uid])
    return found


class Queue:
    """Tasks and batches on disk, and the batch at work in memory.

    Parameters
    ----------
    folder
        Where ``queue.db`` and the payloads live.
    """

    def __init__(self, folder: Path, max_tasks: int = MAX_TASKS) -> None:
        self.payloads = folder / "payloads"
        self.payloads.mkdir(parents=True, exist_ok=True)
        self.database = Database(folder / "queue.db", SCHEMA.read_text(encoding="utf-8"))
        self.max_tasks = max_tasks
        self.at_work: Batch | None = None
        self._drop_orphans()

    def _drop_orphans(self) -> None:
        waiting = "SELECT content ->> 'file' FROM tasks WHERE status = 'enqueued' AND content ->> 'file' IS NOT NULL"
        with self.database.read() as conn:
            known = {name for (name,) in conn.execute(waiting)}
        for path in self.payloads.iterdir():
            if path.name not in known:
                path.unlink(missing_ok=True)

    # -- writing ---------------------------------------------------------------------------------

    def store_payload(self, lines: Iterable[bytes]) -> str:
        """Keep the documents of a write until its task has run; return the name of the file."""
        name = uuid4().hex
        path = self.payloads / name
        try:
            with path.open("wb") as file:
                file.writelines(lines)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return name

    def drop_payloads(self, tasks: Iterable[Task]) -> None:
        """Remove the documents of tasks that have ended."""
        for task in tasks:
            if "file" in task.content:
                (self.payloads / task.content["file"]).unlink(missing_ok=True)

    def enqueue(
        self, kind: Kind, index_uid: str | None, content: dict[str, Any], custom_metadata: str | None = None
    ) -> Task:
        """Store a new task.

        Parameters
        ----------
        kind, index_uid, content
            What is to be done, and where.
        custom_metadata
            Text the client wants to see again.
        """
        with self.database.write() as conn:
            return self._insert(conn, kind, index_uid, content, custom_metadata)

    def enqueue_choice(self, kind: Kind, query_string: str, chosen: Query, visible: Visible) -> Task:
        """Store a cancelation or deletion of the tasks a query means, older ones only."""
        with self.database.write() as conn:
            where, values = self._meant(chosen)
            rows = conn.execute(f"SELECT uid, index_uid, type FROM tasks WHERE {where} ORDER BY uid", values)
            uids = [uid for uid, index, type_ in rows if shown(chosen, index, type_, visible)]
            content = {"query": f"?{query_string}", "tasks": ranges(uids), "matched": len(uids)}
            return self._insert(conn, kind, None, content)

    def _insert(
        self,
        conn: sqlite3.Connection,
        kind: Kind,
        index_uid: str | None,
        content: dict[str, Any],
        custom_metadata: str | None = None,
    ) -> Task:
        (uid,) = conn.execute("SELECT coalesce(max(uid) + 1, 0) FROM tasks").fetchone()
        task = Task(
            uid=uid,
            batch_uid=None,
            index_uid=index_uid,
            status=Status.ENQUEUED,
            type=kind,
            canceled_by=None,
            details=default_details(kind, content),
            error=None,
            enqueued_at=clock.now(),
            started_at=None,
            finished_at=None,
            custom_metadata=custom_metadata,
            content=content,
        )
        conn.execute(
            "INSERT INTO tasks (uid, index_uid, status, type, details, enqueued_at, custom_metadata, content)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                uid,
                index_uid,
                task.status,
                kind,
                _text(task.details),
                task.enqueued_at,
                custom_metadata,
                dumps(content),
            ),
        )
        members = [(name, uid) for name in dict.fromkeys(task.indexes()) if name != index_uid]
        conn.executemany("INSERT INTO swap_members VALUES (?, ?)", members)
        if uid >= self.max_tasks and kind is not Kind.TASK_DELETION:
            self._make_room(conn)
        return task

    def _make_room(self, conn: sqlite3.Connection) -> None:
        (count,) = conn.execute("SELECT count(*) FROM tasks").fetchone()
        if count < self.max_tasks:
            return
        oldest = conn.execute(
            "SELECT uid, enqueued_at FROM tasks WHERE status IN (?, ?, ?) ORDER BY uid LIMIT ?",
            (*FINISHED, CLEANED),
        ).fetchall()
        if len(oldest) < 2:
            return
        before = clock.rfc3339(oldest[-1][1] + 1)
        content = {
            "query": f"?beforeEnqueuedAt={before}&statuses=succeeded,failed,canceled",
            "tasks": ranges(uid for uid, _ in oldest),
            "matched": len(oldest),
        }
        self._insert(conn, Kind.TASK_DELETION, None, content)

    def finish(
        self, batch: Batch, tasks: Sequence[Task], also: Callable[[sqlite3.Connection], None] | None = None
    ) -> None:
        """Write the end of a batch: its tasks, itself, and what else must happen with it.

        Parameters
        ----------
        batch
            The batch at work.
        tasks
            Its tasks as they ended, the ones it canceled included.
        also
            Further changes of the queue in the same transaction.
        """
        finished_at = clock.now()
        for task in tasks:
            task.batch_uid, task.started_at, task.finished_at = batch.uid, batch.started_at, finished_at
        details, stats = batches.totals(tasks)
        moments = [task.enqueued_at for task in batch.tasks]
        row = (
            batch.uid,
            dumps(details),
            dumps(stats),
            batch.strategy,
            dumps(sorted({name for task in tasks for name in task.indexes()})),
            min(moments),
            max(moments),
            batch.started_at,
            finished_at,
        )
        with self.database.write() as conn:
            conn.executemany(
                "UPDATE tasks SET batch_uid = ?, status = ?, canceled_by = ?, details = ?, error = ?, started_at = ?,"
                " finished_at = ? WHERE uid = ?",
                [
                    (
                        task.batch_uid,
                        task.status,
                        task.canceled_by,
                        _text(task.details),
                        _text(task.error),
                        task.started_at,
                        task.finished_at,
                        task.uid,
                    )
                    for task in tasks
                ],
            )
            conn.execute("INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            if also is not None:
                also(conn)
        self.at_work = None
        self.drop_payloads(tasks)

    # -- reading ---------------------------------------------------------------------------------

    def _meant(self, query: Query) -> tuple[str, list[Any]]:
        at_work = self.at_work
        if at_work is None:
            return task_clause(query, None, (), None)
        return task_clause(query, at_work.uid, at_work.uids(), at_work.started_at)

    def list(self, query: Query, visible: Visible = None) -> str:
        """Return the JSON text of a page of tasks."""
        order = "ASC" if query.reverse else "DESC"
        at_work = self.at_work
        busy: Collection[int] = at_work.uids() if at_work else ()
        processing = (at_work.uid, at_work.started_at) if at_work else None
        where, values = self._meant(query)
        wide, wide_values = self._meant(query.without_page())
        with self.database.read() as conn:
            found = conn.execute(
                f"SELECT {COLUMNS} FROM tasks WHERE {where} ORDER BY uid {order} LIMIT ?",
                [*values, query.limit + 1],
            )
            rows = [row for row in found if shown(query, row[2], row[4], visible)]
            (total,) = conn.execute(f"SELECT count(*) FROM tasks WHERE {wide}", wide_values).fetchone()
        more = rows.pop()[0] if len(rows) > query.limit else None
        results = ",".join([view(row, processing if row[0] in busy else None) for row in rows])
        first = rows[0][0] if rows else None
        page = f'"limit":{query.limit},"from":{dumps(first)},"next":{dumps(more)}'
        return f'{{"results":[{results}],"total":{total},{page}}}'

    def get(self, uid: int, visible: Visible = None) -> str:
        """Return the JSON text of one task."""
        at_work = self.at_work
        with self.database.read() as conn:
            row = conn.execute(f"SELECT {COLUMNS} FROM tasks WHERE uid = ?", (uid,)).fetchone()
        if row is None or (visible is not None and (row[2] is None or not visible(row[2]))):
            raise ApiError("task_not_found", f"Task `{uid}` not found.")
        processing = (at_work.uid, at_work.started_at) if at_work and uid in at_work.uids() else None
        return view(row, processing)

    def tasks(self, where: str, values: Sequence[Any] = ()) -> Iterable[Task]:
        """Yield the stored tasks of a condition, oldest first."""
        with self.database.read() as conn:
            rows = conn.execute(f"SELECT {COLUMNS}, content FROM tasks WHERE {where} ORDER BY uid", values)
            for row in rows:
                yield from_row(row)

    def oldest_enqueued(self) -> tuple[Task | None, int]:
        """Return the oldest task that waits, and how many wait."""
        first = next(iter(self.tasks("uid = (SELECT min(uid) FROM tasks WHERE status = 'enqueued')")), None)
        with self.database.read() as conn:
            (count,) = conn.execute("SELECT count(*) FROM tasks WHERE status = 'enqueued'").fetchone()
        return first, count

    def payload_size(self, task: Task) -> int:
        """Return the bytes of the documents a task brings."""
        if "file" not in task.content:
            return 0
        size: int = (self.payloads / task.content["file"]).stat().st_size
        return size

    def list_batches(self, query: Query, visible: Visible = None) -> dict[str, Any]:
        """Return a page of batches."""
        where, values = batch_clause(query)
        wide, wide_values = batch_clause(query.without_page())
        order = "ASC" if query.reverse else "DESC"
        at_work = self.at_work
        with self.database.read() as conn:
            rows = conn.execute(
                f"SELECT {batches.COLUMNS}, indexes FROM batches WHERE {where} ORDER BY uid {order} LIMIT ?",
                [*values, query.limit + 1],
            ).fetchall()
            (total,) = conn.execute(f"SELECT count(*) FROM batches WHERE {wide}", wide_values).fetchone()
            if at_work and conn.execute("SELECT 1 FROM batches WHERE uid = ?", (at_work.uid,)).fetchone():
                at_work = None
        found = [(batches.view(row[:-1]), json.loads(row[-1])) for row in rows]
        if at_work:
            total += covers(query.without_page(), at_work.uid, at_work.tasks, at_work.started_at)
            if covers(query, at_work.uid, at_work.tasks, at_work.started_at):
                live = (
                    batches.processing_view(at_work),
                    [name for task in at_work.tasks for name in task.indexes()],
                )
                found = [*found, live] if query.reverse else [live, *found]
        page = [one for one, names in found[: query.limit + 1] if self._shown(query, one, names, visible)]
        return {
            "results": page[: query.limit],
            "total": total,
            "limit": query.limit,
            "from": page[0]["uid"] if page and query.limit else None,
            "next": page[query.limit]["uid"] if len(page) > query.limit else None,
        }

    @staticmethod
    def _shown(query: Query, batch: dict[str, Any], names: Sequence[str], visible: Visible) -> bool:
        kinds = batch["stats"]["types"]
        if any(not shown(query, "", kind, None) for kind in kinds):
            return False
        return visible is None or (bool(names) and all(map(visible, names)))

    def get_batch(self, uid: int, visible: Visible = None) -> dict[str, Any]:
        """Return one batch."""
        found = self.list_batches(Query(limit=1, batch_uids=[uid]), visible)["results"]
        if not found:
            raise ApiError("batch_not_found", f"Batch `{uid}` not found.")
        batch: dict[str, Any] = found[0]
        return batch

    def next_batch_uid(self) -> int:
        """Return the number the next batch gets."""
        with self.database.read() as conn:
            (last,) = conn.execute("SELECT max(uid) FROM batches").fetchone()
        return 0 if last is None else last + 1

    def size(self) -> int:
        """Return the bytes of payloads that wait."""
        total = 0
        for path in self.payloads.iterdir():
            with suppress(FileNotFoundError):
                total += path.stat().st_size
        return total

    def close(self) -> None:
        """Close the database."""
        self.database.close()
