"""``explain_search``: why a document is found, or is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from scrypath import display
from scrypath.config import Config
from scrypath.database import engine, translated
from scrypath.errors import DatabaseError, InvalidOptions
from scrypath.meilisearch import documents, raw
from scrypath.query import decoding
from scrypath.query.filters import joined
from scrypath.query.hydration import freshness
from scrypath.query.hydration import records as records_of
from scrypath.query.request import MOST_HITS, SearchRequest
from scrypath.query.values import literal, quoted
from scrypath.schema import SearchSchema
from scrypath.schema.identity import id_text
from scrypath.schema.index_ref import IndexRef
from scrypath.search_frames import SEARCH_EXPLANATION
from scrypath.source import rows
from scrypath.telemetry import span

MOST_WORDS = 10  # that the server looks at
type Answer = dict[str, Any]


@dataclass(frozen=True, eq=False)
class SearchExplanation:
    """Why a document is found, or is not.

    Parameters
    ----------
    request
        The search that is explained.
    document_id
        The document.
    frame
        Frame ``SEARCH_EXPLANATION``.
    rank
        Its rank among the hits, from 1; null where it is not found or its rank is not known.
    """

    request: SearchRequest
    document_id: str
    frame: pl.DataFrame = field(repr=False)
    rank: int | None = None

    @property
    def found(self) -> bool | None:
        """Whether the search finds it, None where that is not known."""
        answers = self.frame.filter(~pl.col("question").is_in(["row", "query", "current"]))["answer"]
        return False if (answers == False).any() else None if answers.null_count() else True  # noqa: E712

    @property
    def headline(self) -> str:
        """In one sentence, the answer."""
        name = f"{self.request.schema.name} {self.document_id}"
        sought = f" for {self.request.text!r}" if self.request.text else ""
        if self.rank is not None:
            late = " It is found, but something is wrong with it." if self._against else ""
            return f"{name} is hit {self.rank:,}{sought}.{late}"
        if self._against:
            return f"{name} is not found{sought}: {self._against[0]}"
        return f"No check excludes {name}, but its rank{sought} is not known."

    @property
    def _against(self) -> list[str]:
        return self.frame.filter(pl.col("answer") == False)["detail"].to_list()  # noqa: E712

    def __repr__(self) -> str:
        return display.text(self.headline, {"Questions": self.frame})

    def _repr_html_(self) -> str:
        return display.html(self.headline, {"Questions": self.frame}, grouped=False)


def explain_search(
    schema: Any,
    id: Any,  # noqa: A002 - the field's standard term
    text: str = "",
    *,
    filter: Mapping[str, Any] | None = None,  # noqa: A002 - the field's standard term
    facet_filter: Mapping[str, Any] | None = None,
    sort: Sequence[str] = (),
    size: int = 20,
    per_query: Mapping[str, Any] | None = None,
    config: Config | None = None,
) -> SearchExplanation:
    """Why a search finds a document, or does not: the questions that decide it, each with its answer.

    Is there a row, is it one that the schema's query counts, is there a document, is it what the row says, do tenant
    and each condition let it through, does it match the text, and at which rank.

    Parameters
    ----------
    schema
        Registered name, model or schema; or a :class:`SearchRequest`, which says all of what is searched for.
    id
        Of the document.
    text, filter, facet_filter, sort, size, per_query
        As of :func:`scrypath.search`.
    config
        Used instead of the configured one.

    Returns
    -------
    SearchExplanation

    Raises
    ------
    InvalidOptions
        For a search that is refused.
    IndexNotFound, TransportError
        When the index or the server is not there. A database that is not there leaves its questions open.

    Examples
    --------
    >>> import scrypath
    >>> why = scrypath.explain_search("Product", 2, "lamp", filter={"price": {"lt": 200}})
    >>> why.found, [row["question"] for row in why.frame.iter_rows(named=True) if row["answer"] is False]
    (False, ['filter', 'text'])
    """
    if isinstance(schema, SearchRequest):
        if text or filter or facet_filter or sort or per_query:
            raise InvalidOptions("A SearchRequest says all of the search.", hint="Put it into the request.")
        request = schema
    else:
        request = SearchRequest(
            schema, text, filter or {}, facet_filter or {}, sort=sort, size=size, per_query=per_query or {}
        )
    request.tenants()
    ref = IndexRef.find(request.schema, config)
    key = id_text(ref.schema, id)
    with span("scrypath.search", schema=ref.schema.name, index=ref.uid):
        rank, answers = _answers(ref, request, key)
    return SearchExplanation(request, key, SEARCH_EXPLANATION.rows(_in_order(answers)), rank)


def _answers(ref: IndexRef, request: SearchRequest, key: str) -> tuple[int | None, list[Answer]]:
    found: list[Answer] = [*_row(ref, key)]
    documents_found = documents.get_many(ref.config, ref.uid, [key])
    if not documents_found:
        return None, [*found, _answer("document", False, f"The index {ref.uid} has no document {key}.")]
    found.append(_answer("document", True, f"The index {ref.uid} has it."))
    rank, answers = _text(ref, request, key, documents_found[0])
    return rank, [*found, *_conditions(ref, request, key), *answers]


def _row(ref: IndexRef, key: str) -> Iterator[Answer]:
    from sqlalchemy.orm import Session

    try:
        if not rows.existing_ids(replace(ref, schema=replace(ref.schema, query=None)), [key]):
            yield _answer("row", False, f"The table {ref.schema.table.name} has no row {key}.")
            return
        yield _answer("row", True, f"The table {ref.schema.table.name} has it.")
        if not rows.existing_ids(ref, [key]):
            yield _answer(
                "query", False, "The schema's query does not count it as a row that is to be found."
            )
            return
        yield _answer("query", True, "The schema's query counts it.")
        with translated(ref.config), Session(engine(ref.config)) as session:
            state = freshness(ref, records_of(ref.schema, session, [key]))
    except DatabaseError as error:
        yield _answer("row", None, error.message)
        return
    if key in state.unknown:
        yield _answer("current", None, "The row cannot be projected.")
    elif key in state.stale:
        yield _answer(
            "current", False, "The document does not say what the row says: scrypath.explain shows how."
        )
    else:
        yield _answer("current", True, "The document says what the row says.")


def _conditions(ref: IndexRef, request: SearchRequest, key: str) -> Iterator[Answer]:
    for name, expression in request.conditions:
        yield _condition(
            ref, key, "tenant" if name == ref.schema.tenant_field else "filter", name, expression
        )
    for name, expression in request.facet_conditions:
        yield _condition(ref, key, "facet_filter", name, expression)


def _condition(ref: IndexRef, key: str, question: str, about: str, expression: str) -> Answer:
    fields = [ref.schema.document_id]
    through = bool(documents.get_many(ref.config, ref.uid, [key], fields=fields, matching=expression))
    said = "lets it through" if through else "leaves it out"
    return _answer(question, through, f"The condition {expression} {said}.", about)


def _text(
    ref: IndexRef, request: SearchRequest, key: str, document: Mapping[str, Any]
) -> tuple[int | None, list[Answer]]:
    """The rank, and what can be said of text and rank: the search itself, and one among documents like this one."""
    alone = joined(_like(request, document))
    words = list(dict.fromkeys(request.text.split()))[:MOST_WORDS]
    asked = [_looking(ref, request.body(), request.text)]
    asked += [_looking(ref, {"filter": alone} if alone else {}, text) for text in (request.text, *words)]
    whole, among, *single = decoding.several(raw.multi_search(ref.config, {"queries": asked}), len(asked))
    place = _place(ref, whole, key)
    if place is not None:
        page, position = divmod(place, request.size)
        detail = f"It is hit {place + 1:,}: number {position + 1} of page {page + 1}."
        return place + 1, [_answer("text", True, "It matches the text."), _answer("rank", True, detail)]
    matches = (
        True if _place(ref, among, key) is not None else None if decoding.total(among) >= MOST_HITS else False
    )
    if matches is False:
        by_word = [_place(ref, reply, key) is not None for reply in single]
        missing = [word for word, there in zip(words, by_word, strict=True) if not there]
        return None, [
            _answer("text", False, f"It does not match the text; not in it: {', '.join(missing) or '–'}.")
        ]
    said = "It matches the text." if matches else f"It is not among the first {MOST_HITS:,} like it."
    total = decoding.total(whole)
    if total < MOST_HITS:
        threshold = request.per_query.get("ranking_score_threshold")
        why = "" if threshold is None else f" Its ranking score may be below {threshold:g}."
        detail = f"It is none of the {total:,} hits.{why}"
        return None, [_answer("text", matches, said), _answer("rank", False, detail)]
    detail = f"It is not among the first {MOST_HITS:,} hits, which are all that the server shows."
    return None, [_answer("text", matches, said), _answer("rank", False if matches else None, detail)]


def _looking(ref: IndexRef, body: Mapping[str, Any], text: str) -> dict[str, Any]:
    """A body that looks at as many hits as the server shows, and brings nothing but their ids."""
    wide = {"indexUid": ref.uid, "q": text, "page": 1, "hitsPerPage": MOST_HITS}
    return {**body, **wide, "facets": [], "attributesToRetrieve": [ref.schema.document_id]}


def _place(ref: IndexRef, reply: Mapping[str, Any], key: str) -> int | None:
    ids = decoding.ids(ref.schema, reply)
    return ids.index(key) if key in ids else None


def _like(request: SearchRequest, document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Conditions that this document fulfils, and as few others as can be said with what is filterable."""
    schema: SearchSchema = request.schema
    for name in schema.filterable:
        value = document.get(name)
        if isinstance(value, str | int | float):
            try:
                found = literal(schema, name, value)
            except InvalidOptions:
                continue
            if found.text:
                yield name, f"{quoted(name)} = {found.text}"


def _answer(question: str, answer: bool | None, detail: str, about: str | None = None) -> Answer:
    return {"question": question, "about": about, "answer": answer, "detail": detail}


_ORDER = ("row", "query", "document", "current", "tenant", "filter", "facet_filter", "text", "rank")


def _in_order(answers: Sequence[Answer]) -> list[Answer]:
    return sorted(answers, key=lambda answer: _ORDER.index(answer["question"]))
