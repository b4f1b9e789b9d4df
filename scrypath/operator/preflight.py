"""The checks before an operator starts: whether everything can be reached, and is what it should be."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import polars as pl

from scrypath.config import Config, resolve
from scrypath.errors import SchemaError, ScrypathError
from scrypath.frames import CHECKS
from scrypath.meilisearch import indexes, key_reach
from scrypath.meilisearch.version import server_version
from scrypath.memory import store
from scrypath.queue import jobs
from scrypath.reach import one_call, submit
from scrypath.schema import registry
from scrypath.schema.index_names import rollback_of, target_of
from scrypath.schema.index_ref import IndexRef
from scrypath.source import rows
from scrypath.vocabulary import SyncMode
from scrypath.wording import counted
from scrypath.work.states import QUEUED_JOBS


@one_call()
def preflight(*schemas: Any, config: Config | None = None) -> pl.DataFrame:
    """Check the server, the database, the queue, the store and each schema's index.

    Parameters
    ----------
    schemas
        Registered names, models or schemas; none given: all registered.
    config
        Used instead of the configured one.

    Returns
    -------
    polars.DataFrame
        ``frames.CHECKS``. Where a key is configured, a check for each index says which actions it lacks there, found
        by requests that change nothing (``indexes.delete`` cannot be tried so).
        ``ok`` is null for what was not checked; a failed check raises nothing.

    Raises
    ------
    ConfigError, SchemaError
        When the configuration cannot be read, or a schema that is asked for is unknown.

    Examples
    --------
    >>> import scrypath
    >>> scrypath.preflight("Product").select("check", "ok").rows()
    [('server', True), ('queue', None), ('store', True),
     ('database: products', True), ('index: ...products', True)]
    """
    resolved = resolve(config)
    asked = [registry.find(schema) for schema in schemas]
    looks = {
        "server": partial(_server, resolved),
        "queue": partial(_queue, resolved),
        "store": partial(_store, resolved),
    }
    unknown: list[dict[str, Any]] = []
    if not asked:
        try:
            asked, lost = registry.available(resolved)
            unknown += [_failed(f"schema: {name}", error) for name, error in lost.items()]
        except SchemaError as error:
            unknown.append(_failed("schemas", error))
    with ThreadPoolExecutor(len(looks), thread_name_prefix="scrypath-checks") as pool:
        services = [submit(pool, _row, name, look) for name, look in looks.items()]
        checks = [future.result() for future in services] + unknown
        for schema in asked:
            ref = IndexRef.live(schema, resolved)
            own: dict[str, Callable[[IndexRef], tuple[bool | None, str, str | None]]] = {
                f"database: {schema.table.name}": _database,
                f"index: {ref.uid}": _index,
            }
            if key_reach.has_key(resolved):
                own[f"key: {ref.uid}"] = _key
            beside = [submit(pool, _row, name, partial(look, ref)) for name, look in own.items()]
            checks += [future.result() for future in beside]
    return CHECKS.rows(checks)


def _row(name: str, look: Callable[[], tuple[bool | None, str, str | None]]) -> dict[str, Any]:
    try:
        ok, detail, hint = look()
    except ScrypathError as error:
        return _failed(name, error)
    return {"check": name, "ok": ok, "detail": detail, "hint": hint}


def _failed(name: str, error: ScrypathError) -> dict[str, Any]:
    return {"check": name, "ok": False, "detail": error.message, "hint": error.hint or None}


def _server(config: Config) -> tuple[bool, str, str | None]:
    version = server_version(config)
    return version.supported, f"Meilisearch {version.text}", " ".join(version.warnings) or None


def _queue(config: Config) -> tuple[bool | None, str, str | None]:
    if config.sync_mode is not SyncMode.OBAN:
        return None, "Not checked: the queue is used in oban mode only.", None
    waiting = jobs.counts(config).select(pl.sum_horizontal(*QUEUED_JOBS)).sum().item()
    return (
        True,
        f"The oban tables are there; {counted(waiting, 'job waits or runs', 'jobs wait or run')}.",
        None,
    )


def _store(config: Config) -> tuple[bool, str, str | None]:
    with store.connect(config):
        return True, "The DuckDB file can be written.", None


def _database(ref: IndexRef) -> tuple[bool, str, str | None]:
    return True, counted(rows.count(ref), "row"), None


def _index(ref: IndexRef) -> tuple[bool, str, str | None]:
    index = ref.uid
    found = indexes.get(ref.config, index)
    if found is None:
        return False, indexes.GONE, f"backfill({ref.schema.name!r}) creates and fills it."
    if found.primary_key not in (None, ref.schema.document_id):
        return (
            False,
            f"Its primary key is {found.primary_key!r}, the schema's document id is {ref.schema.document_id!r}.",
            "Another program created the index: choose another index_prefix.",
        )
    return True, counted(indexes.stats(ref.config, index).number_of_documents, "document"), None


def _key(ref: IndexRef) -> tuple[bool | None, str, str | None]:
    reads, writes = key_reach.missing_actions(ref.config, ref.uid)
    beside = [
        name for name in (target_of(ref.uid), rollback_of(ref.uid)) if not key_reach.reaches(ref.config, name)
    ]
    if not key_reach.reaches(ref.config, ref.uid):
        said = "The key does not reach the index."
    elif reads or writes:
        only = "The key may only read" if not reads else "The key may not do everything"
        said = f"{only}: it lacks {', '.join([*reads, *writes])}."
    elif beside:
        said = f"The key does not reach {' and '.join(beside)}, which a rebuild needs."
    else:
        return True, "The key may read and write the index.", None
    return (
        False,
        said,
        f"Use a key with these actions on {ref.uid}*: what it may not read is not observed, writes are refused.",
    )
