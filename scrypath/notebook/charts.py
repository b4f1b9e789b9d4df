"""Charts of what went wrong."""

from __future__ import annotations

from typing import Any

import polars as pl

from scrypath.extras import require
from scrypath.vocabulary import DocumentDrift
from scrypath.wording import number
from scrypath.work.failed import reason_class_counts

require("notebook", "altair")

import altair as alt  # noqa: E402 - a missing extra is named

MIME, GRAMMAR = "application/vnd.vegalite.v5+json", "https://vega.github.io/schema/vega-lite/v5.json"
OPEN, HEALED = "#cf222e", "#8c959f"
DRIFT_COLOURS = {
    DocumentDrift.MISSING: "#bc4c00",
    DocumentDrift.ORPHAN: "#8250df",
    DocumentDrift.STALE: "#bf8700",
    DocumentDrift.IN_FLIGHT: "#0969da",
    DocumentDrift.UNKNOWN: "#8c959f",
}
TICKS = 5  # numbers on an axis, beside the zero
LABELS = 300  # pixels


class OfflineChart(alt.Chart):  # type: ignore[misc]
    """A chart that JupyterLab draws by itself: Altair's default renderer fetches its drawing code from the internet.

    A renderer that the user has enabled is used for this chart too.
    """

    def _repr_mimebundle_(self, *arguments: Any, **options: Any) -> Any:
        if alt.renderers.active != "default":
            return super()._repr_mimebundle_(*arguments, **options)
        return {MIME: self.to_dict() | {"$schema": GRAMMAR}, "text/plain": "<chart>"}


def failed_by_reason(frame: pl.DataFrame) -> OfflineChart:
    """Failed work by reason class, every class in its fixed order.

    Parameters
    ----------
    frame
        Frame ``FAILED_WORK``.

    Returns
    -------
    OfflineChart
        An ``altair.Chart``: bars of what is open and what was healed, with their numbers. Sources that were not
        read are named below the title.
    """
    states = ["open", "healed"]
    healed = pl.when(pl.col("healed") > 0).then(pl.format(" open, {} healed", _number("healed")))
    counts = reason_class_counts(frame).with_columns(
        pl.col("reason_class").cast(pl.String),
        label=pl.format("{}: {}{}", "reason_class", _number("open"), healed.otherwise(pl.lit(""))),
    )
    totals = counts["open"] + counts["healed"]
    bars = counts.unpivot(states, index=["reason_class", "label"], variable_name="state", value_name="units")
    colour = alt.Color(
        "state:N",
        title=None,
        legend=alt.Legend(orient="top"),
        scale=alt.Scale(domain=states, range=[OPEN, HEALED]),
    )
    chart: OfflineChart = _bars(bars, "Failed work by reason", remarks=_not_read_completely(frame)).encode(
        x=_from_zero("units", totals, title="units of work"),
        y=_labelled(counts["label"]),
        color=colour,
        order=alt.Order("state:N", sort="descending"),  # open first
        tooltip=["reason_class", "state", "units"],
    )
    return chart


def drift_by_kind(counts: pl.DataFrame) -> OfflineChart:
    """Documents that are not in step, by kind of drift.

    Parameters
    ----------
    counts
        Frame ``DOCUMENT_COUNTS``, as ``reconcile_sync(...).document_counts``.

    Returns
    -------
    OfflineChart
        An ``altair.Chart``: one bar a kind, with its number; what is in step is left out, it would dwarf the rest.
    """
    kinds = [str(member) for member in DocumentDrift]
    shown = pl.when(pl.col("count").is_null()).then(pl.lit("not compared")).otherwise(_number("count"))
    drift = counts.filter(pl.col("drift").is_in(kinds)).with_columns(
        label=pl.format("{}: {}", "drift", shown)
    )
    colour = alt.Color(
        "drift:N", legend=None, scale=alt.Scale(domain=kinds, range=list(DRIFT_COLOURS.values()))
    )
    chart: OfflineChart = _bars(drift, "Documents not in step").encode(
        x=_from_zero("count", drift["count"], title="documents"),
        y=_labelled(drift["label"]),
        color=colour,
        tooltip=["drift", "count"],
    )
    return chart


def _bars(frame: pl.DataFrame, title: str, *, remarks: list[str] | None = None) -> OfflineChart:
    heading = alt.Title(title, subtitle=remarks) if remarks else title
    bars: OfflineChart = OfflineChart(frame, title=heading, height=140, width=360).mark_bar()
    return bars


def _labelled(labels: pl.Series) -> alt.Y:
    """One bar a label, in the order given.

    The number belongs to the label: one unit beside thousands is a bar that nobody sees, and text beside the bars
    is black on the dark theme too.
    """
    return alt.Y("label:N", title=None, sort=labels.to_list(), axis=alt.Axis(labelLimit=LABELS))


def _from_zero(column: str, numbers: pl.Series, *, title: str) -> alt.X:
    """An axis of integers from zero, also where every number is zero."""
    highest: Any = numbers.max() or 1
    return alt.X(
        f"{column}:Q",
        title=title,
        axis=alt.Axis(tickCount=min(highest, TICKS), format=",d"),
        scale=alt.Scale(domain=[0, highest]),
    )


def _number(column: str) -> pl.Expr:
    return pl.col(column).map_elements(number, return_dtype=pl.String)


def _not_read_completely(frame: pl.DataFrame) -> list[str]:
    """One line for each source that is missing in the counts."""
    rows = frame.filter(pl.col("work_id").is_null()).select("schema", "source").unique(maintain_order=True)
    return [f"{schema}: {source} was not read completely" for schema, source in rows.iter_rows()]
