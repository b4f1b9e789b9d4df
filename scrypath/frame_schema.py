"""What the schema of a frame is: columns with dtype, unit and meaning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import polars as pl

from scrypath import vocabulary as words
from scrypath.errors import FrameMismatch


def enum_type(values: type[StrEnum]) -> pl.Enum:
    """The polars Enum of a StrEnum's values."""
    return pl.Enum([str(member) for member in values])


UTC = pl.Datetime("us", "UTC")
DURATION = pl.Duration("us")
TEXT = pl.String()
COUNT = pl.Int64()
FLAG = pl.Boolean()
NUMBER = pl.Float64()
IDS = pl.List(pl.String())
SOURCE = enum_type(words.WorkSource)
MODE = enum_type(words.SyncMode)
STATE = enum_type(words.WorkState)
OPERATION = enum_type(words.Operation)
REASON = enum_type(words.ReasonClass)
DRIFT = enum_type(words.DocumentDrift)
ACTION = enum_type(words.RecoveryAction)
OUTCOMES = enum_type(words.Outcome)
SIGNAL = enum_type(words.Signal)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a public frame."""

    name: str
    dtype: pl.DataType
    meaning: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class FrameSchema:
    """The columns of a public frame, in order."""

    name: str
    meaning: str
    columns: tuple[Column, ...]

    @property
    def polars(self) -> pl.Schema:
        """The schema as polars knows it."""
        return pl.Schema({column.name: column.dtype for column in self.columns})

    def empty(self) -> pl.DataFrame:
        """A frame without rows."""
        return pl.DataFrame(schema=self.polars)

    def rows(self, rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
        """A frame of a few rows; a column that a row does not name is null there."""
        return pl.DataFrame(list(rows), schema=self.polars, orient="row")

    def conform(self, frame: pl.DataFrame) -> pl.DataFrame:
        """``frame`` with these columns in this order and these dtypes; columns it lacks are null.

        Raises
        ------
        FrameMismatch
            When a column that is there cannot be cast.
        """
        try:
            return frame.select(
                pl.col(c.name).cast(c.dtype)
                if c.name in frame.columns
                else pl.repeat(None, frame.height, dtype=c.dtype).alias(c.name)
                for c in self.columns
            )
        except pl.exceptions.PolarsError as error:
            raise FrameMismatch(f"A frame does not fit {self.name}: {error}") from error

    def check(self, frame: pl.DataFrame) -> pl.DataFrame:
        """``frame`` itself, or a ``FrameMismatch`` that names what differs."""
        if frame.schema != self.polars:
            raise FrameMismatch(
                f"A frame does not fit {self.name}.",
                hint=f"It has {dict(frame.schema)}, the schema has {dict(self.polars)}.",
            )
        return frame
