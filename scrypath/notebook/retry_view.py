"""The retry panel's widgets: they show what the panel knows, and pass clicks on to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrypath.notebook import html, retry_html
from scrypath.notebook.widgets import FRAME, on_click, toolkit

if TYPE_CHECKING:
    from scrypath.notebook.retry_state import RetryState

SENDING, ACCEPTED, ENDED = 1, 2, 3  # how far the bar is
BARS = {"accepted": "info", "completed": "success", "failed": "danger", "unknown": "warning"}


class RetryView:
    """Header, buttons, and what each of them brought to light.

    Parameters
    ----------
    panel
        What does the work.

    Raises
    ------
    ConfigError
        When ipywidgets is not installed.
    """

    def __init__(self, panel: RetryState) -> None:
        widgets = toolkit("call panel.preview(), then panel.confirm()")
        self.panel = panel
        self.title, self.seen, self.result = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.chosen = widgets.Dropdown(
            options=[(panel.label(work_id), work_id) for work_id in panel.choices],
            value=panel.work_id,
            layout={"width": "auto", "max_width": "100%"},
        )
        wide = {"width": "auto"}
        self.preview = widgets.Button(
            description="Preview", icon="eye", tooltip="Changes nothing", layout=wide
        )
        self.confirm = widgets.Button(description="Confirm", disabled=True, layout=wide)
        self.again = widgets.Button(
            description="Look again",
            icon="refresh",
            tooltip="Reads the effect back; sends nothing",
            layout=wide,
        )
        self.bar = widgets.IntProgress(max=ENDED, layout={"width": "14em"})
        self.stage = widgets.Label()
        self.progress = widgets.HBox([self.bar, self.stage])
        self.chosen.observe(self._on_choice, names="value")
        for button, act in (
            (self.preview, self._on_preview),
            (self.confirm, self._on_confirm),
            (self.again, self._on_again),
        ):
            on_click(button, self._busy, act, self.show)
        buttons = widgets.HBox([self.preview, self.confirm, self.again], layout={"flex_flow": "row wrap"})
        several = [self.chosen] if len(panel.choices) > 1 else []
        self.box = widgets.VBox(
            [self.title, *several, buttons, self.seen, self.progress, self.result], layout=FRAME
        )
        self.box.add_class("scrypath-retry-panel")
        self.show()

    def show(self, wrong: str = "") -> None:
        """Show what the panel knows now, and what went wrong."""
        panel = self.panel
        self.title.value = html.panel(retry_html.title(panel))
        self.seen.value = html.panel(retry_html.previewed(panel))
        self.result.value = html.panel(wrong, retry_html.result(panel))
        ready = panel.step == "previewed" and panel.previewed is not None and panel.previewed.retryable
        self.chosen.disabled = False
        self.preview.disabled = panel.work_id is None or panel.step == "accepted"
        self.confirm.disabled = not ready
        self.confirm.description = panel.effect
        self.confirm.button_style = "warning" if ready else ""
        self.again.disabled = panel.step != "accepted"
        self.again.layout.display = "none" if self.again.disabled else ""
        reached = {"accepted": (ACCEPTED, "Not read back yet"), "ended": (ENDED, "Read back")}
        self._advance(*reached.get(str(panel.step), (0, "")))

    def _on_choice(self, change: dict[str, Any]) -> None:
        self.panel.choose(change["new"])
        self.show()

    def _on_preview(self) -> None:
        self.panel.preview()

    def _on_confirm(self) -> None:
        self._advance(SENDING, "Sending …")
        self.panel.confirm(wait=False)
        self._on_again()

    def _on_again(self) -> None:
        self.result.value = html.panel(retry_html.result(self.panel))
        self._advance(ACCEPTED, "Accepted. Waiting for the effect, to read it back …")
        self.panel.verify()

    def _busy(self) -> None:
        for control in (self.chosen, self.preview, self.confirm, self.again):
            control.disabled = True

    def _advance(self, reached: int, told: str) -> None:
        self.bar.value, self.stage.value = reached, told
        outcome = None if self.panel.outcome is None else self.panel.outcome["outcome"][0]
        self.bar.bar_style = BARS.get(outcome or "", "")
        self.progress.layout.display = "" if reached else "none"
