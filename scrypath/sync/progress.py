"""Progress of long work, in a terminal and in a notebook alike."""

from __future__ import annotations

from typing import Any

from scrypath.redaction import shown as shown_text


def progress_bar(what: str, total: int | None, *, shown: bool, unit: str = "doc") -> Any:
    """A tqdm bar: a widget in notebooks, a line in terminals, nothing unless ``shown``.

    Parameters
    ----------
    what
        What is counted.
    total
        How many there will be, None when not known.
    shown
        False keeps it silent.
    unit
        What one of them is called.
    """
    if shown:
        from tqdm.auto import tqdm
    else:
        from tqdm import tqdm
    return tqdm(desc=shown_text(what), total=total, unit=f" {unit}", disable=not shown, dynamic_ncols=True)
