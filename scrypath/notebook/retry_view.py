"""The retry panel's widgets: they show what the panel knows, and pass two clicks on to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from scrypath.errors import ConfigError, ScrypathError
from scrypath.notebook import html
from scrypath.notebook.html import Tone

try:
    import ipywidgets as widgets
except ImportError as error:
    raise ConfigError(
        "The panel's buttons need ipywidgets.",
        hint="pip install 'scrypath[notebook]', or call preview() and confirm().",
    ) from error

if TYPE_CHECKING:
    from scrypath.notebook.retry_panel import RetryPanel

STEPS = ("", "Sending", "Accepted", "Read back")
BARS = {"accepted": "info", "completed": "success", "failed": "danger"}


class RetryView:
    """Header, two buttons, and what each of them brought to light.

    Parameters
    ----------
    panel
        What does the work.
    """

    def __init__(self, panel: RetryPanel) -> None:
        self.panel = panel
        self.title = widgets.HTML()
        self.chosen = widgets.Dropdown(
            options=list(panel.choices), description="Work id:", value=panel.work_id
        )
        self.preview = widgets.Button(description="Preview", icon="eye", tooltip="Changes nothing")
        self.confirm = widgets.Button(description="Confirm", disabled=True, layout={"width": "auto"})
        self.seen = widgets.HTML()
        self.progress = widgets.IntProgress(
            max=len(STEPS) - 1, layout={"width": "20em", "visibility": "hidden"}
        )
        self.result = widgets.HTML()
        self.chosen.observe(self._on_choice, names="value")
        self.preview.on_click(self._guarded(self._on_preview))
        self.confirm.on_click(self._guarded(self._on_confirm))
        several = [self.chosen] if len(panel.choices) > 1 else []
        buttons = widgets.HBox([*several, self.preview, self.confirm])
        self.box = widgets.VBox(
            [self.title, buttons, self.seen, self.progress, self.result],
            layout={"border": "1px solid #d1d9e0", "padding": "10px 14px", "max_width": "72em"},
        )
        self.box.add_class("scrypath-retry-panel")
        self.show()

    def show(self) -> None:
        """Show what the panel knows now."""
        panel = self.panel
        self.title.value = html.panel(html.heading(f"Retry {panel.work_id or 'nothing'}"))
        self.seen.value = html.panel(panel.previewed_html())
        self.result.value = html.panel(panel.outcome_html())
        ready = panel.step == "previewed" and panel.previewed is not None and panel.previewed.retryable
        self.preview.disabled = panel.work_id is None
        self.confirm.disabled = not ready
        self.confirm.description = panel.effect
        self.confirm.button_style = "warning" if ready else ""

    def _on_choice(self, change: dict[str, Any]) -> None:
        self.panel.choose(change["new"])
        self._advance(0)
        self.show()

    def _on_preview(self) -> None:
        self.panel.preview()
        self._advance(0)

    def _on_confirm(self) -> None:
        self.confirm.disabled = True  # one click, one retry
        self._advance(1)
        self.panel.confirm(wait=False)
        self._advance(2)
        self.result.value = html.panel(
            self.panel.outcome_html(), html.line("Waiting for the effect, to read it back …", quiet=True)
        )
        self.panel.verify()
        self._advance(3)

    def _advance(self, step: int) -> None:
        self.progress.value, self.progress.description = step, STEPS[step]
        outcome = "" if self.panel.outcome is None else self.panel.outcome["outcome"][0]
        self.progress.bar_style = BARS.get(outcome, "")
        self.progress.layout.visibility = "visible" if step else "hidden"

    def _guarded(self, act: Callable[[], None]) -> Callable[[Any], None]:
        def clicked(_button: Any) -> None:
            try:
                act()
            except ScrypathError as error:
                self.show()
                self._advance(0)
                self.result.value = html.panel(html.note(error.message, Tone.WRONG, hint=error.hint))
            else:
                self.show()

        return clicked
