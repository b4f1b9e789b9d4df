"""``search_many``: several requests in one round trip, each with its own hits, and merged on request."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from scrypath import display
from scrypath.config import Config, resolve
from scrypath.errors import BackendRejected, InvalidOptions, ScrypathError, TransportError
from scrypath.meilisearch import raw
from scrypath.query import decoding, facets, tenant
from scrypath.query.entries import Federation, expanded
from scrypath.query.hydration import hydrate_all, usable_session
from scrypath.query.request import SearchRequest, seconds
from scrypath.query.result import SearchResult, decoded
from scrypath.search_frames import MERGED_HITS, SEARCH_FAILURES
from scrypath.telemetry import span

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_PLACE = re.compile(r"Inside `\.queries\[(\d+)\]`")
_NOT_SENT = ("page", "hitsPerPage", "facets")  # what a federated search takes for the merged list only
type Failures = dict[int, ScrypathError]


@dataclass(frozen=True, eq=False)
class MultiSearchResult:
    """What several requests found.

    Parameters
    ----------
    requests
        What was searched for, an entry ``"all"`` expanded.
    results
        One a request, None where it failed. The same schema may be there twice, each time with its own hits.
    failures
        Frame ``SEARCH_FAILURES``; a request whose rows could not be read is in it too, and has its hits.
    merged
        Frame ``MERGED_HITS``, empty without ``federation``.
    merged_documents
        The documents of the merged list.

    Examples
    --------
    >>> import scrypath
    >>> found = scrypath.search_many(["Brand", ("Product", "lamp")])
    >>> [result.total for result in found], found.ok
    ([1, 1], True)
    """

    requests: tuple[SearchRequest, ...]
    results: tuple[SearchResult | None, ...] = field(repr=False)
    failures: pl.DataFrame = field(repr=False)
    merged: pl.DataFrame = field(repr=False)
    merged_documents: tuple[Mapping[str, Any], ...] = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return self.failures.is_empty()

    def __iter__(self) -> Iterator[SearchResult]:
        """The results of the requests that got an answer."""
        return (result for result in self.results if result is not None)

    @property
    def headline(self) -> str:
        """In one line, what was found."""
        found = "; ".join(result.headline for result in self)
        failed = self.failures["request"].n_unique()
        return found if not failed else f"{failed} of {len(self.requests)} requests failed. {found}"

    @property
    def _frames(self) -> dict[str, pl.DataFrame]:
        frames = {"Failures": self.failures, "Merged": self.merged}
        shown = {title: frame for title, frame in frames.items() if not frame.is_empty()}
        return shown | {f"{n + 1}. {result.headline}": result.frame for n, result in enumerate(self)}

    def __repr__(self) -> str:
        return display.text(self.headline, self._frames)

    def _repr_html_(self) -> str:
        return display.html(self.headline, self._frames, grouped=False)


def search_many(
    requests: Sequence[Any],
    text: str = "",
    *,
    schemas: Sequence[Any] = (),
    federation: Federation | None = None,
    session: Session | None = None,
    options: Mapping[str, Sequence[Any]] | None = None,
    check: bool = False,
    deadline: float | None = None,
    config: Config | None = None,
) -> MultiSearchResult:
    """Search several schemas, or one of them several times, in one round trip.

    Parameters
    ----------
    requests
        At most ten, each a :class:`SearchRequest`, a schema, ``(schema, text)`` or ``(schema, text, {option: value})``;
        ``"all"`` in the place of a schema means each of ``schemas``. A page has at most 50 hits.
    text
        What to look for where an entry names no text.
    schemas
        What ``"all"`` means, in order; default: the configured schemas.
    federation
        Merge the hits into one list too: a second request, whose order is the server's.
    session
        Read the hits' records with it, in one query a schema.
    options
        SQLAlchemy's loader options by name of schema.
    check
        Mark hits whose document says something else than their row; needs a session.
    deadline
        Seconds for the whole call; what is not there by then has failed. A query that the database has begun is not
        interrupted. Default: the configured timeouts alone.
    config
        Used instead of the configured one.

    Returns
    -------
    MultiSearchResult
        A request that the server refuses fails alone: see its ``failures``.

    Raises
    ------
    InvalidOptions
        For an invalid request, a missing tenant, too many requests or too large a page.
    TransportError
        When the server is not there, or does not answer within the deadline.

    Examples
    --------
    >>> import scrypath
    >>> found = scrypath.search_many(["Brand", "Product"], federation=scrypath.Federation(weights=[2, 1], size=3))
    >>> found.merged.select("schema", "document_id").rows()
    [('Brand', '1'), ('Product', '1'), ('Product', '2')]
    """
    if session is not None:
        usable_session(session)
    elif check or options:
        raise InvalidOptions(
            "check and options are about the hits' rows.", hint="Give session= to read them."
        )
    if deadline is not None:
        seconds("deadline", deadline)
    config = resolve(config)
    asked, weights = expanded(requests, text, schemas, federation, config)
    if unknown := sorted(set(options or ()) - {request.schema.name for request in asked}):
        raise InvalidOptions(
            f"options names {unknown[0]!r}, which is not searched.", hint="Name a schema: {'City': [...]}."
        )
    clock = _Clock(deadline)
    with span("scrypath.search_many", backend="meilisearch"):
        results, failures = _answers(asked, config, clock)
        merged = MERGED_HITS.empty()
        documents: tuple[Mapping[str, Any], ...] = ()
        if federation is not None and len(failures) < len(asked):
            merged, documents = _merged(asked, weights, federation, failures, config, clock)
    late: Failures = {}
    if session is not None:
        results, late = _hydrated(results, session, options or {}, check, config, clock)
    rows = [_failure(asked, number, error) for found in (failures, late) for number, error in found.items()]
    answered = tuple(results.get(number) for number in range(len(asked)))
    return MultiSearchResult(asked, answered, SEARCH_FAILURES.rows(rows).sort("request"), merged, documents)


class _Clock:
    """How much of the call's time is left."""

    def __init__(self, deadline: float | None) -> None:
        self.deadline = deadline
        self._until = None if deadline is None else time.monotonic() + deadline

    def left(self) -> float | None:
        """Seconds, None without a deadline; a ``TransportError`` where it has passed."""
        if self._until is None:
            return None
        left = self._until - time.monotonic()
        if left <= 0:
            raise TransportError(
                f"The deadline of {self.deadline:g} s has passed.",
                hint="Raise deadline, or search fewer schemas.",
            )
        return left


