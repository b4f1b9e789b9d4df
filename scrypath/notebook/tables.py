"""Frames of a notebook as plain tables."""

from __future__ import annotations

from typing import Any

import polars as pl

from scrypath import display

ROWS = 50  # before the rest is only counted
LONGEST = 10_000  # letters of a text in the plain form


def readable_frames() -> None:
    """Show every polars frame of this kernel as a plain table.

    Texts are complete and without quotes, numbers are not broken over lines, null is –, times are UTC and say so;
    rows after the first 50 are counted, not silently left out.
    Outside of IPython only the plain form changes.

    Examples
    --------
    >>> with pl.Config():
    ...     readable_frames()
    ...     pl.DataFrame({"schema": ["City"]})
    ┌────────┐
    │ schema │
    ╞════════╡
    │ City   │
    └────────┘
    """
    pl.Config.set_fmt_str_lengths(LONGEST)
    pl.Config.set_tbl_cols(-1)
    pl.Config.set_tbl_rows(ROWS)
    pl.Config.set_tbl_hide_dataframe_shape(True)
    pl.Config.set_tbl_hide_column_data_types(True)
    shell = _shell()
    if shell is not None:
        shell.display_formatter.formatters["text/html"].for_type(pl.DataFrame, as_table)


def _shell() -> Any:
    """The IPython of this kernel, None outside of one."""
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return get_ipython()


def as_table(frame: pl.DataFrame) -> str:
    """A frame as HTML.

    Parameters
    ----------
    frame
        Any.

    Returns
    -------
    str
        Its first 50 rows, and how many more there are.
    """
    return display.boxed(display.table(frame, shown=ROWS, grouped=False))
