"""Answers as JSON: frames become lists of objects, times ISO 8601 in UTC, durations seconds."""

from __future__ import annotations

import sys
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from scrypath.control_characters import escaped, escaped_json
from scrypath.redaction import Secret, redact

_OPTIONS = (
    orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS | orjson.OPT_APPEND_NEWLINE | orjson.OPT_PASSTHROUGH_DATACLASS
)


def write(answer: Any) -> None:
    """Write one answer to the standard output stream."""
    sys.stdout.write(text(answer))


def text(answer: Any, *, indented: bool = True) -> str:
    """The answer as JSON, without secrets, and without a character that a terminal acts on.

    Parameters
    ----------
    answer
        Frames, dataclasses and plain values.
    indented
        False: on one line.

    Examples
    --------
    >>> print(text({"duration": timedelta(seconds=1.5)}), end="")
    {
      "duration": 1.5
    }
    """
    option = _OPTIONS | orjson.OPT_INDENT_2 if indented else _OPTIONS
    try:
        written = orjson.dumps(answer, default=_plain, option=option).decode()
    except orjson.JSONEncodeError as error:
        if "surrogates" not in str(error):
            raise
        written = orjson.dumps(_clean(_tree(answer)), option=option).decode()
    if redact(written) != written:
        # Text by text: a number that reads like a password stays a number.
        written = orjson.dumps(_clean(orjson.loads(written)), option=option).decode()
    return escaped_json(written)


def _clean(value: Any) -> Any:
    match value:
        case str():
            return escaped(redact(value)) if _is_broken(value) else redact(value)
        case dict():
            # A name of ours stays one, whatever a password reads like.
            return {
                name if str(name).isidentifier() else _clean(name): _clean(member)
                for name, member in value.items()
            }
        case list():
            return [_clean(member) for member in value]
        case _:
            return value


def _tree(value: Any) -> Any:
    """What orjson would write, as plain values."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case dict():
            return {name: _tree(member) for name, member in value.items()}
        case list() | tuple():
            return [_tree(member) for member in value]
        case datetime():
            return orjson.loads(orjson.dumps(value, option=_OPTIONS))
        case _:
            return _tree(_plain(value))


def _is_broken(text: str) -> bool:
    """Whether it holds half of a surrogate pair, as an argument of bytes that are no text does."""
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)


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
