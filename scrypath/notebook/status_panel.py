"""Status with a button to refresh it. It reads, and changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl

import scrypath
from scrypath import display
from scrypath.config import Config
from scrypath.errors import ScrypathError
from scrypath.notebook import html, widgets
from scrypath.notebook.html import Tone

COLUMNS = {
    "schema": "Schema",
    "source": "Source",
    "pending": "Pending",
    "retrying": "Retrying",
    "failed": "Failed",
    "last_succeeded_id": "Last success",
    "last_succeeded_at": "At",
    "oldest_pending_at": "Oldest pending",
    "note": "Note",
}
NOT_OBSERVED = "not observed"  # a source that was not read must not look like an empty one


class StatusPanel:
    """Pending, retrying and failed work by schema and source; as the last expression of a cell, with a button.

    Parameters
    ----------
    schemas
        Registered names, models or schemas; none given: all registered.
    config
        Used instead of the configured one.

    Examples
    --------
    >>> StatusPanel("City")
    StatusPanel(City; not checked yet)
    """

    def __init__(self, *schemas: Any, config: Config | None = None) -> None:
        self.schemas = schemas
        self.config = config
        self.frame: pl.DataFrame | None = None
        self.checked_at: datetime | None = None
        self._view: Any = None

    def refresh(self) -> pl.DataFrame:
        """Read the status again.

        Returns
        -------
        polars.DataFrame
            Frame ``STATUS``.

        Raises
        ------
        SchemaError
            For an unknown schema, or when none is registered.
        """
        self.frame = scrypath.sync_status(*self.schemas, config=self.config)
        self.checked_at = datetime.now(UTC)
        return self.frame

    def view(self) -> Any:
        """The panel as a widget; the same one on every call.

        Raises
        ------
        ConfigError
            When ipywidgets is not installed.
        """
        if self._view is None:
            self._view = StatusView(self)
        return self._view.box

    def status_html(self) -> str:
        """The status as last read, as HTML."""
        if self.frame is None:
            return html.line("Nothing was checked yet.", quiet=True)
        seen = pl.col("observed")
        counts = [
            pl.when(seen).then(pl.col(name).cast(pl.String)).otherwise(pl.lit(NOT_OBSERVED))
            for name in ("pending", "retrying", "failed")
        ]
        said = [name for name in COLUMNS if self.frame[name].null_count() < self.frame.height]
        shown = {
            name: COLUMNS[name]
            for name in COLUMNS
            if name in said or name in {"pending", "retrying", "failed"}
        }
        when = html.line(f"Checked at {display.cell(self.checked_at)}.", quiet=True)
        return when + display.table(
            self.frame.with_columns(counts), shown, right=["pending", "retrying", "failed"], shown=None
        )

    def refreshed_html(self) -> str:
        """Refresh, and return the status or the error as HTML."""
        try:
            self.refresh()
        except ScrypathError as error:
            return html.panel(html.note(error.message, Tone.WRONG, hint=error.hint), self.status_html())
        return html.panel(self.status_html())

    def __repr__(self) -> str:
        when = f"checked at {self.checked_at:%H:%M:%S} UTC" if self.checked_at else "not checked yet"
        return f"StatusPanel({', '.join(map(str, self.schemas)) or 'all schemas'}; {when})"

    def _repr_html_(self) -> str:
        return self.refreshed_html() if self.frame is None else html.panel(self.status_html())

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        shown: dict[str, Any] = self.view()._repr_mimebundle_() if widgets.available() else {}
        return shown | {"text/html": self._repr_html_(), "text/plain": repr(self)}


class StatusView:
    """A button, and the status that it refreshes.

    Parameters
    ----------
    panel
        Whose status.

    Raises
    ------
    ConfigError
        When ipywidgets is not installed.
    """

    def __init__(self, panel: StatusPanel) -> None:
        kit = widgets.toolkit("call refresh()")
        self.panel = panel
        self.content = kit.HTML()
        self.button = kit.Button(
            description="Refresh",
            icon="refresh",
            tooltip="Reads it again; changes nothing",
            layout={"width": "auto"},
        )
        widgets.on_click(self.button, self._busy, self._refresh, self._show)
        self._refresh()
        self.box = kit.VBox([kit.HBox([self.button]), self.content], layout=widgets.FRAME)
        self.box.add_class("scrypath-status-panel")

    def _busy(self) -> None:
        self.button.disabled = True

    def _refresh(self) -> None:
        self.content.value = self.panel.refreshed_html()

    def _show(self, wrong: str) -> None:
        self.button.disabled = False
        if wrong:
            self.content.value = html.panel(wrong, self.panel.status_html())
