"""Names of the index that a rebuild fills beside the live one."""

from __future__ import annotations

TARGET_SUFFIX = "__reindex"


def target_of(live: str) -> str:
    """The name of a live index's rebuild target.

    Examples
    --------
    >>> target_of("shop_products")
    'shop_products__reindex'
    """
    return live + TARGET_SUFFIX
