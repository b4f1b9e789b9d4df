"""The statements of this room, one file each."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def load(name: str) -> str:
    """The text of ``<name>.sql``.

    Examples
    --------
    >>> "pg_snapshot_xmin" in load("server")
    True
    """
    return files(__name__).joinpath(f"{name}.sql").read_text("utf-8")
