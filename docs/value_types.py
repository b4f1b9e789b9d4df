"""The directive ``value-types``: prints what becomes of every type from the matrix that the tests try."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.support.value_matrix import REFUSED, TYPES, Types, Unknown

LONGEST = 48  # characters of a value that the page shows


class ValueTypes(Directive):
    """A table for each declared type over a type of PostgreSQL, and the types that are refused."""

    def run(self) -> list[nodes.Node]:
        """The tables."""
        lines: list[str] = []
        for types in TYPES:
            lines += _section(types)
        lines += ["**Refused at declaration**", ""]
        lines += [f"* ``{kind!r}``: {name}" for name, kind in REFUSED.items()]
        container = nodes.container()
        self.state.nested_parse(StringList([*lines, ""], "types"), 0, container)
        return [container]


def _section(types: Types) -> list[str]:
    declared = ", ".join(f"``{kind!r}``" for kind in types.declared)
    lines = [
        f"**{declared.replace('``', '')}** over ``{types.stored}``" + ", ``as_text``" * types.as_text,
        "",
    ]
    lines += [types.note, ""] if types.note else []
    lines += [".. list-table::", "   :header-rows: 1", "", "   * - in PostgreSQL", "     - in the document"]
    for literal, value in types.values.items():
        lines += [f"   * - ``{_short(literal)}``", f"     - {_said(value)}"]
    return [*lines, ""]


def _said(value: Any) -> str:
    if isinstance(value, Unknown):
        return f"``unknown``: {value.reason}"
    return f"``{_short(json.dumps(value, ensure_ascii=False))}``"


def _short(text: str) -> str:
    shown = text if text.isprintable() else ascii(text)[1:-1]
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def setup(app: Any) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("value-types", ValueTypes)
    return {"parallel_read_safe": True}
