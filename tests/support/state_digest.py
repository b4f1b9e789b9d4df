"""What could be changed: a digest of database, queue, index, tasks and audit, to compare before and after."""

from __future__ import annotations

from hashlib import blake2b

import psycopg

import scrypath
from scrypath.config import Config
from scrypath.meilisearch import settings, tasks
from scrypath.meilisearch.wire import connect
from scrypath.schema import registry


def seen(config: Config) -> dict[str, str]:
    """Digest by what was looked at; a digest that differs names what was changed."""
    assert config.database_url is not None
    schemas = registry.every(config)
    found = {"audit": _digest(scrypath.audit_log(config=config).rows())}
    with psycopg.connect(config.database_url) as connection:
        for table in (*(schema.table.name for schema in schemas), "oban_jobs"):
            rows = connection.execute(f'SELECT t::text FROM "{table}" t ORDER BY 1').fetchall()
            found[f"table {table}"] = _digest(rows)
    for schema in schemas:
        index = schema.index_name(config)
        documents = connect(config).request("GET", f"/indexes/{index}/documents", params={"limit": 1_000_000})
        found[f"documents {index}"] = _digest(documents.mapping())
        found[f"settings {index}"] = _digest(settings.read(config, index))
    listed = tasks.listing(config, limit=100_000).frame
    found["tasks"] = _digest(listed.select("uid", "status").rows())
    return found


def _digest(what: object) -> str:
    return blake2b(repr(what).encode(), digest_size=12).hexdigest()
