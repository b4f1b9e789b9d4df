"""The directive ``frame-schemas``: prints every public frame from its schema constant."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList

from scrypath.frames import PUBLIC


class FrameSchemas(Directive):
    """A section for each public frame: its meaning, and a table of its columns."""

    def run(self) -> list[nodes.Node]:
        """The sections."""
        lines: list[str] = []
        for schema in PUBLIC:
            lines += [
                f"**{schema.name}**",
                "",
                schema.meaning,
                "",
                ".. list-table::",
                "   :header-rows: 1",
                "",
            ]
            rows = [("column", "dtype", "unit", "meaning")]
            rows += [
                (f"``{c.name}``", f"``{_dtype(c.dtype)}``", c.unit or "–", c.meaning) for c in schema.columns
            ]
            for first, *rest in rows:
                lines.append(f"   * - {first}")
                lines += [f"     - {cell}" for cell in rest]
            lines.append("")
        container = nodes.container()
        self.state.nested_parse(StringList(lines, "frames"), 0, container)
        return [container]


def _dtype(dtype: Any) -> str:
    text = str(dtype)
    return "Enum" if text.startswith("Enum") else text


def setup(app: Any) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("frame-schemas", FrameSchemas)
    return {"parallel_read_safe": True}
