"""Copies of everything: dumps that a Meilisearch server imports, and snapshots of the databases."""

from __future__ import annotations

import io
import json
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from scrypath.local.engine import clock
from scrypath.local.engine.index import Index
from scrypath.local.engine.indexes import Indexes
from scrypath.local.engine.keys import Keys
from scrypath.local.engine.store import Database

VERSION = "1.50.0"


def dump_uid(moment: int) -> str:
    """Return the name of a dump that was begun at an instant (nanoseconds).

    Examples
    --------
    >>> dump_uid(0)
    '19700101-000000000'
    """
    text = clock.rfc3339(moment)
    day, time = text[:10].replace("-", ""), text[11:19].replace(":", "")
    return f"{day}-{time}{moment // 1_000_000 % 1000:03d}"


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))


def _add_documents(
    archive: tarfile.TarFile, name: str, conn: sqlite3.Connection, checkpoint: Callable[[], None]
) -> None:
    with tempfile.NamedTemporaryFile() as file:
        for (text,) in conn.execute("SELECT doc FROM documents ORDER BY docid"):
            file.write(text.encode() + b"\n")
        file.flush()
        checkpoint()
        archive.add(file.name, name)


def _add_index(archive: tarfile.TarFile, uid: str, index: Index, checkpoint: Callable[[], None]) -> None:
    with index.read() as (conn, facts):
        metadata = {
            "uid": uid,
            "primaryKey": facts.primary_key,
            "createdAt": clock.rfc3339(facts.created_at),
            "updatedAt": clock.rfc3339(facts.updated_at),
        }
        settings: dict[str, Any] = {
            name: value for name, value in facts.settings.items() if value is not None
        }
        _add(archive, f"indexes/{uid}/metadata.json", orjson.dumps(metadata))
        _add(archive, f"indexes/{uid}/settings.json", orjson.dumps(settings))
        _add_documents(archive, f"indexes/{uid}/documents.jsonl", conn, checkpoint)


def _key_lines(keys: Keys) -> bytes:
    rows = [
        {
            "name": key.name,
            "description": key.description,
            "uid": key.uid,
            "actions": key.actions,
            "indexes": key.indexes,
            "expires_at": None if key.expires_at is None else clock.rfc3339(key.expires_at),
            "created_at": clock.rfc3339(key.created_at),
            "updated_at": clock.rfc3339(key.updated_at),
        }
        for key in keys.all()
    ]
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def write_dump(folder: Path, name: str, indexes: Indexes, keys: Keys, checkpoint: Callable[[], None]) -> None:
    """Write documents, settings and keys the way Meilisearch dumps them; tasks stay behind.

    Parameters
    ----------
    folder, name
        The file becomes ``folder/name.dump``.
    indexes, keys
        What to write.
    checkpoint
        Called between parts; may raise to give up.
    """
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"{name}.part"
    try:
        with tarfile.open(draft, "w:gz", compresslevel=1) as archive:
            metadata = {"dumpVersion": "V6", "dbVersion": VERSION, "dumpDate": clock.rfc3339(clock.now())}
            _add(archive, "metadata.json", orjson.dumps(metadata))
            _add(archive, "keys.jsonl", _key_lines(keys))
            _add(archive, "tasks/queue.jsonl", b"")
            _add(archive, "batches/queue.jsonl", b"")
            for uid, index in indexes.all():
                _add_index(archive, uid, index, checkpoint)
        draft.replace(folder / f"{name}.dump")
    finally:
        draft.unlink(missing_ok=True)


def write_snapshot(folder: Path, queue: Database, indexes: Indexes, checkpoint: Callable[[], None]) -> None:
    """Write ``folder/data.snapshot``: an archive of every database, each as it is at one moment."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as draft:
        (Path(draft) / "indexes").mkdir()
        for database in (queue, *(index.database for _, index in indexes.all())):
            checkpoint()
            inside = "indexes" if database is not queue else "."
            with database.read() as conn:
                conn.execute("ROLLBACK")
                conn.execute("VACUUM INTO ?", (str(Path(draft) / inside / database.path.name),))
                conn.execute("BEGIN")
        with tarfile.open(folder / "data.snapshot.part", "w:gz", compresslevel=1) as archive:
            archive.add(draft, ".")
    (folder / "data.snapshot.part").replace(folder / "data.snapshot")
