"""The scenes of ``scrypath local demo``."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rich.rule import Rule
from rich.text import Text

from scrypath.cli.rendering.audit import show_audit
from scrypath.cli.rendering.report import show_differences, show_plan, show_report
from scrypath.cli.rendering.stack import show_stack
from scrypath.cli.rendering.text import console, say
from scrypath.cli.rendering.work import show_failed, show_outcome, show_status

if TYPE_CHECKING:
    from scrypath.local.demo import Scene

LAB = "make lab"  # opens JupyterLab on this stack
RUNBOOK = "runbooks/00_first_response.ipynb"
RENDERERS: Mapping[str, Callable[[Any], None]] = MappingProxyType(
    {
        "local": show_stack,
        "status": show_status,
        "failed": show_failed,
        "report": show_report,
        "differences": show_differences,
        "plan": show_plan,
        "outcome": show_outcome,
        "audit": show_audit,
    }
)


def show_scenes(scenes: Iterable[Scene]) -> None:
    """Print each scene as soon as it has happened."""
    number = 0
    for scene in scenes:
        if scene.title is not None:
            number += 1
            say()
            console().print(Rule(Text(f"{number}. {scene.title}", "bold"), align="left", characters="─"))
        if scene.command:
            say(f"$ {scene.command}", "dim")
        for line in scene.lines:
            say(line)
        for name, shown in scene.shown:
            say()
            RENDERERS[name](shown)
        if scene.shown and scene.ending:
            say()
        for line in scene.ending:
            say(line)
        sys.stdout.flush()  # progress bars go to the other stream
    say()
    say(f"The commands above, and what else they can do: {_script()} --help")
    say(f"The same with buttons, in {RUNBOOK}: {LAB}", "bold")


def _script() -> str:
    """The name under which a shell in this folder finds the command."""
    script, here = Path(sys.executable).with_name("scrypath"), Path.cwd()
    if shutil.which("scrypath") or not script.exists():
        return "scrypath"
    return str(script.relative_to(here) if script.is_relative_to(here) else script)
