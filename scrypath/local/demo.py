"""The story of one incident on real parts, scene by scene; every number in it is read from them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import scrypath
from scrypath.config import Config
from scrypath.local import catalogue, rehearsal, stack
from scrypath.local.catalogue import City, Country, geonames
from scrypath.meilisearch import indexes, tasks
from scrypath.schema import registry
from scrypath.schema.index_ref import IndexRef
from scrypath.source import rows
from scrypath.sync.progress import progress_bar
from scrypath.wording import counted

OUTAGE_SEED, CENSUS_SEED = 20, 21  # two incidents that touch different cities
RECORDED = 6  # rows of the audit that are shown
EXPLAINED = 3  # documents whose fields are shown side by side


@dataclass(frozen=True, slots=True)
class Scene:
    """One step of the story.

    Parameters
    ----------
    title
        What it is about; None: it goes on with the scene before.
    command
        The command that shows or does the same.
    lines
        What happened, in sentences.
    shown
        Public frames and reports, each with the name of its view.
    ending
        What follows from them, in sentences.
    """

    title: str | None = None
    command: str | None = None
    lines: tuple[str, ...] = ()
    shown: tuple[tuple[str, Any], ...] = ()
    ending: tuple[str, ...] = ()


def story(
    *, cities: int | None = None, home: Path | str | None = None, progress: bool = False
) -> Iterator[Scene]:
    """Start the stack, load and index the catalogue, cause two incidents, and fix what they broke.

    Running it again goes on from what the former run left.

    Parameters
    ----------
    cities
        Only the most populous; default: all of 15 000 inhabitants and more.
    home
        Folder of the stack; default: the configured one.
    progress
        Also draw bars, on the standard error stream, while rows and documents are written.

    Yields
    ------
    Scene
        As soon as it has happened.

    Raises
    ------
    StackError
        When a part does not start, or the server is not the stack's own to take down.
    """
    began = time.monotonic()
    made = stack.up(home=home)
    config = made.configure()
    yield Scene(
        "A stack of this machine's own",
        "scrypath local up",
        (f"Up in {time.monotonic() - began:.1f} s, in {made.home}.",),
        (("local", made.status()),),
    )
    yield from _catalogue(config, cities, progress)
    outage = rehearsal.rehearse("queue-outage", stack=made, seed=OUTAGE_SEED)
    yield Scene(
        "Something happens at night", "scrypath rehearse queue-outage", (outage.story, *outage.evidence)
    )
    census = rehearsal.rehearse("stale-documents", stack=made, seed=CENSUS_SEED)
    yield Scene(
        "And something else, unnoticed", "scrypath rehearse stale-documents", (census.story, *census.evidence)
    )
    yield from _look(config)
    yield from _retry(config, outage.work_ids[0])
    yield from _repair(config)
    yield Scene(
        "Fixed, verified, recorded",
        "scrypath status",
        shown=(("status", scrypath.sync_status(City, Country, config=config)),),
    )
    audited = scrypath.audit_log(City, config=config).head(RECORDED)
    yield Scene(
        lines=("", f"The last {audited.height} rows of the audit, newest first:"),
        shown=(("audit", audited),),
        ending=(f"The demo took {time.monotonic() - began:.0f} s. The stack stays up.",),
    )


def _catalogue(config: Config, cities: int | None, progress: bool) -> Iterator[Scene]:
    yield Scene("The world's cities", lines=(catalogue.CREDIT,))
    began = time.monotonic()
    there = _counts(config)
    if there and (cities is None or there["City"] == cities):
        lines = [
            f"{counted(there['City'], 'city', 'cities')} and "
            f"{counted(there['Country'], 'country', 'countries')} are there from an earlier run."
        ]
    else:
        carried = geonames.cities(geonames.MINIMUM_POPULATIONS[-1]).height
        wanted = carried if cities is None else min(cities, carried)
        with progress_bar("City: rows written", wanted, shown=progress, unit="row") as bar:
            loaded = catalogue.load(config, limit=wanted, progress=bar.update)
        lines = [
            f"{counted(loaded.cities, 'city', 'cities')} and "
            f"{counted(loaded.countries, 'country', 'countries')} written to PostgreSQL "
            f"in {time.monotonic() - began:.1f} s."
        ]
    yield Scene(lines=tuple(lines))
    yield Scene("Written to Meilisearch", "scrypath backfill")
    for model in (City, Country):
        yield Scene(lines=(_indexed(model, config, progress),))


def _counts(config: Config) -> dict[str, int]:
    """Rows in the catalogue's tables; nothing when there are none yet."""
    from sqlalchemy import inspect

    from scrypath.source.engine import engine, translated

    with translated(config):
        if not {"cities", "countries"} <= set(inspect(engine(config)).get_table_names()):
            return {}
    counts = {
        model.__name__: rows.count(IndexRef.live(registry.find(model), config)) for model in (City, Country)
    }
    return counts if all(counts.values()) else {}


