"""Status with a button to look again. It reads, and changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl

import scrypath
from scrypath.config import Config
from scrypath.errors import ScrypathError
from scrypath.notebook import html
from scrypath.notebook.html import Tone

COLUMNS = {
    "schema": "Schema",
    "source": "Source",
    "pending": "Pending",
    "retrying": "Retrying",
    "failed": "Failed",
    "last_succeeded_id": "Last success",
    "last_succeeded_at": "at (UTC)",
    "note": "",
}


class StatusPanel:
    """Pending, retrying and failed work by schema and source.

    Parameters
    ----------
    schemas
        Registered names, models or schemas; none given: all registered.
    config
        Used instead of the configured one.
    """

    def __init__(self, *schemas: Any, config: Config | None = None) -> None:
        self.schemas = schemas
        self.config = config
        self.frame: pl.DataFrame | None = None
        self.looked_at: datetime | None = None
        self._view: Any = None

    def refresh(self) -> pl.DataFrame:
        """Look again.

        Returns
        -------
        polars.DataFrame
            Frame ``STATUS``.
        """
        self.frame = scrypath.sync_status(*self.schemas, config=self.config)
        self.looked_at = datetime.now(UTC)
        return self.frame

    def view(self) -> Any:
        """The panel as a widget; the same one on every call."""
        if self._view is None:
            self._view = _widget(self)
        return self._view

    def __repr__(self) -> str:
        when = f"looked at {self.looked_at:%H:%M:%S} UTC" if self.looked_at else "not looked yet"
        return f"StatusPanel({', '.join(map(str, self.schemas)) or 'all schemas'}; {when})"

    def _repr_html_(self) -> str:
        frame = self.refresh() if self.frame is None else self.frame
        return html.panel(_table(frame))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        plain = {"text/html": self._repr_html_(), "text/plain": repr(self)}
        try:
            import ipywidgets  # noqa: F401
        except ImportError:
            return plain
        bundle: dict[str, Any] = self.view()._repr_mimebundle_()
        return bundle | plain


def _table(frame: pl.DataFrame) -> str:
    # A source that was not looked at must not pass for one that is empty.
    shown = frame.with_columns(
        pending=pl.when("observed").then(pl.col("pending").cast(pl.String)).otherwise(pl.lit("not observed"))
    )
    columns = [name for name in COLUMNS if name != "note" or frame["note"].is_not_null().any()]
    return html.table(shown, {name: COLUMNS[name] for name in columns}, right=["pending"])


def _widget(panel: StatusPanel) -> Any:
    import ipywidgets as widgets

    content, when = widgets.HTML(), widgets.HTML()
    button = widgets.Button(description="Refresh", icon="refresh", tooltip="Looks again; changes nothing")

    def look(_button: Any = None) -> None:
        try:
            content.value = html.panel(_table(panel.refresh()))
        except ScrypathError as error:
            content.value = html.panel(html.note(error.message, Tone.WRONG, hint=error.hint))
        else:
            when.value = html.panel(
                html.line(f"Looked at {panel.looked_at:%Y-%m-%d %H:%M:%S} UTC.", quiet=True)
            )

    button.on_click(look)
    look()
    box = widgets.VBox(
        [widgets.HBox([button, when]), content],
        layout={"border": "1px solid #d1d9e0", "padding": "10px 14px", "max_width": "72em"},
    )
    box.add_class("scrypath-status-panel")
    return box
