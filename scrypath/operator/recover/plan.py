"""A plan: exactly what a recovery would touch, frozen and hashed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from scrypath import display
from scrypath.config import Config, check_option
from scrypath.errors import InvalidOptions
from scrypath.operator.recover.action import hash_of
from scrypath.operator.report.model import Reconcile
from scrypath.schema import FINGERPRINT_FIELD, registry
from scrypath.vocabulary import DocumentDrift, RecoveryAction, Verification
from scrypath.wording import counted

WRITTEN = (DocumentDrift.MISSING, DocumentDrift.STALE)
SHOWN = 20  # fields in the sentence; all of them are in the plan
HINTS = {
    RecoveryAction.RETRY: "Retry one unit of work with retry_sync_work('meili:17').",
    RecoveryAction.BACKFILL: "Write every row with backfill(schema).",
    RecoveryAction.REINDEX: "A plan covers documents; settings are brought in step with "
    "scrypath.meilisearch.settings.",
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Plan:
    """What a repair will write and delete. Making one changes nothing.

    Parameters
    ----------
    schema, index, action
        Where, and what.
    index_created_at
        When that index was made, UTC; None: there was none, or it is not known.
    snapshot_id
        The report it was made from.
    verify
        How documents were compared, and will be again.
    delete_orphans
        Whether documents without a row are deleted.
    evidence
        ``document_id``, ``drift`` and both fingerprints of everything it touches.
    left_alone
        Orphans that are not touched, because they were not asked for.
    fields
        Names of the fields that it writes.
    shared
        Whether other fields of these documents, which are another writer's, stay as they are (a schema with
        ``fingerprint=False``); False: documents are replaced, and hold these fields only.
    hash
        Over all of it: two plans with the same hash do the same.
    """

    schema: str
    index: str
    action: RecoveryAction
    snapshot_id: str
    verify: Verification
    delete_orphans: bool
    evidence: pl.DataFrame = field(repr=False)
    left_alone: int
    fields: tuple[str, ...] = field(repr=False)
    shared: bool
    hash: str
    config: Config = field(repr=False)
    index_created_at: datetime | None = None

    @property
    def written(self) -> tuple[str, ...]:
        """Ids of the documents that are written from their current rows."""
        return self._ids(*WRITTEN)

    @property
    def deleted(self) -> tuple[str, ...]:
        """Ids of the documents that are deleted."""
        return self._ids(DocumentDrift.ORPHAN)

    @property
    def counts(self) -> pl.DataFrame:
        """How many documents are touched, by what is wrong with them."""
        return self.evidence.group_by("drift").len("count").sort("drift")

    def _ids(self, *kinds: DocumentDrift) -> tuple[str, ...]:
        return tuple(self.evidence.filter(pl.col("drift").is_in(list(map(str, kinds))))["document_id"])

    def headline(self) -> str:
        """The plan in one sentence."""
        left = (
            f" {counted(self.left_alone, 'document')} without a row left alone: delete_orphans=True includes them."
            if self.left_alone
            else ""
        )
        return (
            f"Plan {self.hash[:8]}: {self.action} {self.schema} in {self.index}: write {len(self.written):,}, "
            f"delete {counted(len(self.deleted), 'document')}.{left}{self._touched()}"
        )

    def _touched(self) -> str:
        if not self.shared or not self.written:
            return ""
        rest = len(self.fields) - SHOWN
        more = f" and {rest:,} more" if rest > 0 else ""
        return f" Only these fields are written, others stay: {', '.join(self.fields[:SHOWN])}{more}."

    def __str__(self) -> str:
        return self.headline()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return display.html(self.headline(), {"Touches": self.counts})


def plan(report: Reconcile, action: str = RecoveryAction.REPAIR, *, delete_orphans: bool = False) -> Plan:
    """What a repair of a report's drift would touch: exactly the drifted documents.

    Parameters
    ----------
    report
        From ``reconcile_sync``, with its documents compared.
    action
        ``repair``.
    delete_orphans
        Also delete the documents that have no row.

    Returns
    -------
    Plan
        Frozen; ``apply`` refuses it when what it was made from has changed.

    Raises
    ------
    InvalidOptions
        For another action, or a report whose documents were not compared.

    Examples
    --------
    >>> import scrypath
    >>> report = scrypath.reconcile_sync("Product")
    >>> report.headline()
    'Product: 3 of 3 rows in step.'
    >>> plan = scrypath.plan(report, "repair")
    >>> plan.written, plan.deleted
    ((), ())
    """
    wanted: RecoveryAction = check_option("action", action, RecoveryAction)
    if wanted is not RecoveryAction.REPAIR:
        raise InvalidOptions(f"plan() does not make a plan to {wanted}.", hint=HINTS[wanted])
    if report.rows is None or report.verify is None:
        raise InvalidOptions(
            f"The report on {report.schema} did not compare documents: {report.note}",
            hint="Run reconcile_sync(schema) again, without documents=False or sample=.",
        )
    kinds = [*WRITTEN, DocumentDrift.ORPHAN] if delete_orphans else list(WRITTEN)
    columns = ["document_id", "drift", "row_fingerprint", "document_fingerprint"]
    evidence = (
        report.documents.filter(pl.col("drift").is_in(list(map(str, kinds))))
        .select(columns)
        .sort("document_id")
    )
    orphans = report.documents.filter(pl.col("drift") == str(DocumentDrift.ORPHAN)).height
    made = report.index_created_at
    schema = registry.find(report.schema)
    fields = tuple(declared.name for declared in schema.fields)
    if schema.fingerprint:
        fields += (FINGERPRINT_FIELD,)
    return Plan(
        schema=report.schema,
        index=report.index,
        action=wanted,
        snapshot_id=report.snapshot_id,
        verify=Verification(report.verify),
        delete_orphans=delete_orphans,
        evidence=evidence,
        left_alone=0 if delete_orphans else orphans,
        fields=fields,
        shared=not schema.fingerprint,
        hash=hash_of(
            report.schema,
            report.index,
            made,
            str(wanted),
            report.verify,
            delete_orphans,
            fields,
            evidence.rows(),
        ),
        config=report.config,
        index_created_at=made,
    )
