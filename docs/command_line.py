"""The directive ``command-line``: every command with its arguments and options, from the Typer app itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer
from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList

from scrypath.cli.app import app

REPEATED = {"--help"}  # every command has it


class CommandLine(Directive):
    """A section for each command: how it is called, what it does, what it takes."""

    def run(self) -> list[nodes.Node]:
        """The sections."""
        self.state.document.settings.env.note_reread()  # it changes without the page that asks for it
        sections: list[nodes.Node] = []
        for context in _commands(typer.main.get_command(app)):
            path = context.command_path
            section = nodes.section(ids=[nodes.make_id(path)])
            section += nodes.title(text=path)
            self.state.nested_parse(StringList(_described(context), path), 0, section)
            sections.append(section)
        return sections


def _commands(command: Any, parent: typer.Context | None = None, name: str = "scrypath") -> Iterator[Any]:
    context = typer.Context(command, info_name=name, parent=parent)
    below = getattr(command, "commands", {})
    if parent is None or not below:
        yield from () if below else (context,)
    else:
        yield context
    for word, nested in below.items():
        yield from _commands(nested, context, word)


def _described(context: typer.Context) -> list[str]:
    command = context.command
    usage = command.get_usage(context).removeprefix("Usage: ")
    lines = [".. code-block:: text", "", f"   {' '.join(usage.split())}", ""]
    for text in (command.help, command.epilog):
        lines += [_literal(text or ""), ""]
    taken = [p for p in command.get_params(context) if not REPEATED.intersection(p.opts)]
    records = [record for record in (p.get_help_record(context) for p in taken) if record is not None]
    if records:
        lines += [".. list-table::", "   :widths: 35 65", ""]
    for how, meaning in records:
        lines += [f"   * - ``{how.replace('list[str]', 'str')}``", f"     - {_literal(meaning)}"]
    return [*lines, ""]


def _literal(text: str) -> str:
    """The text with its options as literals: two hyphens would become a dash."""
    return re.sub(r"(?<!\S)(--[a-z][a-z-]*)", r"``\1``", " ".join(text.split()))


def setup(sphinx: Any) -> dict[str, bool]:
    """Register the directive."""
    sphinx.add_directive("command-line", CommandLine)
    return {"parallel_read_safe": True}
