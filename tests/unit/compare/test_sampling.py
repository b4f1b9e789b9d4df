from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from scrypath.compare.sampling import estimate, interval


@given(st.data())
def test_an_interval_holds_its_estimate_and_what_was_seen(data: st.DataObject) -> None:
    total = data.draw(st.integers(1, 10**6))
    sampled = data.draw(st.integers(1, total))
    hits = data.draw(st.integers(0, sampled))
    low, high = interval(hits, sampled, total)
    assert hits <= low <= high <= total - (sampled - hits)
    assert low <= round(total * hits / sampled) <= high


@given(st.integers(0, 10**6), st.data())
def test_the_whole_is_no_estimate(total: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, total))
    assert interval(hits, total, total) == (hits, hits)


def test_nineteen_of_twenty_intervals_hold_the_truth() -> None:
    dice = random.Random(7)
    held = []
    for share in (0.01, 0.02, 0.05, 0.1, 0.3, 0.7):
        truth = round(5_000 * share)
        rows = [1] * truth + [0] * (5_000 - truth)
        intervals = [interval(sum(dice.sample(rows, 400)), 400, 5_000) for _ in range(500)]
        held.append(sum(low <= truth <= high for low, high in intervals) / 500)
    # Wilson's interval keeps its promise on average; of a rare thing it holds a little less often.
    assert sum(held) / len(held) > 0.945
    assert min(held) > 0.92


def test_orphans_follow_from_the_totals() -> None:
    rows = estimate({"missing": 10}, sampled=100, rows=1_000, documents=1_200).rows(named=True)
    assert [row["drift"] for row in rows] == ["missing", "stale", "orphan"]
    missing, _, orphan = rows
    assert orphan["estimate"] == missing["estimate"] + 200 == 300
    assert (orphan["low"], orphan["high"], orphan["found"]) == (
        missing["low"] + 200,
        missing["high"] + 200,
        None,
    )


def test_fewer_documents_than_rows_are_missing_for_certain() -> None:
    missing, _, orphan = estimate({}, sampled=100, rows=1_000, documents=900).rows(named=True)
    assert (missing["low"], missing["estimate"]) == (100, 100)
    assert orphan["low"] == orphan["estimate"] == 0
    nothing = estimate({}, sampled=0, rows=0, documents=5).rows(named=True)
    assert [(row["low"], row["estimate"], row["high"]) for row in nothing] == [
        (0, 0, 0),
        (0, 0, 0),
        (5, 5, 5),
    ]
