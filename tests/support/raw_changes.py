"""Random changes of rows and documents behind the kit's back, and a comparison that shares nothing with the kit's."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self

import psycopg
import urllib3

import scrypath
from scrypath.config import Config
from scrypath.database import parameters
from scrypath.meilisearch import documents, tasks
from tests.support.notes import Note

TABLES = """
CREATE TABLE notes (
    id integer PRIMARY KEY, body text NOT NULL, withdrawn boolean NOT NULL, changed_at timestamptz NOT NULL
) {how};
"""
INTO = "INSERT INTO notes (id, body, withdrawn, changed_at)"
FILL = f"{INTO} SELECT n, 'Note ' || n, n %% 7 = 0, now() - interval '1 day' FROM generate_series(1, %s) AS n"
# What one change may meet of another that is not committed yet: then it is not made.
IN_THE_WAY = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.UniqueViolation,
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.UndefinedObject,
)


class World:
    """A table of notes, in leaf partitions or not, and its index, both written by whoever likes.

    Parameters
    ----------
    config
        Of the kit, which compares.
    other
        A file for the memory of another machine that writes.
    chance
        Decides about everything.
    partitioned
        Whether the table has partitions.
    """

    def __init__(self, config: Config, other: Path, chance: random.Random, *, partitioned: bool) -> None:
        self.config = config
        self.elsewhere = replace(config, store=other)
        self.chance = chance
        self.partitioned = partitioned
        self.left_open: list[psycopg.Connection[Any]] = []
        self.highest = 60
        self.columns = 0
        how = "PARTITION BY RANGE (id)" if partitioned else ""
        with self.connect() as connection:
            connection.execute(TABLES.format(how=how))
            for start in range(0, 100, 25) if partitioned else ():
                connection.execute(self._partition(start))
            if partitioned:
                connection.execute("CREATE TABLE notes_rest PARTITION OF notes DEFAULT")
            connection.execute(FILL, [self.highest])
        self.index = scrypath.backfill(Note, config=config).index

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self.left_open:
            connection.close()

    def connect(self, *, autocommit: bool = True) -> psycopg.Connection[Any]:
        """A connection that knows nothing of the kit."""
        return psycopg.connect(**parameters(self.config), autocommit=autocommit)

    def change(self) -> str:
        """Do one thing at random, and say what."""
        actions: list[Callable[[], None]] = [
            *[self.update, self.delete, self.insert, self.replace, self.rename, self.withdraw] * 3,
            *[self.write, self.write_elsewhere, self.unwrite, self.roll_back, self.leave_open, self.end_open]
            * 2,
            self.copy,
            self.truncate,
            self.savepoints,
            self.kill,
            self.maintain,
            self.alter,
            self.move_partition,
            self.strange_write,
            self.delete_history,
        ]
        action = self.chance.choice(actions)
        action()
        return action.__name__

    def wait(self) -> None:
        """Until no task of the index is unfinished."""
        found = tasks.listing(self.config, index_uids=[self.index], statuses=["enqueued", "processing"]).frame
        tasks.wait_all(self.config, found["uid"].to_list())

    def drift(self) -> dict[str, str]:
        """What is not in step, read in the plainest way there is."""
        with self.connect() as connection:
            found = connection.execute("SELECT id, body FROM notes WHERE NOT withdrawn").fetchall()
        rows = {str(id_): body for id_, body in found}
        assert len(rows) == len(found)
        key = self.config.meilisearch_key
        reply = urllib3.request(
            "GET",
            f"{self.config.meilisearch_url}/indexes/{self.index}/documents?limit=100000&fields=id,body",
            headers={"Authorization": f"Bearer {key.reveal()}"} if key else {},
        )
        read = {str(item["id"]): item["body"] for item in reply.json()["results"]}
        kinds = dict.fromkeys(rows.keys() - read.keys(), "missing")
        kinds |= dict.fromkeys(read.keys() - rows.keys(), "orphan")
        kinds |= {id_: "stale" for id_ in rows.keys() & read.keys() if rows[id_] != read[id_]}
        return kinds

    # Rows

    def update(self) -> None:
        self._run("UPDATE notes SET body = %s WHERE id = ANY(%s)", [self._word(), self._ids()])

    def delete(self) -> None:
        self._run("DELETE FROM notes WHERE id = ANY(%s)", [self._ids(2)])

    def insert(self) -> None:
        self.highest += 1
        self._run(
            f"{INTO} VALUES (%s, %s, false, '2001-01-01')",
            [self.highest, self._word()],
        )

    def replace(self) -> None:
        """One row goes and another comes, or the same again with an old moment."""
        self.delete()
        again = f"{INTO} SELECT n, %s, false, '2001-01-01' FROM unnest(%s::int[]) AS n ON CONFLICT DO NOTHING"
        self._run(again, [self._word(), self._ids(2)])

    def rename(self) -> None:
        self.highest += 1
        self._run(
            "UPDATE notes SET id = %s WHERE id = (SELECT min(id) FROM notes WHERE id >= %s)",
            [self.highest, self._id()],
        )

    def withdraw(self) -> None:
        self._run("UPDATE notes SET withdrawn = NOT withdrawn WHERE id = ANY(%s)", [self._ids()])

    def copy(self) -> None:
        with (
            self.connect() as connection,
            connection.cursor() as cursor,
            suppress(*IN_THE_WAY),
            cursor.copy("COPY notes (id, body, withdrawn, changed_at) FROM STDIN") as copying,
        ):
            for _ in range(5):
                self.highest += 1
                copying.write_row((self.highest, self._word(), False, "2001-01-01"))

    def truncate(self) -> None:
        if self.chance.random() < 0.3:
            self._alone("TRUNCATE notes", FILL.replace("%%", "%").replace("%s", "20"))

    def savepoints(self) -> None:
        with self.connect(autocommit=False) as connection, suppress(*IN_THE_WAY):
            connection.execute("SET lock_timeout = '200ms'")
            for keep in (True, False, True):
                connection.execute("SAVEPOINT s")
                connection.execute("UPDATE notes SET body = %s WHERE id = %s", [self._word(), self._id()])
                connection.execute("RELEASE SAVEPOINT s" if keep else "ROLLBACK TO SAVEPOINT s")

    def roll_back(self) -> None:
        with self.connect(autocommit=False) as connection, suppress(*IN_THE_WAY):
            connection.execute("SET lock_timeout = '200ms'")
            connection.execute("UPDATE notes SET body = %s", [self._word()])
            connection.rollback()

    def leave_open(self) -> None:
        """A transaction that has written, and ends some rounds later."""
        if len(self.left_open) > 2:
            return
        connection = self.connect(autocommit=False)
        connection.execute("SET lock_timeout = '200ms'")
        try:
            connection.execute("UPDATE notes SET body = %s WHERE id = %s", [self._word(), self._id()])
            connection.execute("SAVEPOINT later")
            connection.execute("DELETE FROM notes WHERE id = %s", [self._id()])
        except IN_THE_WAY:
            connection.close()
        else:
            self.left_open.append(connection)

    def end_open(self) -> None:
        while self.left_open:
            connection = self.left_open.pop()
            if self.chance.random() < 0.8:
                connection.commit()
            connection.close()

    def kill(self) -> None:
        """The server ends a session in the middle of its transaction."""
        with self.connect(autocommit=False) as victim, self.connect() as killer:
            victim.execute("SET lock_timeout = '200ms'")
            try:
                victim.execute("UPDATE notes SET body = %s WHERE id = %s", [self._word(), self._id()])
            except IN_THE_WAY:
                return
            killer.execute("SELECT pg_terminate_backend(%s)", [victim.info.backend_pid])
            victim.close()

    # The table

    def maintain(self) -> None:
        self._alone(
            self.chance.choice(
                ["VACUUM FREEZE notes", "ANALYZE notes", "VACUUM FULL notes", "REINDEX TABLE notes"]
            )
        )

    def alter(self) -> None:
        self.columns += 1
        self._alone(
            self.chance.choice(
                [
                    f"ALTER TABLE notes ADD COLUMN extra_{self.columns} text",
                    "ALTER TABLE notes ALTER body TYPE text USING body || '!'",
                    "ALTER TABLE notes ALTER withdrawn SET DEFAULT false",
                    f"CREATE INDEX ON notes (body, id) WHERE id > {self.columns}",
                ]
            )
        )

    def move_partition(self) -> None:
        if not self.partitioned:
            return
        start = self.chance.choice(range(0, 100, 25))
        with self.connect() as connection:
            attached = connection.execute(
                "SELECT 1 FROM pg_inherits WHERE inhrelid = to_regclass(%s)", [f"notes_{start}"]
            ).fetchone()
        if attached:
            self._alone(f"ALTER TABLE notes DETACH PARTITION notes_{start}")
        else:
            self._alone(
                f"DELETE FROM notes_rest WHERE id >= {start} AND id < {start + 25}",
                f"ALTER TABLE notes ATTACH PARTITION notes_{start} FOR VALUES FROM ({start}) TO ({start + 25})",
            )

    # Documents

    def write(self, config: Config | None = None) -> None:
        scrypath.sync_records(
            Note,
            [{"id": id_, "body": self._word()} for id_ in self._ids()],
            mode="manual",
            config=config or self.config,
        )

    def write_elsewhere(self) -> None:
        """As another machine does, whose memory is not this one's."""
        self.write(self.elsewhere)

    def unwrite(self) -> None:
        scrypath.delete_documents(Note, [str(id_) for id_ in self._ids(2)], mode="manual", config=self.config)

    def strange_write(self) -> None:
        """By someone who does not say what he wrote."""
        if self.chance.random() < 0.3:
            documents.write(self.config, self.index, [{"id": self._id(), "body": "theirs"}])

    def delete_history(self) -> None:
        if self.chance.random() < 0.3:
            tasks.delete(self.config, index_uids=[self.index], statuses=["succeeded"])

    def _run(self, statement: str, values: list[Any]) -> None:
        with self.connect() as connection:
            connection.execute("SET lock_timeout = '200ms'")
            with suppress(*IN_THE_WAY):
                connection.execute(statement, values)

    def _alone(self, *statements: str) -> None:
        with self.connect() as connection:
            connection.execute("SET lock_timeout = '200ms'")
            with suppress(*IN_THE_WAY):
                if len(statements) == 1:  # VACUUM takes no transaction
                    connection.execute(statements[0])
                    return
                with connection.transaction():
                    for statement in statements:
                        connection.execute(statement)

    def _partition(self, start: int) -> str:
        return f"CREATE TABLE notes_{start} PARTITION OF notes FOR VALUES FROM ({start}) TO ({start + 25})"

    def _id(self) -> int:
        return self.chance.randint(1, self.highest)

    def _ids(self, most: int = 4) -> list[int]:
        return self.chance.sample(range(1, self.highest + 1), self.chance.randint(1, most))

    def _word(self) -> str:
        return f"Word {self.chance.randrange(10**6)}"


class Writers:
    """Rows and documents that change all the while until the block ends, under ids of their own."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._stop = Event()
        self._chance = random.Random(world.chance.random())
        self._threads = [Thread(target=self._rows), Thread(target=self._documents)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _rows(self) -> None:
        statements = [
            "UPDATE notes SET body = %(body)s WHERE id = %(id)s",
            f"{INTO} VALUES (%(id)s, %(body)s, false, '2001-01-01') ON CONFLICT DO NOTHING",
            "DELETE FROM notes WHERE id = %(id)s",
        ]
        with self._world.connect() as connection:
            connection.execute("SET lock_timeout = '200ms'")
            while not self._stop.wait(0.002):
                values = {"body": f"Word {self._chance.randrange(10**6)}", "id": self._chance.randint(1, 60)}
                with suppress(*IN_THE_WAY):
                    connection.execute(self._chance.choice(statements), values)

    def _documents(self) -> None:
        while not self._stop.wait(0.05):
            scrypath.sync_records(
                Note,
                [{"id": self._chance.randint(1, 60), "body": f"Word {self._chance.randrange(10**6)}"}],
                mode="manual",
                config=self._world.elsewhere,
            )