def _indexed(model: type[Any], config: Config, progress: bool) -> str:
    schema = registry.find(model)
    index = schema.index_name(config)
    count = rows.count(IndexRef.live(schema, config))
    if indexes.get(config, index) is not None and indexes.stats(config, index).number_of_documents == count:
        present = counted(count, f"{schema.name} document is", f"{schema.name} documents are")
        return f"{present} in index {index} from an earlier run."
    began = time.monotonic()
    written = scrypath.backfill(schema, wait=False, progress=progress, config=config)
    sent = time.monotonic()
    uids = [int(work_id.partition(":")[2]) for work_id in written.work_ids]
    with progress_bar(f"{schema.name}: batches indexed", len(uids), shown=progress, unit="task") as bar:
        done = tasks.wait_all(config, uids, on_progress=lambda finished, _: bar.update(finished - bar.n))
    for task in done:
        task.require_success()
    return (
        f"{counted(written.document_count, f'{schema.name} document')} sent to index {index} in {sent - began:.1f} s "
        f"and searchable {time.monotonic() - sent:.1f} s later."
    )


def _look(config: Config) -> Iterator[Scene]:
    yield Scene(
        "Search looks wrong: where?",
        "scrypath status",
        shown=(("status", scrypath.sync_status(City, Country, config=config)),),
    )
    work = scrypath.failed_sync_work(City, config=config)
    yield Scene("What failed, and why", "scrypath failed City", shown=(("failed", work),))
    report = scrypath.reconcile_sync(City, config=config)
    ids = report.documents["document_id"].to_list()[:EXPLAINED]
    yield Scene(
        "Database and index, document by document",
        "scrypath reconcile City",
        shown=(("report", report), ("differences", report.explain(ids))),
        ending=(
            f"Shown field by field: {len(ids)} of {counted(report.documents.height, 'document')} that differ from "
            f"their rows. The report is stored as snapshot {report.snapshot_id}.",
        ),
    )


def _retry(config: Config, work_id: str) -> Iterator[Scene]:
    preview = scrypath.preview_retry(work_id, config=config)
    outcome = scrypath.retry_sync_work(work_id, wait=True, config=config)
    yield Scene(
        "Retry one concrete piece of work",
        f"scrypath retry {work_id} --wait",
        (preview.effect,),
        (("outcome", outcome),),
    )


def _repair(config: Config) -> Iterator[Scene]:
    report = scrypath.reconcile_sync(City, config=config)
    plan = scrypath.plan(report, "repair")
    outcome = scrypath.apply(plan, config=config)
    after = scrypath.reconcile_sync(City, config=config)
    yield Scene(
        "Repair the rest: only the documents that drifted",
        "scrypath reconcile City --action repair",
        shown=(("plan", plan), ("outcome", outcome)),
        ending=(f"Compared again: {after.headline()}",),
    )
