"""The directive ``telemetry-spans``: prints every span and attribute from the table in ``scrypath.telemetry``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList

from scrypath.telemetry import ATTRIBUTES, SPANS


class TelemetrySpans(Directive):
    """Two tables: the spans, and what their attributes mean."""

    def run(self) -> list[nodes.Node]:
        """The tables."""
        spans = [
            (
                f"``{kind.name}``",
                kind.meaning,
                ", ".join(f"``scrypath.{name}``" for name in kind.attributes) or "–",
            )
            for kind in SPANS
        ]
        attributes = [
            (f"``scrypath.{name}``", meaning.replace("`", "``")) for name, meaning in ATTRIBUTES.items()
        ]
        lines = [
            *_table(("span", "what happens within it", "attributes"), spans),
            *_table(("attribute", "meaning"), attributes),
        ]
        container = nodes.container()
        self.state.nested_parse(StringList(lines, "telemetry"), 0, container)
        return [container]


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for first, *rest in (head, *rows):
        lines.append(f"   * - {first}")
        lines += [f"     - {cell}" for cell in rest]
    return [*lines, ""]


def setup(app: Any) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("telemetry-spans", TelemetrySpans)
    return {"parallel_read_safe": True}
