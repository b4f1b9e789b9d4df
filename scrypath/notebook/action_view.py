"""The widgets of an action's panel: they show its state, and pass clicks on to it."""

from __future__ import annotations

from typing import Any

from scrypath.notebook import html
from scrypath.notebook.widgets import FRAME, on_click, toolkit

SENDING, ACCEPTED, ENDED = 1, 2, 3  # how far the bar is
BARS = {"accepted": "info", "completed": "success", "failed": "danger", "unknown": "warning"}


class ActionView:
    """Header, buttons, and what each of them shows.

    Parameters
    ----------
    panel
        The ``ActionPanel`` that does the work.

    Raises
    ------
    ConfigError
        When ipywidgets is not installed.
    """

    def __init__(self, panel: Any) -> None:
        widgets = toolkit("call panel.preview(), then panel.confirm()")
        self.panel = panel
        self.title, self.seen, self.result = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.chosen = widgets.Dropdown(
            options=[(panel.label(choice), choice) for choice in panel.choices],
            value=panel.chosen,
            layout={"width": "auto", "max_width": "100%"},
        )
        wide = {"width": "auto"}
        self.preview = widgets.Button(
            description="Preview", icon="eye", tooltip="Changes nothing", layout=wide
        )
        self.confirm = widgets.Button(description="Confirm", disabled=True, layout=wide)
        self.again = widgets.Button(
            description="Check again",
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
        self.box.add_class("scrypath-action-panel")
        self.box.add_class(panel.css_class)
        self.show()

    def show(self, wrong: str = "") -> None:
        """Show what the panel knows now, and what went wrong."""
        panel = self.panel
        self.title.value = html.panel(panel.title_html())
        self.seen.value = html.panel(panel.preview_html())
        self.result.value = html.panel(wrong, panel.result_html())
        self.chosen.disabled = False
        self.preview.disabled = panel.chosen is None or panel.step == "accepted"
        self.confirm.disabled = not panel.ready
        self.confirm.description = panel.effect
        self.confirm.button_style = "warning" if panel.ready else ""
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
        if self.panel.step == "accepted":
            self._on_again()

    def _on_again(self) -> None:
        self.result.value = html.panel(self.panel.result_html())
        self._advance(ACCEPTED, "Accepted. Waiting for the effect, to read it back …")
        self.panel.verify()

    def _busy(self) -> None:
        for control in (self.chosen, self.preview, self.confirm, self.again):
            control.disabled = True

    def _advance(self, reached: int, stage: str) -> None:
        self.bar.value, self.stage.value = reached, stage
        outcome = self.panel.outcome
        known = [] if outcome is None else outcome["outcome"].to_list()
        worst = next((name for name in ("failed", "unknown", "accepted", "completed") if name in known), "")
        self.bar.bar_style = BARS.get(worst, "")
        self.progress.layout.display = "" if reached else "none"
