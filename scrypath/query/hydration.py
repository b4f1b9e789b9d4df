"""The rows behind hits: one query a schema, in the order of the hits, through the caller's own session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import batched
from typing import TYPE_CHECKING, Any

from scrypath.config import Config, resolve
from scrypath.errors import InvalidOptions, ProjectionError
from scrypath.meilisearch import documents
from scrypath.query.result import SearchResult
from scrypath.schema import FINGERPRINT_FIELD, SearchSchema
from scrypath.schema.documents import project_records
from scrypath.schema.identity import document_id
from scrypath.schema.index_ref import IndexRef
from scrypath.source import selection
from scrypath.source.engine import translated
from scrypath.telemetry import span

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import Session

CHUNK = 1_000  # ids in one query


@dataclass(frozen=True, slots=True)
class Freshness:
    """Which documents are not what their rows say, and of which that cannot be said."""

    stale: frozenset[str]
    unknown: frozenset[str]


def hydrate(
    result: SearchResult,
    session: Session,
    *,
    options: Sequence[Any] = (),
    check: bool = False,
    config: Config | None = None,
) -> SearchResult:
    """The same result with the records of its hits.

    Parameters
    ----------
    result
        What a search found.
    session
        Reads the records: they belong to it.
    options
        SQLAlchemy's loader options, such as ``selectinload(City.country)``.
    check
        Compare each record with its document as it now is: fills ``stale_ids`` and ``unknown_ids``.
    config
        Used instead of the configured one.

    Raises
    ------
    InvalidOptions
        For anything but a session of SQLAlchemy's ORM.
    DatabaseError
        When the database refuses.

    Examples
    --------
    >>> import scrypath
    >>> from sqlalchemy.orm import Session
    >>> from scrypath.query.hydration import hydrate
    >>> from scrypath.source.engine import engine
    >>> with Session(engine(scrypath.configure())) as session:
    ...     [record.name for record in hydrate(scrypath.search("Product", "desk"), session).records]
    ['Desk']
    """
    return hydrate_all([result], session, options=options, check=check, config=config)[0]


async def hydrate_async(
    result: SearchResult,
    session: AsyncSession,
    *,
    options: Sequence[Any] = (),
    check: bool = False,
    config: Config | None = None,
) -> SearchResult:
    """The same as :func:`hydrate`, through an asynchronous session; parameters as there."""
    return await session.run_sync(
        lambda inner: hydrate(result, inner, options=options, check=check, config=config)
    )


def hydrate_all(
    results: Sequence[SearchResult],
    session: Session,
    *,
    options: Sequence[Any] = (),
    check: bool = False,
    config: Config | None = None,
) -> list[SearchResult]:
    """Several results of one schema with their records, read in one query; parameters as of :func:`hydrate`."""
    usable_session(session)
    ref = IndexRef.live(results[0].schema, resolve(config))
    with span("scrypath.hydration", schema=ref.schema.name), translated(ref.config):
        found = records(ref.schema, session, [key for result in results for key in result.ids], options)
        state = freshness(ref, found) if check else Freshness(frozenset(), frozenset())
    return [
        replace(
            result,
            records=tuple(found[key] for key in result.ids if key in found),
            missing_ids=tuple(key for key in result.ids if key not in found),
            stale_ids=tuple(key for key in result.ids if key in state.stale),
            unknown_ids=tuple(key for key in result.ids if key in state.unknown),
        )
        for result in results
    ]


def usable_session(session: Any) -> None:
    """Refuse anything but a synchronous session of SQLAlchemy's ORM."""
    if hasattr(session, "run_sync"):
        raise InvalidOptions(
            "An asynchronous session cannot be read from here.",
            hint="Search without it, then: await scrypath.query.hydration.hydrate_async(result, session).",
        )
    if not hasattr(session, "scalars") or not hasattr(session, "expunge_all"):
        raise InvalidOptions(
            f"session is a {type(session).__name__}.", hint="Give a Session of SQLAlchemy's ORM."
        )


def records(
    schema: SearchSchema, session: Session, ids: Sequence[str], options: Sequence[Any] = ()
) -> dict[str, Any]:
    """The records with these document ids, by id; only what the schema's query counts as a row."""
    found: dict[str, Any] = {}
    for chunk in batched(dict.fromkeys(ids), CHUNK):
        statement = selection.records(schema, selection.Part(ids=list(chunk))).options(*options)
        if schema.model is None:
            rows: Sequence[Any] = [dict(row._mapping) for row in session.execute(statement)]
        else:
            rows = list(session.scalars(statement).unique())
        found.update((document_id(schema, row), row) for row in rows)
    return {key: found[key] for key in dict.fromkeys(ids) if key in found}


def freshness(ref: IndexRef, found: Mapping[str, Any]) -> Freshness:
    """Compare records with their documents as they now are, by fingerprint.

    Parameters
    ----------
    found
        Records by document id.
    """
    schema = ref.schema
    wanted = fingerprints(schema, found)
    fields = [schema.document_id, FINGERPRINT_FIELD] if schema.fingerprint else None
    read = documents.get_many(ref.config, ref.uid, list(found), fields=fields)
    by_id = {str(document.get(schema.document_id)): document for document in read}
    bare = [key for key, document in by_id.items() if FINGERPRINT_FIELD not in document]
    if bare and schema.fingerprint:  # of another writer: compare what it says
        read = documents.get_many(ref.config, ref.uid, bare)
        by_id |= {str(document.get(schema.document_id)): document for document in read}
    held = fingerprints(schema, {key: by_id[key] for key in bare if key in by_id})
    held |= {key: document.get(FINGERPRINT_FIELD) for key, document in by_id.items() if key not in bare}
    unknown = {key for key in found if wanted[key] is None}
    return Freshness(
        frozenset(key for key in found if key not in unknown and held.get(key) != wanted[key]),
        frozenset(unknown),
    )


def fingerprints(schema: SearchSchema, found: Mapping[str, Any]) -> dict[str, str | None]:
    """The fingerprint of each record or document, None for one that cannot be projected."""
    if not found:
        return {}
    try:
        return dict(zip(found, project_records(schema, list(found.values())).fingerprints, strict=True))
    except ProjectionError:
        if len(found) == 1:
            return dict.fromkeys(found)
    return {key: value for item in found.items() for key, value in fingerprints(schema, dict([item])).items()}
