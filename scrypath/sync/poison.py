"""Documents that cannot be written: found by halves, so that the others of their write are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from scrypath.errors import InvalidOptions, ProjectionError, ScrypathError, TaskFailed, refused_for_good
from scrypath.wording import counted

SAME_ANSWER = 8  # documents refused one after another before the fault is looked for elsewhere
SHOWN = 5  # documents named with their reason


def around(ids: Sequence[str], write: Callable[[Sequence[str]], None]) -> None:
    """Write documents, those that can be where some cannot.

    Parameters
    ----------
    ids
        Of the documents.
    write
        Writes some of them, all or none; raises where one of them cannot be written.

    Raises
    ------
    ProjectionError, InvalidOptions, TaskFailed
        When some cannot be written, naming them; the others are written.

    Examples
    --------
    >>> def write(ids):
    ...     if "7" in ids:
    ...         raise ProjectionError("Its price is not a number.")
    >>> around(["6", "7", "8"], write)
    Traceback (most recent call last):
    scrypath.errors.ProjectionError: 1 of 3 documents cannot be written: '7' (Its price is not a number.). ...
    """
    try:
        write(ids)
    except ScrypathError as error:
        if not _of_a_document(error) or len(ids) == 1:
            raise
        refused = _refused(ids, write, error)
    else:
        return
    if refused:
        raise _naming(refused, len(ids))


def _refused(
    ids: Sequence[str], write: Callable[[Sequence[str]], None], error: ScrypathError
) -> list[tuple[str, ScrypathError]]:
    """The documents that cannot be written, each with the reason; ``error`` is what all of them together met."""
    if len(ids) == 1:
        return [(ids[0], error)]
    found: list[tuple[str, ScrypathError]] = []
    written = False
    half = (len(ids) + 1) // 2
    for part in (ids[:half], ids[half:]):
        try:
            write(part)
            written = True
        except ScrypathError as again:
            if not _of_a_document(again):
                raise
            found += _refused(part, write, again)
        if not written and len(found) >= SAME_ANSWER and len(found) == len(part):
            raise error  # every one of them: the fault is not in the documents
    return found


def _of_a_document(error: ScrypathError) -> bool:
    return isinstance(error, ProjectionError | InvalidOptions) or refused_for_good(error)


def _naming(refused: Sequence[tuple[str, ScrypathError]], count: int) -> ScrypathError:
    named = "; ".join(f"{item!r} ({error.message})" for item, error in refused[:SHOWN])
    more = f"; {counted(len(refused) - SHOWN, 'more document')}" if len(refused) > SHOWN else ""
    message = f"{len(refused):,} of {counted(count, 'document')} cannot be written: {named}{more}."
    if len(refused) < count:
        message += " The others were written."
    first = refused[0][1]
    hint = first.hint
    if isinstance(first, TaskFailed):
        return TaskFailed(
            message,
            hint=hint,
            task_uid=first.task_uid,
            error_code=first.error_code,
            error_type=first.error_type,
        )
    return type(first)(message, hint=hint)
