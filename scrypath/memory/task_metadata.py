"""What a task carries as ``customMetadata``: the reference of its request, and a few ids for other machines' sake.

Which documents a task wrote is in the ledger of the machine that sent it, and no other machine has that. A write of few
documents names them itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from scrypath.schema.identity import usable

MOST_IDS = 100
MOST_BYTES = 4_096  # it travels in a URL, for which 8 KB is the least that servers and proxies allow
SEPARATOR = "."  # in no id and in no reference, and as it is in a URL
REFERENCE = r"^(scry-[A-Za-z0-9_-]+)(?:\.|$)"


def metadata(reference: str, ids: Sequence[str]) -> str:
    """A reference with the ids of the documents, where they are few and short enough; else the reference alone.

    Parameters
    ----------
    reference
        Of the request, as the ledger has it.
    ids
        Of all its documents.

    Examples
    --------
    >>> metadata("scry-Ab", ["1", "2"]), metadata("scry-Ab", []), metadata("scry-Ab", ["a b"])
    ('scry-Ab.1.2', 'scry-Ab', 'scry-Ab')
    """
    text = SEPARATOR.join([reference, *ids])
    small = len(ids) <= MOST_IDS and len(text) <= MOST_BYTES
    return text if small and all(map(usable, ids)) else reference


def reference_of(text: str) -> str:
    """The reference that :func:`metadata` was made of; of any other text, the text.

    Examples
    --------
    >>> reference_of("scry-Ab.1.2"), reference_of("scry-Ab"), reference_of("theirs. Not ours")
    ('scry-Ab', 'scry-Ab', 'theirs. Not ours')
    """
    found = re.match(REFERENCE, text)
    return text if found is None else found[1]


def reference(column: str) -> pl.Expr:
    """:func:`reference_of` for a column."""
    return pl.coalesce(pl.col(column).str.extract(REFERENCE), column)


def ids(column: str) -> pl.Expr:
    """The ids that :func:`metadata` put into a column's texts; null where it put none."""
    carried = pl.col(column).str.split(SEPARATOR).list.slice(1)
    ours = pl.col(column).str.contains(REFERENCE) & (carried.list.len() > 0)
    return pl.when(ours).then(carried)
