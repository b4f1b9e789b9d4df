"""A process of its own that saves snapshots into a file and prints the id of each one that is stored."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from scrypath.config import Config
from scrypath.frames import DOCUMENTS
from scrypath.memory import snapshots


def main(path: str, schema: str, count: str) -> None:
    config = Config(store=Path(path), store_timeout=60)
    documents = DOCUMENTS.rows([{"document_id": str(number), "drift": "stale"} for number in range(5)])
    for _ in range(int(count)):
        record = snapshots.SnapshotRecord(
            schema=schema, index="shop", taken_at=datetime.now(UTC), documents_compared=True, stale=5
        )
        sys.stdout.write(snapshots.save(config, record, documents) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
