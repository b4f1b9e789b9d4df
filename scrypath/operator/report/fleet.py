"""Reports of several schemas as one answer: frozen, with frames over all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from scrypath import display
from scrypath.errors import SchemaError, ScrypathError, did_you_mean
from scrypath.frame_schema import FrameSchema
from scrypath.frames import ACTIONS, CONTRACT_DRIFT, FAILED_WORK, FLEET, FLEET_FAILURES, STATUS
from scrypath.operator.report.model import Reconcile, open_work
from scrypath.redaction import redact
from scrypath.schema import registry
from scrypath.vocabulary import DocumentDrift
from scrypath.wording import counted
from scrypath.work.failed import reason_class_counts


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Fleet:
    """What :func:`scrypath.reconcile_sync` saw of several schemas; iterate over it for their reports.

    Parameters
    ----------
    reports
        A :class:`Reconcile` of each schema that could be checked.
    errors
        By schema, the error that kept each of the others from being checked. A schema that could not even be
        imported goes by its import string.
    """

    reports: tuple[Reconcile, ...]
    errors: Mapping[str, Exception]

    def __iter__(self) -> Iterator[Reconcile]:
        return iter(self.reports)

    def __len__(self) -> int:
        return len(self.reports)

    def report(self, schema: Any) -> Reconcile:
        """The report of one schema.

        Parameters
        ----------
        schema
            Registered name, model or schema.

        Raises
        ------
        SchemaError
            When the schema was not among those checked. A schema that could not be checked raises the error
            that kept it from being.
        """
        known = {report.schema: report for report in self.reports}
        name = schema if schema in known or schema in self.errors else registry.find(schema).name
        if name in self.errors:
            raise self.errors[name]
        if name not in known:
            raise SchemaError(
                f"{name} is not among the schemas that were checked.", hint=did_you_mean(name, known)
            )
        return known[name]

    @property
    def in_step(self) -> bool | None:
        """Whether every schema is in step; None when that is not known of all, and none is seen to drift."""
        answers = {report.in_step for report in self.reports}
        if False in answers:
            return False
        return None if None in answers or self.errors or not answers else True

    @property
    def schemas(self) -> pl.DataFrame:
        """``frames.FLEET``: one row per schema."""
        rows = [_row(report) for report in self.reports]
        rows += [
            {"schema": failure["schema"], "note": failure["message"]} for failure in self.failures.to_dicts()
        ]
        return FLEET.rows(rows)

    @property
    def failures(self) -> pl.DataFrame:
        """``frames.FLEET_FAILURES``: one row per schema that could not be checked."""
        return FLEET_FAILURES.rows(
            {"schema": name} | _described(error) for name, error in self.errors.items()
        )

    @property
    def status(self) -> pl.DataFrame:
        """``frames.STATUS`` of all reports."""
        return self._together(STATUS, "status")

    @property
    def failed_work(self) -> pl.DataFrame:
        """``frames.FAILED_WORK`` of all reports."""
        return self._together(FAILED_WORK, "failed_work")

    @property
    def reason_counts(self) -> pl.DataFrame:
        """``frames.REASON_COUNTS`` over all reports."""
        return reason_class_counts(self.failed_work)

    @property
    def contract_drift(self) -> pl.DataFrame:
        """``frames.CONTRACT_DRIFT`` of all reports."""
        return self._together(CONTRACT_DRIFT, "contract_drift")

    @property
    def actions(self) -> pl.DataFrame:
        """``frames.ACTIONS`` of all reports."""
        return self._together(ACTIONS, "actions")

    def headline(self) -> str:
        """The fleet in one sentence."""
        answers = [report.in_step for report in self.reports]
        gone = [report.index_exists for report in self.reports].count(False)
        listed = [
            f"{answers.count(True)} of {counted(len(answers) + len(self.errors), 'schema')} in step",
            *([f"{answers.count(False)} not in step"] if False in answers else []),
            *([f"the index of {counted(gone, 'schema')} is gone or was never created"] if gone else []),
            *([f"of {answers.count(None)} it is not known"] if None in answers else []),
            *([f"{len(self.errors)} could not be checked"] if self.errors else []),
        ]
        return "; ".join(listed) + "."

    def __str__(self) -> str:
        shown = self.schemas.select(
            "schema", "in_step", "rows", "documents", *map(str, DocumentDrift), "failed"
        )
        return display.text(
            self.headline(),
            {
                "Schemas": shown,
                "Not checked": self.failures.select("schema", "error", "message"),
                "Recommended": self.actions,
            },
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        shown = self.schemas.drop(
            "index", "index_exists", "snapshot_id", "from_snapshot", "taken_at", "duration"
        )
        lost = {"Not checked": self.failures} if self.errors else {}
        summary = display.html(self.headline(), {"Schemas": shown, **lost, "Recommended": self.actions})
        return summary + display.boxed(
            "".join(display.folded(report.headline(), report._repr_html_()) for report in self.reports)
        )

    def _together(self, schema: FrameSchema, name: str) -> pl.DataFrame:
        found: list[pl.DataFrame] = [getattr(report, name) for report in self.reports]
        return pl.concat([schema.empty(), *found])


def _row(report: Reconcile) -> dict[str, Any]:
    counts = dict(report.document_counts.iter_rows())
    return {
        "schema": report.schema,
        "index": report.index,
        "index_exists": report.index_exists,
        "in_step": report.in_step,
        "rows": report.rows,
        "documents": report.indexed,
        **{str(kind): counts[str(kind)] for kind in DocumentDrift},
        **open_work(report.status, report.failed_work),
        "taken_at": report.taken_at,
        "duration": report.duration,
        "method": report.method,
        "basis": report.basis,
        "read_now": report.read_now,
        "from_before": report.from_before,
        "snapshot_id": report.snapshot_id,
        "from_snapshot": report.from_snapshot,
        "note": report.note,
    }


def _described(error: Exception) -> dict[str, str]:
    if isinstance(error, ScrypathError):
        described = error.as_dict()
    else:
        described = {
            "error": type(error).__name__,
            "message": str(error),
            "hint": "See errors[schema] itself.",
        }
    return {name: redact(text) for name, text in described.items()}
