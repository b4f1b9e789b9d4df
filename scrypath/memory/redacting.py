"""Keeping secrets out of the file: texts, columns and evidence are redacted before they are stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from scrypath.config import Config
from scrypath.redaction import MASK, Secret, redact


def text(config: Config, value: str) -> str:
    """A text without secrets."""
    return redact(value, config.meilisearch_key)


def columns(config: Config, frame: pl.DataFrame, *names: str) -> pl.DataFrame:
    """A frame whose text columns of these names hold no secrets."""
    for name in names:
        distinct = frame.get_column(name).unique().drop_nulls().to_list()
        changed = {value: clean for value in distinct if (clean := text(config, value)) != value}
        if changed:
            frame = frame.with_columns(pl.col(name).replace(changed))
    return frame


def tree(config: Config, value: Any) -> Any:
    """Mappings, sequences and texts without secrets, for JSON; what JSON does not know becomes text."""
    match value:
        case Mapping():
            return {str(key): _member(config, str(key), member) for key, member in value.items()}
        case list() | tuple() | set() | frozenset():
            return [tree(config, member) for member in value]
        case None | bool() | int() | float():
            return value
        case _:
            return text(config, str(value))


def _member(config: Config, key: str, value: Any) -> Any:
    named_secret = isinstance(value, str) and redact(f"{key}: {value}") != redact(f"{key}: ") + redact(value)
    return MASK if isinstance(value, Secret) or named_secret else tree(config, value)