def _answers(
    asked: Sequence[SearchRequest], config: Config, clock: _Clock
) -> tuple[dict[int, SearchResult], Failures]:
    bodies = {number: facets.bodies(request) for number, request in enumerate(asked)}
    failures: Failures = {}
    while waiting := [number for number in bodies if number not in failures]:
        owners = [number for number in waiting for _ in bodies[number]]
        queries = [
            body | {"indexUid": asked[number].schema.index_name(config)}
            for number in waiting
            for body in bodies[number]
        ]
        try:
            reply = raw.multi_search(config, {"queries": queries}, deadline=clock.left())
            replies = decoding.several(reply, len(queries))
        except BackendRejected as error:
            failures[_at_fault(error, owners)] = error  # the server refuses them all for one
            continue
        results: dict[int, SearchResult] = {}
        for number in waiting:
            own = [reply for owner, reply in zip(owners, replies, strict=True) if owner == number]
            try:
                results[number] = decoded(asked[number], own)
            except ScrypathError as error:
                failures[number] = error
        return results, failures
    return {}, failures


def _at_fault(error: BackendRejected, owners: Sequence[int]) -> int:
    place = _PLACE.search(error.message)
    if place is None or int(place[1]) >= len(owners):
        raise error
    return owners[int(place[1])]


def _merged(
    asked: Sequence[SearchRequest],
    weights: Sequence[float],
    federation: Federation,
    failures: Failures,
    config: Config,
    clock: _Clock,
) -> tuple[pl.DataFrame, tuple[Mapping[str, Any], ...]]:
    numbers = [number for number in range(len(asked)) if number not in failures]
    queries = [
        {name: value for name, value in asked[number].body().items() if name not in _NOT_SENT}
        | {
            "indexUid": asked[number].schema.index_name(config),
            "federationOptions": {"weight": weights[number]},
        }
        for number in numbers
    ]
    window = {"offset": (federation.page - 1) * federation.size, "limit": federation.size}
    reply = raw.multi_search(config, {"queries": queries, "federation": window}, deadline=clock.left())
    rows, documents = [], []
    for place, (hit, position, score) in enumerate(decoding.merged_hits(reply, len(numbers))):
        number = numbers[position]
        schema = asked[number].schema
        tenant.check(schema, asked[number].tenants(), [hit])
        documents.append({name: value for name, value in hit.items() if name != "_federation"})
        rows.append(
            {
                "position": window["offset"] + place + 1,
                "schema": schema.name,
                "document_id": decoding.key(schema, hit),
                "request": number,
                "score": score,
            }
        )
    return MERGED_HITS.rows(rows), tuple(documents)


def _hydrated(
    results: Mapping[int, SearchResult],
    session: Session,
    options: Mapping[str, Sequence[Any]],
    check: bool,
    config: Config,
    clock: _Clock,
) -> tuple[dict[int, SearchResult], Failures]:
    done: dict[int, SearchResult] = dict(results)
    failures: Failures = {}
    by_schema: dict[Any, list[int]] = {}
    for number, result in results.items():
        by_schema.setdefault(result.schema, []).append(number)
    if unknown := sorted(set(options) - {schema.name for schema in by_schema}):
        raise InvalidOptions(
            f"options names {unknown[0]!r}, which is not searched.",
            hint="Name them by schema: {'City': [...]}.",
        )
    for schema, numbers in by_schema.items():
        try:
            clock.left()
            found = hydrate_all(
                [results[number] for number in numbers],
                session,
                options=options.get(schema.name, ()),
                check=check,
                config=config,
            )
        except ScrypathError as error:
            failures |= dict.fromkeys(numbers, error)
        else:
            done |= dict(zip(numbers, found, strict=True))
    return done, failures


def _failure(asked: Sequence[SearchRequest], number: int, error: ScrypathError) -> dict[str, Any]:
    return {
        "request": number,
        "schema": asked[number].schema.name,
        "error": error.code,
        "message": error.message,
        "hint": error.hint,
    }
