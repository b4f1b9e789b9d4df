"""What charts draw: every unit inside the plot, every number readable, the user's Altair as it was."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from typing import Any

import altair as alt
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrypath.frames import DOCUMENT_COUNTS, FAILED_WORK
from scrypath.notebook import charts
from scrypath.vocabulary import DocumentDrift, ReasonClass

COUNTS = st.integers(0, 6)


def failed(**units: tuple[int, int]) -> pl.DataFrame:
    """Failed work with so many open and healed units a reason class."""
    states = [
        (reason, healed)
        for reason, (still_open, made_good) in units.items()
        for healed in [False] * still_open + [True] * made_good
    ]
    return FAILED_WORK.rows(
        [
            {"work_id": f"meili:{n}", "reason_class": reason, "healed": healed}
            for n, (reason, healed) in enumerate(states)
        ]
    )


def counts(**drift: int | None) -> pl.DataFrame:
    return DOCUMENT_COUNTS.rows(
        [{"drift": str(kind), "count": drift.get(kind, 0)} for kind in ("in_step", *DocumentDrift)]
    )


def drawn(chart: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The chart as Vega-Lite gets it, and its rows."""
    spec = chart.to_dict()
    return spec, spec["datasets"][spec["data"]["name"]]


def labels(chart: Any) -> list[str]:
    return list(chart.to_dict()["encoding"]["y"]["sort"])


@given(st.dictionaries(st.sampled_from([str(reason) for reason in ReasonClass]), st.tuples(COUNTS, COUNTS)))
def test_no_bar_is_longer_than_its_axis_and_every_tick_is_a_whole_number(
    units: dict[str, tuple[int, int]],
) -> None:
    spec, rows = drawn(charts.failed_by_reason(failed(**units)))
    lengths: Counter[str] = Counter()
    for row in rows:
        lengths[row["label"]] += row["units"]
    x = spec["encoding"]["x"]
    assert x["scale"]["domain"] == [0, max(lengths.values()) or 1]
    assert 1 <= x["axis"]["tickCount"] <= x["scale"]["domain"][1]
    assert set(lengths) == set(spec["encoding"]["y"]["sort"])


def test_every_class_has_its_numbers_in_its_label() -> None:
    chart = charts.failed_by_reason(failed(validation=(3, 2), transport=(1200, 0), unknown=(0, 5)))
    assert labels(chart) == [
        "transport: 1,200",
        "validation: 3 open, 2 healed",
        "backend_rejected: 0",
        "queue_exhausted: 0",
        "unknown: 0 open, 5 healed",
    ]


def test_a_source_that_was_not_read_is_named() -> None:
    unseen = FAILED_WORK.rows([{"schema": "City", "source": "oban", "state": "unknown", "healed": False}])
    title = charts.failed_by_reason(unseen).to_dict()["title"]
    assert title["subtitle"] == ["City: oban was not read completely"]


def test_one_document_beside_thousands_has_its_number() -> None:
    spec, _ = drawn(chart := charts.drift_by_kind(counts(in_step=10**6, missing=5000, stale=1)))
    assert labels(chart) == ["missing: 5,000", "orphan: 0", "stale: 1", "in_flight: 0", "unknown: 0"]
    assert spec["encoding"]["x"]["scale"]["domain"] == [0, 5000]


def test_documents_that_were_not_compared_are_not_drawn_as_none() -> None:
    unknown = counts(in_step=None, **dict.fromkeys(map(str, DocumentDrift), None))
    assert set(labels(charts.drift_by_kind(unknown))) == {f"{kind}: not compared" for kind in DocumentDrift}


def test_importing_the_charts_leaves_altair_as_it_was() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import altair as alt; before = alt.renderers.active, alt.renderers.names()\n"
            "from scrypath.notebook import charts\n"
            "print(before == (alt.renderers.active, alt.renderers.names()))",
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "True\n"


@pytest.mark.parametrize("chart", [charts.failed_by_reason(failed()), charts.drift_by_kind(counts())])
def test_jupyterlab_draws_a_chart_by_itself_unless_the_user_chose_a_renderer(chart: Any) -> None:
    bundle = chart._repr_mimebundle_()
    assert bundle[charts.MIME]["$schema"] == charts.GRAMMAR
    assert set(bundle) == {charts.MIME, "text/plain"}
    with alt.renderers.enable("json"):
        chosen, *_ = chart._repr_mimebundle_()
    assert "application/json" in chosen
