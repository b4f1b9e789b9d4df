"""ipywidgets, or an error that says what works without it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from scrypath.errors import ConfigError, ScrypathError
from scrypath.notebook import html
from scrypath.notebook.html import Tone
from scrypath.redaction import redact

FRAME = {
    "border": "1px solid var(--jp-border-color2, #c8ccd1)",
    "padding": "10px 14px",
    "max_width": "80em",
}
UNEXPECTED = "This should not happen. scrypath.audit_log() says what was sent before it did."


def available() -> bool:
    """Whether ipywidgets is installed."""
    try:
        import ipywidgets  # noqa: F401
    except ImportError:
        return False
    return True


def toolkit(instead: str) -> Any:
    """The module ``ipywidgets``.

    Parameters
    ----------
    instead
        What to do without it.

    Raises
    ------
    ConfigError
        When it is not installed.
    """
    try:
        import ipywidgets
    except ImportError as error:
        raise ConfigError(
            "The panel's buttons need ipywidgets, which is not installed.",
            hint=f"pip install 'scrypath[notebook]', or {instead}.",
        ) from error
    return ipywidgets


def on_click(
    button: Any, busy: Callable[[], None], act: Callable[[], None], show: Callable[[str], None]
) -> None:
    """Let a button do one thing at a time, and show an error in the panel instead of a traceback.

    Parameters
    ----------
    button
        Which one.
    busy
        Called before; it disables every button.
    act
        What it does.
    show
        Called after, with HTML of what went wrong, empty when nothing did.
    """
    button.on_click(partial(_clicked, busy=busy, act=act, show=show))


def _clicked(
    button: Any, *, busy: Callable[[], None], act: Callable[[], None], show: Callable[[str], None]
) -> None:
    if button.disabled:
        return  # a second click that was on its way while the first one worked
    busy()
    wrong = ""
    try:
        act()
    except ScrypathError as error:
        wrong = html.note(error.message, Tone.WRONG, hint=error.hint)
    except KeyboardInterrupt:
        wrong = html.note("Interrupted.", Tone.UNSURE, hint="What was sent by then is in the audit.")
    except Exception as error:
        wrong = html.note(f"{type(error).__name__}: {redact(str(error))}", Tone.WRONG, hint=UNEXPECTED)
    show(wrong)
