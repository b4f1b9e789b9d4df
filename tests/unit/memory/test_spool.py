"""What is recorded while somebody holds the file open for reading: kept beside it, seen, taken in, and never lost."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from scrypath.config import Config
from scrypath.memory import ledger, spool
from scrypath.memory.ledger import SentWork
from scrypath.vocabulary import Operation, SyncMode

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)

READER = """
import sys, duckdb
held = duckdb.connect(sys.argv[1], read_only=True)
held.execute("SELECT count(*) FROM layout").fetchall()
print("held", flush=True)
sys.stdin.read()
"""
KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from scrypath.config import Config
from scrypath.memory import ledger
from scrypath.vocabulary import Operation, SyncMode
work = ledger.SentWork(reference="scry-killed", schema="City", index="city", operation=Operation.DELETE,
    mode=SyncMode.INLINE, document_ids=["5"], document_count=1, sent_at=datetime(2026, 5, 1, tzinfo=UTC))
ledger.record(Config(home=Path(sys.argv[1])), [work])
os.kill(os.getpid(), signal.SIGKILL)
"""


def work(reference: str, ids: list[str]) -> SentWork:
    return SentWork(
        reference=reference,
        schema="City",
        index="city",
        operation=Operation.UPSERT,
        mode=SyncMode.MANUAL,
        document_ids=ids,
        document_count=len(ids),
        sent_at=AT,
        cause="oban:4",
    )


@contextmanager
def reader(config: Config) -> Iterator[None]:
    """Another process that holds the file open for reading, as the page on the memory recommends."""
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(config.store_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield
        assert process.stdin is not None
        process.stdin.close()


def test_a_reader_of_the_file_keeps_no_request_from_being_recorded(config: Config) -> None:
    ledger.record(config, [work("scry-before", ["1"])])
    with reader(config):
        began = time.monotonic()
        ledger.record(config, [work("scry-a", ["2", "3"]), work("scry-b", [])])
        subprocess.run([sys.executable, "-c", KILLED, str(config.home)], check=False)
        assert time.monotonic() - began < config.store_timeout
        assert len(list(spool.folder(config.store_path).glob("*.ledger"))) == 2
        seen = ledger.lookup(config, ["scry-before", "scry-a", "scry-b", "scry-killed"])
        assert dict(seen.select("reference", "document_ids").iter_rows()) == {
            "scry-before": ["1"],
            "scry-a": ["2", "3"],
            "scry-b": [],
            "scry-killed": ["5"],
        }
        assert ledger.written_since(config, "city", AT)
    ledger.record(config, [work("scry-after", ["9"])])
    assert list(spool.folder(config.store_path).iterdir()) == []
    again = ledger.lookup(config, ["scry-a", "scry-b", "scry-killed", "scry-after"])
    assert sorted(again["reference"].to_list()) == ["scry-a", "scry-after", "scry-b", "scry-killed"]
    assert again.filter(reference="scry-a")["document_ids"].to_list() == [["2", "3"]]


def test_what_was_taken_in_is_not_taken_in_twice(config: Config) -> None:
    ledger.record(config, [work("scry-a", ["2"])])
    frame = ledger.lookup(config, ["scry-a"])
    spool.put(config.store_path.absolute(), frame)  # as after a kill between taking in and removing
    assert ledger.lookup(config, ["scry-a"]).height == 1
    ledger.record(config, [work("scry-b", ["3"])])
    assert ledger.lookup(config, ["scry-a", "scry-b"]).height == 2
    assert spool.waiting(config.store_path.absolute()) == []
