"""Hits, facets and explanations of ``scrypath search`` and ``scrypath explain-search``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from scrypath.cli.rendering.table import Column, show_table
from scrypath.cli.rendering.text import NOTHING, say

if TYPE_CHECKING:
    from scrypath import SearchExplanation, SearchResult

MOST_COLUMNS = 6  # of a document that a terminal shows


def show_result(found: SearchResult) -> None:
    """The hits of a page, and the facets that were counted."""
    say(found.headline, "bold")
    for note in found.notes:
        say(note, "yellow")
    names = [
        found.schema.document_id,
        *(name for name in found.frame.columns if name != found.schema.document_id),
    ]
    shown = names[:MOST_COLUMNS]
    if found.frame.height:
        say()
        show_table(found.frame, [Column(name, name, wraps=name != shown[0]) for name in shown])
    if found.facets.height:
        say()
        show_table(
            found.facets, [Column("Facet", "facet"), Column("Value", "value"), Column("Count", "count")]
        )
    if len(names) > len(shown):
        say(f"\nThe other fields, {', '.join(names[MOST_COLUMNS:])}, are in the answer with --json.")


def show_explanation(why: SearchExplanation) -> None:
    """Frame ``SEARCH_EXPLANATION``, below its headline."""
    marks = {True: Text("yes", "green"), False: Text("no", "bold red"), None: Text("not known", "yellow")}
    say(why.headline, "bold")
    say()
    show_table(
        why.frame,
        [
            Column("Question", lambda row: " ".join(filter(None, (row["question"], row["about"])))),
            Column("", lambda row: marks[row["answer"]]),
            Column("Seen", lambda row: row["detail"] or NOTHING, wraps=True),
        ],
    )
