"""A comparison that reads only what may have changed since an earlier one, and proves by the totals that it is all."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl

from scrypath.compare.by_id import ComparedById, compare_by_id
from scrypath.compare.changes import written
from scrypath.compare.checkpoint import Baseline
from scrypath.compare.comparison import Comparison
from scrypath.compare.definition import definition
from scrypath.compare.in_flight import ended_up_to
from scrypath.frames import DOCUMENTS
from scrypath.meilisearch import indexes
from scrypath.reach import submit
from scrypath.schema.index_ref import IndexRef
from scrypath.source import changed_rows, row_versions, rows
from scrypath.source.adbc import Connection, connected
from scrypath.source.changed_rows import ChangedRows, Unversioned
from scrypath.vocabulary import ComparisonBasis, ComparisonMethod, Verification
from scrypath.wording import counted

MOST = 0.1  # share of the documents above which reading them all is quicker than reading some by id
ALWAYS = 2_000  # documents that are read by id whatever their share
MARGIN = timedelta(minutes=5)  # between the clocks of those who write updated_at and the database's
ROUNDS = 5  # readings, each spoiled by a task that ended meanwhile, before everything is read


class IncrementalNotPossible(Exception):
    """Reading only what changed is not enough; the message says why.

    Parameters
    ----------
    lasting
        True: nor could it before, because of what the schema or the database is.
    """

    def __init__(self, why: str, *, lasting: bool = False) -> None:
        super().__init__(why)
        self.lasting = lasting


def compare_since(
    ref: IndexRef,
    *,
    since: Baseline | None,
    drift: pl.DataFrame,
    verify: Verification,
    trusting: bool,
) -> Comparison:
    """Compare the rows that changed, the documents that tasks wrote, and those that were not in step.

    Of all the others nothing was written since, so that rows can only have vanished: then there are fewer of them than
    documents, counted at the moment at which it was asked what has changed.

    Parameters
    ----------
    ref
        What is compared.
    since
        The state when the earlier comparison began; None when it left nothing to start from.
    drift
        ``frames.DOCUMENTS`` of the earlier comparison.
    verify
        What is read from documents; the earlier comparison read the same.
    trusting
        Whether the schema's ``updated_at`` is good enough where versions of rows do not say what changed.

    Raises
    ------
    IncrementalNotPossible
        When everything has to be read.
    TransportError, DatabaseError
        When a side cannot be read.
    """
    began = datetime.now(UTC)
    if not ref.schema.fingerprint:
        verify = Verification.CONTENT
    index = indexes.get(ref.config, ref.uid)
    ended = ended_up_to(ref.config, ref.uid)
    if since is None or index is None:
        raise IncrementalNotPossible(_nothing_to_start_from(ref), lasting=True)
    if since.definition != definition(ref.schema, moments=True):
        raise IncrementalNotPossible("The schema's definition has changed.")
    if since.index_created_at != index.created_at:
        raise IncrementalNotPossible("The index was swapped or recreated.")
    if "" in drift["document_id"]:
        raise IncrementalNotPossible("Rows have no id.")
    most = max(ALWAYS, round(MOST * _documents(ref)))
    # For what comes next, before anything is read now.
    stable_until = None if ref.schema.updated_at is None else rows.stable_until(ref.config)
    with ExitStack() as open_, ThreadPoolExecutor(1, thread_name_prefix="scrypath-connect") as beside:
        connecting = submit(beside, open_.enter_context, connected(ref.config))  # which takes its time
        changed, basis = open_.enter_context(_changed(ref, since, most + 1, trusting=trusting))
        if len(changed.ids) > most:
            more = f"More than {most} rows changed, and reading them by id would take longer."
            raise IncrementalNotPossible(" ".join(filter(None, (more, _held(changed)))))
        read = _by_id(
            ref,
            since,
            frozenset(changed.ids).union(drift["document_id"]),
            most=most,
            verify=verify,
            ended=ended,
            over=connecting.result(),
        )
        outside = changed.outside(read.ids)
        if outside != read.outside:
            raise IncrementalNotPossible("Rows or documents were added or removed unnoticed.")
    if changed.mark is not None:
        _require_unchanged(ref, changed.mark)
    after = indexes.get(ref.config, ref.uid)
    if after is None or after.created_at != index.created_at:
        raise IncrementalNotPossible("The index was swapped or recreated.")
    return Comparison(
        taken_at=began,
        duration=datetime.now(UTC) - began,
        verify=verify,
        compared=True,
        rows=outside + read.found.rows,
        documents=outside + read.found.documents,
        in_step=outside + read.found.rows - int(read.found.drift["row_count"].sum()),
        drift=DOCUMENTS.conform(read.found.drift.sort("document_id")),
        note=_held(changed),
        method=ComparisonMethod.INCREMENTAL,
        basis=basis,
        read_now=len(read.ids),
        from_before=outside,
        baseline=replace(since, task=ended, mark=changed.mark, stable_until=stable_until).completed(
            ref.config
        ),
        index_created_at=index.created_at,
    )


class _Read:
    """What was read by id, and how many documents were not."""

    def __init__(self, ids: list[str], found: ComparedById, outside: int) -> None:
        self.ids = ids
        self.found = found
        self.outside = outside


def _by_id(
    ref: IndexRef,
    since: Baseline,
    suspects: frozenset[str],
    *,
    most: int,
    verify: Verification,
    ended: int,
    over: Connection,
) -> _Read:
    known = written(ref, since)
    for _ in range(ROUNDS):
        if known.unclear:
            raise IncrementalNotPossible(known.unclear)
        ids = sorted(suspects | known.ids)
        if len(ids) > most:
            raise IncrementalNotPossible(
                f"{counted(len(ids), 'document')} may have changed, and reading them by id would take longer."
            )
        found = compare_by_id(ref, ids, verify=verify, ended=ended, over=over)
        total = _documents(ref)
        after = written(ref, since)
        if after == known:
            return _Read(ids, found, total - found.documents)
        known = after
    raise IncrementalNotPossible("Tasks kept on changing documents while they were read.")


@contextmanager
def _changed(
    ref: IndexRef, since: Baseline, limit: int, *, trusting: bool
) -> Iterator[tuple[ChangedRows, ComparisonBasis]]:
    if since.mark is None:
        why = _nothing_to_start_from(ref)
    else:
        with changed_rows.by_version(ref, since.mark, limit) as found:
            if not isinstance(found, Unversioned):
                yield found, ComparisonBasis.ROW_VERSIONS
                return
            if not found.lasting:
                raise IncrementalNotPossible(found.problem)
            why = found.problem
    if not trusting or since.stable_until is None:
        raise IncrementalNotPossible(why, lasting=True)
    with changed_rows.by_moment(ref, since.stable_until - MARGIN, limit) as trusted:
        yield trusted, ComparisonBasis.UPDATED_AT


def _require_unchanged(ref: IndexRef, mark: row_versions.Mark) -> None:
    """Nothing, or :class:`IncrementalNotPossible` where the tables changed after their rows were asked for."""
    now = row_versions.observe(ref)
    problem = now.problem if now.mark is None else now.mark.follows(mark)
    if problem is not None:
        raise IncrementalNotPossible(problem)


def _nothing_to_start_from(ref: IndexRef) -> str:
    if not rows.in_columns(ref):
        return f"Documents of {ref.schema.name} are made of more than its rows' own columns."
    problem = row_versions.observe(ref).problem
    return problem or "There is no earlier comparison to start from."


def _held(changed: ChangedRows) -> str | None:
    if changed.holder is None:
        return None
    return f"{changed.holder}: what was written since then is read again each time."


def _documents(ref: IndexRef) -> int:
    return indexes.stats(ref.config, ref.uid).number_of_documents
