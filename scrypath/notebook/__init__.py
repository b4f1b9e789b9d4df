"""The kit in a notebook: panels with a button, charts, and the local stack where nothing is configured."""

from scrypath.notebook.action_panel import ActionPanel, Step
from scrypath.notebook.attaching import attach
from scrypath.notebook.retry_panel import RetryPanel
from scrypath.notebook.search_panel import SearchPanel
from scrypath.notebook.status_panel import StatusPanel
from scrypath.notebook.tables import readable_frames

__all__ = ["ActionPanel", "RetryPanel", "SearchPanel", "StatusPanel", "Step", "attach", "readable_frames"]
