"""``scrypath local demo``: a story, scene by scene."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rich.rule import Rule
from rich.text import Text

from scrypath.cli import views
from scrypath.cli.tables import console, say

if TYPE_CHECKING:
    from scrypath.local.demo import Scene

LAB = "make lab"  # opens JupyterLab on this stack
RUNBOOK = "runbooks/00_first_response.ipynb"
VIEWS: Mapping[str, Callable[[Any], None]] = MappingProxyType(
    {
        "local": views.local,
        "status": views.status,
        "failed": views.failed,
        "report": views.report,
        "differences": views.differences,
        "plan": views.plan,
        "outcome": views.outcome,
        "audit": views.audit,
    }
)


def tell(scenes: Iterable[Scene]) -> None:
    """Print each scene as soon as it has happened."""
    for number, scene in enumerate(scenes, 1):
        say()
        console().print(Rule(Text(f"{number}. {scene.title}", "bold"), align="left", characters="─"))
        if scene.command:
            say(f"$ {scene.command}", "dim")
        for line in scene.lines:
            say(line)
        for name, shown in scene.shown:
            say()
            VIEWS[name](shown)
    say()
    say(f"See it with your own eyes, with a button to press: {LAB}, then open {RUNBOOK}", "bold")
