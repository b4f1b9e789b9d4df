"""Charts of what went wrong."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

from scrypath.vocabulary import DocumentDrift, ReasonClass
from scrypath.work.failed import reason_class_counts

MIME, GRAMMAR = "application/vnd.vegalite.v5+json", "https://vega.github.io/schema/vega-lite/v5.json"
WRONG, HEALED = "#cf222e", "#8c959f"
DRIFT_COLOURS = {
    DocumentDrift.MISSING: "#bc4c00",
    DocumentDrift.ORPHAN: "#8250df",
    DocumentDrift.STALE: "#bf8700",
    DocumentDrift.IN_FLIGHT: "#0969da",
    DocumentDrift.UNKNOWN: "#8c959f",
}

WHOLE = alt.Axis(tickMinStep=1, format="d")


def _drawn_by_jupyter(chart: dict[str, Any], **_: Any) -> dict[str, Any]:
    # What JupyterLab draws by itself; Altair's default fetches its drawing code from the internet.
    return {MIME: chart | {"$schema": GRAMMAR}, "text/plain": "<chart>"}


alt.renderers.register("scrypath", _drawn_by_jupyter)
alt.renderers.enable("scrypath")


def failed_by_reason(frame: pl.DataFrame) -> Any:
    """Failed work by reason class, every class in its fixed order.

    Parameters
    ----------
    frame
        Frame ``FAILED_WORK``.

    Returns
    -------
    altair.Chart
        Bars of what is open and what was healed.
    """
    counts = (
        reason_class_counts(frame)
        .with_columns(pl.col("reason_class").cast(pl.String))
        .rename({"count": "open"})
        .unpivot(["open", "healed"], index="reason_class", variable_name="state", value_name="units")
    )
    return (
        alt.Chart(counts, title="Failed work by reason", height=140, width=420)
        .mark_bar()
        .encode(
            x=alt.X("units:Q", title="units of work", axis=WHOLE, scale=_from_zero(counts["units"])),
            y=alt.Y("reason_class:N", title=None, sort=[str(member) for member in ReasonClass]),
            color=alt.Color(
                "state:N", title=None, scale=alt.Scale(domain=["open", "healed"], range=[WRONG, HEALED])
            ),
            tooltip=["reason_class", "state", "units"],
        )
    )


def drift_by_kind(counts: pl.DataFrame) -> Any:
    """Documents that are not in step, by kind of drift.

    Parameters
    ----------
    counts
        Frame ``DOCUMENT_COUNTS``, as ``reconcile_sync(...).document_counts``.

    Returns
    -------
    altair.Chart
        One bar a kind; what is in step is left out, it would dwarf the rest.
    """
    kinds = [str(member) for member in DocumentDrift]
    off = counts.filter(pl.col("drift").is_in(kinds))
    return (
        alt.Chart(off, title="Documents not in step", height=140, width=420)
        .mark_bar()
        .encode(
            x=alt.X("count:Q", title="documents", axis=WHOLE, scale=_from_zero(off["count"])),
            y=alt.Y("drift:N", title=None, sort=kinds),
            color=alt.Color(
                "drift:N", legend=None, scale=alt.Scale(domain=kinds, range=list(DRIFT_COLOURS.values()))
            ),
            tooltip=["drift", "count"],
        )
    )


def _from_zero(numbers: pl.Series) -> Any:
    """A scale on which nothing is nothing, also where every number is zero."""
    highest: Any = numbers.max()
    return alt.Scale(domain=[0, highest or 1])
