"""A comparison that reads only what may have changed since an earlier one, and proves by the totals that it is all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime

import polars as pl

from scrypath.compare.by_id import compare_by_id
from scrypath.compare.changes import horizon, touched
from scrypath.compare.checkpoint import Baseline, observe
from scrypath.compare.comparison import Comparison
from scrypath.compare.definition import definition
from scrypath.compare.in_flight import ended_up_to
from scrypath.frames import DOCUMENTS
from scrypath.meilisearch import indexes
from scrypath.schema.index_ref import IndexRef
from scrypath.source import rows
from scrypath.source.adbc import connected
from scrypath.vocabulary import ComparisonMethod, Verification
from scrypath.wording import counted

MOST = 0.1  # share of the documents above which reading them all is quicker than reading some by id
ALWAYS = 2_000  # documents that are read by id whatever their share


class IncrementalNotPossible(Exception):
    """Reading only what changed cannot tell; the message says why."""


def compare_since(
    ref: IndexRef,
    *,
    since: Baseline | None,
    drift: pl.DataFrame,
    verify: Verification,
) -> Comparison:
    """Compare the rows that changed, the documents that tasks wrote, and those that were not in step.

    Then rows and documents must be equally many but for those found missing and orphan: a row deleted without a
    trace shows there.

    Parameters
    ----------
    ref
        What is compared.
    since
        What stood when the earlier comparison began; None when it left nothing to start from.
    drift
        ``frames.DOCUMENTS`` of the earlier comparison.
    verify
        What is read from documents; the earlier comparison read the same.

    Raises
    ------
    IncrementalNotPossible
        When only reading everything can tell.
    TransportError, DatabaseError
        When a side cannot be read.
    """
    began = datetime.now(UTC)
    index = indexes.get(ref.config, ref.uid)
    ended = ended_up_to(ref.config, ref.uid)
    baseline = observe(ref, index, ended=ended)
    if ref.schema.updated_at is None:
        raise IncrementalNotPossible(f"{ref.schema.name} declares no updated_at.")
    if baseline is None or since is None or index is None:
        raise IncrementalNotPossible("No earlier comparison can be built upon.")
    if since.definition != definition(ref.schema, moments=True):
        raise IncrementalNotPossible("The schema's definition has changed.")
    if since.index_created_at != index.created_at:
        raise IncrementalNotPossible("The index was swapped or recreated.")
    with ExitStack() as open_, ThreadPoolExecutor(1, thread_name_prefix="scrypath-connect") as beside:
        connecting = beside.submit(open_.enter_context, connected(ref.config))  # which takes its time
        for _ in range(2):  # once more when somebody wrote in between
            before = _documents(ref)
            most = max(ALWAYS, round(MOST * before))
            # Counted as of the moment at which they are asked what has changed: no row that counts is overlooked.
            with rows.changes(ref, horizon(since), most + 1) as changes:
                found = touched(ref, since, changes.ids, most=most)
                if found.unclear:
                    raise IncrementalNotPossible(found.unclear)
                ids = sorted(found.ids.union(drift["document_id"]))
                if len(ids) > most:
                    raise IncrementalNotPossible(
                        f"{counted(len(ids), 'document')} may have changed, and reading them by id would take longer."
                    )
                chosen = compare_by_id(ref, ids, verify=verify, ended=ended, over=connecting.result())
                documents, row_count = _documents(ref), changes.count.result()
            if documents == before and row_count - chosen.bare_rows == documents - chosen.bare_documents:
                break
        else:
            raise IncrementalNotPossible("Rows or documents came or went without a trace.")
    return Comparison(
        taken_at=began,
        duration=datetime.now(UTC) - began,
        verify=verify,
        compared=True,
        rows=row_count,
        documents=documents,
        in_step=row_count - int(chosen.drift["row_count"].sum()),
        drift=DOCUMENTS.conform(chosen.drift.sort("document_id")),
        note=counted(len(ids), "document that may have changed was", "documents that may have changed were")
        + " compared; the others are taken from before.",
        method=ComparisonMethod.INCREMENTAL,
        baseline=baseline,
        index_created_at=index.created_at,
    )


def _documents(ref: IndexRef) -> int:
    return indexes.stats(ref.config, ref.uid).number_of_documents
