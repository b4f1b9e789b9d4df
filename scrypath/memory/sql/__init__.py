"""The statements of this room, one file each."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def load(name: str) -> str:
    """The text of ``<name>.sql``.

    Examples
    --------
    >>> load("audit_after").startswith("INSERT INTO audit")
    True
    """
    return files(__name__).joinpath(f"{name}.sql").read_text("utf-8")
