"""Names of the indexes that a rebuild works with beside the live one; no schema's own index may have them."""

from __future__ import annotations

TARGET_SUFFIX = "__reindex"
ROLLBACK_SUFFIX = "__rollback"


def target_of(live: str) -> str:
    """The name of the index that a rebuild fills beside a live one.

    Examples
    --------
    >>> target_of("shop_products")
    'shop_products__reindex'
    """
    return live + TARGET_SUFFIX


def rollback_of(live: str) -> str:
    """The name under which the index that a rebuild replaced is kept.

    Examples
    --------
    >>> rollback_of("shop_products")
    'shop_products__rollback'
    """
    return live + ROLLBACK_SUFFIX
