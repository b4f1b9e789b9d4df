"""The indexes of an engine by name: opened when needed, created, renamed, removed."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from scrypath.local.engine.deserr import dumps
from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.index import Index
from scrypath.local.engine.names import not_found
from scrypath.local.engine.store import Database


class Indexes:
    """The map from names to databases.

    Parameters
    ----------
    folder
        Where the databases of the indexes live.
    queue
        The database that holds the map.
    """

    def __init__(self, folder: Path, queue: Database) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._queue = queue
        self._open: dict[str, Index] = {}
        self._lock = threading.Lock()
        self._drop_orphans()

    def _path(self, uuid: str) -> Path:
        return self.folder / f"{uuid}.db"

    def _drop_orphans(self) -> None:
        with self._queue.read() as conn:
            known = {uuid for (uuid,) in conn.execute("SELECT uuid FROM indexes")}
        for path in self.folder.iterdir():
            if path.name.partition(".")[0] not in known:
                path.unlink(missing_ok=True)

    def uuid(self, uid: str) -> str | None:
        """Return what stands for an index on disk, None when there is no such index."""
        with self._queue.read() as conn:
            row = conn.execute("SELECT uuid FROM indexes WHERE uid = ?", (uid,)).fetchone()
        return None if row is None else str(row[0])

    def exists(self, uid: str) -> bool:
        """Return whether there is an index of that name."""
        return self.uuid(uid) is not None

    def get(self, uid: str) -> Index:
        """Return an index by name.

        Raises
        ------
        ApiError
            ``index_not_found``.
        """
        uuid = self.uuid(uid)
        if uuid is None:
            raise not_found(uid)
        with self._lock:
            index = self._open.get(uuid)
            if index is None:
                try:
                    index = self._open[uuid] = Index(self._path(uuid))
                except sqlite3.OperationalError:
                    if self.uuid(uid) == uuid:
                        raise
                    raise not_found(uid) from None  # removed since its name was looked up
        return index

    def names(self) -> list[str]:
        """Return the names of all indexes, in order."""
        with self._queue.read() as conn:
            return [uid for (uid,) in conn.execute("SELECT uid FROM indexes ORDER BY uid")]

    def all(self) -> Iterator[tuple[str, Index]]:
        """Yield every index with its name; those that are removed meanwhile are left out."""
        for uid in self.names():
            try:
                index = self.get(uid)
            except ApiError:
                continue
            yield uid, index

    def create(self, uid: str) -> Index:
        """Create an index and give it a name."""
        uuid = uuid4().hex
        index = Index.create(self._path(uuid))
        with self._queue.write() as conn:
            conn.execute("INSERT INTO indexes VALUES (?, ?)", (uid, uuid))
        with self._lock:
            self._open[uuid] = index
        return index

    def discard(self, uuid: str) -> None:
        """Remove the files of an index that has no name any more."""
        with self._lock:
            index = self._open.pop(uuid, None)
        (index or Index(self._path(uuid))).database.unlink()

    def close(self) -> None:
        """Close every index."""
        with self._lock:
            for index in self._open.values():
                index.database.close()
            self._open.clear()


def unname(conn: sqlite3.Connection, uid: str) -> None:
    """Take an index off the map."""
    conn.execute("DELETE FROM indexes WHERE uid = ?", (uid,))


def exchange(conn: sqlite3.Connection, left: str, right: str, task_uid: int) -> None:
    """Let two names change places, for the indexes and for the tasks before one.

    Where only ``left`` names an index, it is renamed.
    """
    uuids = dict(conn.execute("SELECT uid, uuid FROM indexes WHERE uid IN (?, ?)", (left, right)).fetchall())
    conn.execute("DELETE FROM indexes WHERE uid IN (?, ?)", (left, right))
    for uid, uuid in uuids.items():
        conn.execute("INSERT INTO indexes VALUES (?, ?)", (right if uid == left else left, uuid))
        names = {"left": left, "right": right, "task": task_uid}
    conn.execute(
        "UPDATE tasks SET index_uid = CASE index_uid WHEN :left THEN :right ELSE :left END"
        " WHERE index_uid IN (:left, :right) AND uid < :task",
        names,
    )
    members = conn.execute(
        "DELETE FROM swap_members WHERE index_uid IN (:left, :right) AND task_uid < :task"
        " RETURNING index_uid, task_uid",
        names,
    ).fetchall()
    conn.executemany(
        "INSERT OR IGNORE INTO swap_members VALUES (?, ?)",
        [(right if uid == left else left, task) for uid, task in members],
    )
    for task in sorted({task for _, task in members}):
        _rename_swaps(conn, task, {left: right, right: left})


def _rename_swaps(conn: sqlite3.Connection, task: int, names: dict[str, str]) -> None:
    for column in ("details", "content"):
        (text,) = conn.execute(f"SELECT {column} FROM tasks WHERE uid = ?", (task,)).fetchone()
        value = json.loads(text)
        for swap in value.get("swaps", ()):
            swap["indexes"] = [names.get(uid, uid) for uid in swap["indexes"]]
        conn.execute(f"UPDATE tasks SET {column} = ? WHERE uid = ?", (dumps(value), task))
