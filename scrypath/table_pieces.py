"""Arrow tables cut and put together by their bytes: what is held at once does not grow with the length of a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def pieces(table: pa.Table, most: int) -> Iterator[pa.Table]:
    """A table in pieces of so many bytes, or of one row where a row has more; an empty table is one piece.

    Examples
    --------
    >>> import pyarrow as pa
    >>> [piece.num_rows for piece in pieces(pa.table({"words": ["a" * 60] * 3 + ["a" * 500]}), most=200)]
    [2, 1, 1]
    """
    if table.num_rows < 2 or table.nbytes <= most:
        yield table
        return
    middle = (table.num_rows + 1) // 2
    for half in (table.slice(0, middle), table.slice(middle)):
        yield from pieces(half, most)


def gathered(tables: Iterable[pa.Table], most: int) -> Iterator[pa.Table]:
    """The same rows in as few tables as so many bytes in each allow; none without rows.

    Examples
    --------
    >>> import pyarrow as pa
    >>> words = [pa.table({"words": ["a" * length]}) for length in (60, 60, 60, 500, 60)]
    >>> [table.num_rows for table in gathered(words, most=200)]
    [3, 1, 1]
    """
    import pyarrow as pa

    held: list[pa.Table] = []
    size = 0
    for table in tables:
        for piece in pieces(table, most):
            if held and size + piece.nbytes > most:
                yield pa.concat_tables(held)
                held, size = [], 0
            if piece.num_rows:
                held.append(piece)
                size += piece.nbytes
    if held:
        yield pa.concat_tables(held)
