"""Answers as JSON: frames become lists of objects, times ISO 8601 in UTC, durations seconds."""

from __future__ import annotations

import sys
from dataclasses import fields, is_dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson

from scrypath.redaction import Secret

_OPTIONS = (
    orjson.OPT_INDENT_2
    | orjson.OPT_UTC_Z
    | orjson.OPT_NON_STR_KEYS
    | orjson.OPT_APPEND_NEWLINE
    | orjson.OPT_PASSTHROUGH_DATACLASS
)


def write(answer: Any) -> None:
    """Write one answer to the standard output stream."""
    sys.stdout.write(text(answer))


def text(answer: Any) -> str:
    """The answer as indented JSON.

    Examples
    --------
    >>> print(text({"duration": timedelta(seconds=1.5)}), end="")
    {
      "duration": 1.5
    }
    """
    return orjson.dumps(answer, default=_plain, option=_OPTIONS).decode()


def _plain(value: Any) -> Any:
    import polars as pl

    if isinstance(value, pl.DataFrame):
        return value.to_dicts()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value) if field.name != "config"}
    if isinstance(value, (Path, Secret)):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")
