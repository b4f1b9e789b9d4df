"""Every public frame keeps its schema, without rows too, and goes to pandas as it stands."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from scrypath import frames, search_frames, vocabulary
from scrypath.errors import FrameMismatch
from scrypath.frame_schema import FrameSchema
from scrypath.frames import PUBLIC

each = pytest.mark.parametrize("schema", PUBLIC, ids=lambda schema: schema.name)

SAMPLES: dict[type[pl.DataType] | pl.DataType, Any] = {
    pl.String: "x",
    pl.Int64: 1,
    pl.Float64: 0.5,
    pl.Boolean: True,
    pl.List: ["x", "y"],
    pl.Datetime: "2024-01-01",
    pl.Duration: 5,
}


def sample(dtype: pl.DataType) -> Any:
    if isinstance(dtype, pl.Enum):
        return dtype.categories[0]
    if isinstance(dtype, pl.Datetime):
        from datetime import UTC, datetime

        return datetime(2024, 1, 1, tzinfo=UTC)
    if isinstance(dtype, pl.Duration):
        from datetime import timedelta

        return timedelta(microseconds=5)
    return SAMPLES[type(dtype)]


def test_every_schema_of_the_module_is_public() -> None:
    known = vars(frames) | vars(search_frames)
    found = {name for name, value in known.items() if isinstance(value, FrameSchema)}
    assert found == {schema.name for schema in PUBLIC}


@each
def test_the_words_of_a_schema(schema: FrameSchema) -> None:
    assert schema.meaning.endswith(".")
    assert len({column.name for column in schema.columns}) == len(schema.columns)
    for column in schema.columns:
        assert column.name == column.name.lower()
        assert column.meaning, column.name


@each
def test_times_are_utc_microseconds_and_ids_are_text(schema: FrameSchema) -> None:
    for column in schema.columns:
        if isinstance(column.dtype, pl.Datetime):
            assert column.dtype == pl.Datetime("us", "UTC"), column.name
            assert column.unit == "UTC", column.name
        if isinstance(column.dtype, pl.Duration):
            assert column.dtype == pl.Duration("us"), column.name
        if column.name.endswith("_id"):
            assert column.dtype == pl.String(), column.name
        if column.name.endswith("_at"):
            assert isinstance(column.dtype, pl.Datetime), column.name


@each
def test_an_empty_frame_has_the_schema(schema: FrameSchema) -> None:
    for empty in (schema.empty(), schema.rows([]), schema.conform(pl.DataFrame())):
        assert schema.check(empty) is empty
        assert empty.height == 0
        assert empty.to_pandas().columns.to_list() == [column.name for column in schema.columns]


@each
def test_a_row_may_leave_out_or_fill_every_column(schema: FrameSchema) -> None:
    full = {column.name: sample(column.dtype) for column in schema.columns}
    found = schema.check(schema.rows([full, {}]))
    assert found.row(0, named=True) == full
    assert set(found.row(1)) == {None}
    pandas = found.to_pandas()
    assert pandas.shape == found.shape
    for column in schema.columns:
        if isinstance(column.dtype, pl.Datetime):
            assert str(pandas[column.name].dtype) == "datetime64[us, UTC]"


@each
def test_rows_survive_a_round_trip_of_their_dtypes(schema: FrameSchema) -> None:
    found = schema.rows([{column.name: sample(column.dtype) for column in schema.columns}])
    loose = found.select(pl.all().exclude(pl.Enum), *(
        pl.col(column.name).cast(pl.String) for column in schema.columns if isinstance(column.dtype, pl.Enum)
    ))  # fmt: skip
    assert schema.conform(loose).equals(found)


@each
def test_another_shape_is_refused_by_name(schema: FrameSchema) -> None:
    with pytest.raises(FrameMismatch, match=schema.name):
        schema.check(schema.empty().drop(schema.columns[0].name))
    with pytest.raises(FrameMismatch, match=schema.name):
        schema.check(schema.empty().select(reversed([column.name for column in schema.columns])))


def test_a_word_outside_the_vocabulary_does_not_fit() -> None:
    with pytest.raises(FrameMismatch, match="WORK"):
        frames.WORK.conform(pl.DataFrame({"state": ["lost"]}))


def test_the_enums_of_frames_are_the_vocabulary() -> None:
    assert frames.STATE.categories.to_list() == [str(word) for word in vocabulary.WorkState]
    assert frames.REASON.categories.to_list() == [
        "transport", "validation", "backend_rejected", "queue_exhausted", "unknown",
    ]  # fmt: skip
    assert frames.DRIFT.categories.to_list()[:4] == ["missing", "orphan", "stale", "in_flight"]
