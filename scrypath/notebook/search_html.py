"""What a search panel shows: hits beside their rows, and why a document is found or is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import polars as pl

from scrypath import display
from scrypath.display import escape
from scrypath.notebook import html
from scrypath.notebook.html import Tone
from scrypath.query.explain import SearchExplanation
from scrypath.query.result import SearchResult

MOST_FIELDS = 6  # of a document, beside its id
LONGEST = 60  # characters of a value
_MARKS = {
    "same": ("in step", Tone.DONE),
    "stale": ("stale", Tone.WRONG),
    "missing": ("row is gone", Tone.WRONG),
    "unknown": ("cannot be projected", Tone.UNSURE),
    "unread": ("not read", Tone.UNSURE),
}


def result(found: SearchResult, differences: pl.DataFrame, *, read: bool) -> str:
    """A page of hits, each beside what its row says.

    Parameters
    ----------
    found
        The page.
    differences
        Frame ``FIELD_DIFFERENCES`` of its stale hits.
    read
        Whether the rows were read.
    """
    if not found.documents:
        return html.line(found.headline)
    key = found.schema.document_id
    fields = [field.name for field in found.schema.fields if field.name != key][:MOST_FIELDS]
    heads = "".join(f"<th>{escape(name)}</th>" for name in ("#", key, *fields, "row"))
    by_id: dict[str, list[Mapping[str, Any]]] = {}
    for row in differences.iter_rows(named=True):
        by_id.setdefault(row["document_id"], []).append(row)
    first = (found.page - 1) * found.size + 1
    lines = [
        _hit(
            first + place,
            document,
            key,
            fields,
            _state(found, document_id, read=read),
            by_id.get(document_id, ()),
        )
        for place, (document_id, document) in enumerate(zip(found.ids, found.documents, strict=True))
    ]
    table = f'<table class="frame"><thead><tr>{heads}</tr></thead><tbody>{"".join(lines)}</tbody></table>'
    return f"{html.line(found.headline)}{table}"


def explanation(why: SearchExplanation) -> str:
    """The questions that decide whether a document is found, each with its answer."""
    tone = Tone.UNSURE if why.found is None else Tone.DONE if why.found else Tone.WRONG
    marks = {
        True: html.chip("yes", Tone.DONE),
        False: html.chip("no", Tone.WRONG),
        None: html.chip("?", Tone.UNSURE),
    }
    lines = "".join(
        f"<tr><td class='s'>{escape(' '.join(filter(None, (row['question'], row['about']))))}</td>"
        f"<td>{marks[row['answer']]}</td><td>{escape(row['detail'] or '')}</td></tr>"
        for row in why.frame.iter_rows(named=True)
    )
    return f'{html.note(why.headline, tone)}<table class="frame"><tbody>{lines}</tbody></table>'


def _state(found: SearchResult, document_id: str, *, read: bool) -> str:
    if not read:
        return "unread"
    states = {"missing": found.missing_ids, "stale": found.stale_ids, "unknown": found.unknown_ids}
    return next((name for name, ids in states.items() if document_id in ids), "same")


def _hit(
    place: int,
    document: Mapping[str, Any],
    key: str,
    fields: Sequence[str],
    state: str,
    differences: Sequence[Mapping[str, Any]],
) -> str:
    cells = "".join(f"<td>{escape(_short(document.get(name)))}</td>" for name in fields)
    said = "".join(
        f"<br>{escape(row['field'])}: {escape(_short(row['database'], is_json=True))} in the database"
        for row in differences
    )
    mark = html.chip(*_MARKS[state])
    return (
        f"<tr><td class='n'>{place}</td><td class='s'>{escape(display.cell(str(document.get(key))))}</td>"
        f"{cells}<td>{mark}{said}</td></tr>"
    )


def _short(value: Any, *, is_json: bool = False) -> str:
    if value is None:
        return "–"
    text = (
        value
        if isinstance(value, str) and not is_json
        else value
        if is_json
        else orjson.dumps(value).decode()
    )
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
