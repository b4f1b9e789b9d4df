"""How much of a schema a report reads, and which options exclude each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from scrypath.config import check_option
from scrypath.errors import InvalidOptions
from scrypath.vocabulary import Verification

ALONE = frozenset({"documents=False", "sample"})  # each leaves nothing to the other options


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What :func:`scrypath.reconcile_sync` was asked to read; its options explain each.

    Parameters
    ----------
    documents, verify, max_age, incremental, sample
        As given.
    """

    documents: bool = True
    verify: Verification = Verification.FINGERPRINT
    max_age: timedelta | None = None
    incremental: bool | None = None
    sample: int | None = None


def scope(
    *,
    documents: bool,
    verify: str,
    max_age: timedelta | None,
    incremental: bool | None,
    sample: int | None,
    executor: Any,
) -> Scope:
    """The scope of these options.

    Raises
    ------
    InvalidOptions
        For options that exclude each other, or a value that an option cannot have.
    """
    asked = [
        name
        for name, given in (
            ("documents=False", not documents),
            ("max_age", max_age is not None),
            ("incremental", incremental is True),
            ("sample", sample is not None),
            ("executor", executor is not None),
        )
        if given
    ]
    if len(asked) > 1 and not ALONE.isdisjoint(asked):
        raise InvalidOptions(
            f"{' and '.join(asked)} cannot be combined.", hint="Leave all but one of them out."
        )
    if incremental not in (None, True, False):
        raise InvalidOptions(
            f"incremental cannot be {incremental!r}.", hint="Give True or False, or leave it out."
        )
    if sample is not None and (isinstance(sample, bool) or not isinstance(sample, int) or sample < 1):
        raise InvalidOptions(f"sample cannot be {sample!r}.", hint="Give a number of rows, at least 1.")
    return Scope(
        documents=documents,
        verify=check_option("verify", verify, Verification),
        max_age=max_age,
        incremental=incremental,
        sample=sample,
    )
