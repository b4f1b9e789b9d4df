"""What a batch of tasks does to the database of one index."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from scrypath.local.engine import clock, geo
from scrypath.local.engine.autobatch import Work
from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.identity import document_id, guess, key_taken
from scrypath.local.engine.index import Facts, Index, read_facts, write_facts
from scrypath.local.engine.payload import Document, loads
from scrypath.local.engine.search import filters, indexer
from scrypath.local.engine.settings import merge
from scrypath.local.engine.tasks import Kind, Status, Task, default_details, ended_details
from scrypath.local.engine.writing import SLICE, Writer


def fail(task: Task, error: ApiError) -> None:
    """Mark a task as failed."""
    task.status = Status.FAILED
    task.error = error.body()
    task.details = ended_details(task.details)


def about(uid: str, error: ApiError) -> ApiError:
    """Return an error that also says which index it is about."""
    return ApiError(error.code, f"Index `{uid}`: {error.message}")


def stored(path: Path) -> Iterator[list[Document]]:
    """Yield the documents of a stored payload in slices."""
    part: list[Document] = []
    with path.open("rb") as file:
        for line in file:
            part.append(loads(line))
            if len(part) == SLICE:
                yield part
                part = []
    if part:
        yield part


# Errors that are found only while documents are indexed, which ends the whole batch.
_ALL_FAIL: Final = ("invalid_document_geo_field", "invalid_vectors_type", "internal")


class Operation:
    """Applies the tasks of one batch to one index, in one transaction.

    Parameters
    ----------
    index
        The index.
    uid
        Its name, for messages.
    payloads
        Folder of the stored payloads.
    checkpoint
        Called now and then; may raise to abandon the batch.
    """

    def __init__(self, index: Index, uid: str, payloads: Path, checkpoint: Callable[[], None]) -> None:
        self.index = index
        self.uid = uid
        self.payloads = payloads
        self.checkpoint = checkpoint

    def run(self, work: Work, tasks: Sequence[Task], batch_uid: int) -> None:
        """Apply the tasks and note their outcome in them.

        A batch that was applied before a crash is not applied again: its outcome is read back.

        Raises
        ------
        ApiError
            When all tasks of the batch fail.
        """
        with self.index.database.write() as conn:
            facts = read_facts(conn)
            done = facts.done
            if (
                done is not None
                and done["batch"] == batch_uid
                and set(done["tasks"]) == {str(t.uid) for t in tasks}
            ):
                for task in tasks:
                    status, task.details, task.error = done["tasks"][str(task.uid)]
                    task.status = Status(status)
                return
            match work:
                case Work.CLEAR:
                    self._clear(conn, facts, tasks)
                case Work.DELETIONS:
                    self._delete(conn, facts, tasks)
                case Work.DOCUMENTS:
                    self._documents(conn, facts, tasks)
                case Work.SETTINGS:
                    self._settings(conn, facts, tasks)
                case Work.CLEAR_AND_SETTINGS:
                    settings = [task for task in tasks if task.type is Kind.SETTINGS_UPDATE]
                    self._clear(
                        conn, facts, [task for task in tasks if task.type is not Kind.SETTINGS_UPDATE]
                    )
                    self._settings(conn, facts, settings)
            outcome = {str(task.uid): [task.status, task.details, task.error] for task in tasks}
            write_facts(conn, done={"batch": batch_uid, "tasks": outcome})
            self.checkpoint()

    def _clear(self, conn: sqlite3.Connection, facts: Facts, tasks: Sequence[Task]) -> None:
        writer = Writer(conn, facts, self.checkpoint)
        deleted = writer.clear()
        writer.finish(clock.now())
        for task in tasks:
            task.status = Status.SUCCEEDED
            task.details = default_details(task.type, task.content)
            if task.type is Kind.DOCUMENT_DELETION and not {"ids", "filter"} & task.content.keys():
                task.details = {"deletedDocuments": deleted}
                deleted = 0

    def _matching(self, conn: sqlite3.Connection, facts: Facts, task: Task) -> list[int]:
        try:
            node = filters.parse(task.content["filter"])
            return [] if node is None else sorted(filters.matching(conn, facts.settings, node))
        except filters.FilterError as error:
            raise about(self.uid, ApiError(error.code or "invalid_document_filter", error.message)) from None

    def _delete(self, conn: sqlite3.Connection, facts: Facts, tasks: Sequence[Task]) -> None:
        writer = Writer(conn, facts, self.checkpoint)
        for task in tasks:
            task.status = Status.SUCCEEDED
            assert task.details is not None
            if "ids" in task.content:
                task.details["deletedDocuments"] = writer.delete(task.content["ids"])
                continue
            writer.flush()
            try:
                docids = self._matching(conn, facts, task)
            except ApiError as error:
                fail(task, error)
            else:
                task.details["deletedDocuments"] = writer.delete_docids(docids)
        if any(task.status is Status.SUCCEEDED for task in tasks):
            writer.finish(clock.now())

    def _documents(self, conn: sqlite3.Connection, facts: Facts, tasks: Sequence[Task]) -> None:
        writer = Writer(conn, facts, self.checkpoint)
        imports = [task for task in tasks if task.type is Kind.DOCUMENT_ADDITION]
        asked = imports[0].content["primaryKey"] if imports else None
        for task in tasks:
            assert task.details is not None
            try:
                if task.type is Kind.DOCUMENT_ADDITION:
                    task.details["indexedDocuments"] = self._import(writer, facts, task, asked)
                elif "ids" in task.content:
                    writer.delete(task.content["ids"])
                    task.details["deletedDocuments"] = len(set(task.content["ids"]))
                else:
                    writer.flush()
                    docids = self._matching(conn, facts, task)
                    task.details["deletedDocuments"] = writer.delete_docids(docids)
            except ApiError as error:
                if "filter" in task.content or error.code in _ALL_FAIL:
                    raise
                fail(task, error)
            else:
                task.status = Status.SUCCEEDED
        try:
            writer.flush()
        except ApiError as error:
            raise about(self.uid, error) from None
        if any(task.status is Status.SUCCEEDED for task in tasks):
            writer.finish(clock.now())

    def _primary_key(self, facts: Facts, asked: str | None, first: Document) -> str:
        known = facts.primary_key
        if known is None:
            known = asked if asked is not None else guess(first)
        elif asked is not None and asked != known:
            raise key_taken(known)
        return known

    def _import(self, writer: Writer, facts: Facts, task: Task, asked: str | None) -> int:
        """Store the documents of one task, return how many different ones it holds.

        The payload is read twice: an id that is wrong anywhere in it must leave no trace.
        """
        path = self.payloads / task.content["file"]
        ids: set[str] = set()
        key: str | None = None
        for part in stored(path):
            self.checkpoint()
            if key is None:
                key = self._primary_key(facts, asked, part[0])
            ids.update(document_id(document, key) for document in part)
        if key is None:
            return 0
        facts.primary_key = key
        merge_fields, create = task.content["method"] == "update", not task.content["skipCreation"]
        try:
            for part in stored(path):
                writer.put(
                    [(document_id(document, key), document) for document in part],
                    merge=merge_fields,
                    create=create,
                )
        except ApiError as error:
            raise about(self.uid, error) from None
        return len(ids)

    def _settings(self, conn: sqlite3.Connection, facts: Facts, tasks: Sequence[Task]) -> None:
        settings: dict[str, Any] = facts.settings
        try:
            for task in tasks:
                settings = merge(settings, task.content["settings"])
            # Whatever changes, the server looks at all places anew, even where none matters.
            for id_, text in conn.execute("SELECT id, doc FROM documents WHERE instr(doc, '\"_geo\"')"):
                geo.check(id_, loads(text))
        except ApiError as error:
            raise about(self.uid, error) from None
        if settings != facts.settings:
            self.checkpoint()
            indexer.rebuild(conn, facts.settings, settings, self.checkpoint)
            write_facts(conn, settings=settings)
        write_facts(conn, updated_at=clock.now())
        for task in tasks:
            task.status = Status.SUCCEEDED
