"""Working with the local stack where no service is configured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scrypath.config import Config, resolve

if TYPE_CHECKING:
    from scrypath.local import stack

STATE = "stack.json"  # what a stack leaves in its folder while it is not purged


def attach(home: Path | str | None = None, *, start: bool = False) -> Config | None:
    """Make the local stack what this process works with, unless other services are configured.

    Parameters
    ----------
    home
        Folder of the stack; default: the configured ``home``, looked for in the working directory and then in
        the folders above it, as a notebook's kernel starts in the notebook's own folder.
    start
        Start the stack when it is not up.

    Returns
    -------
    Config
        The configuration as it now is; ``None`` when services are configured already, or no stack is up.

    Raises
    ------
    StackError
        When a part of the stack does not start.
    """
    configured = resolve()
    if configured.database_url and configured.meilisearch_url:
        return None
    folder = _folder(Path(home) if home is not None else configured.home)
    if not start and not (folder / STATE).is_file():
        return None
    from scrypath.local import stack

    found = stack.up(home=folder) if start else stack.current(folder)
    if found is None or _elsewhere(configured, found):
        return None
    return found.configure()


def _folder(home: Path) -> Path:
    if home.is_absolute():
        return home
    here = Path.cwd()
    return next(
        (above / home for above in (here, *here.parents) if (above / home / STATE).is_file()), here / home
    )


def _elsewhere(configured: Config, found: stack.Stack) -> bool:
    # Half of somebody else's platform and half of the local one would compare what never belonged together.
    return any(
        given not in {None, ours}
        for given, ours in (
            (configured.database_url, found.database_url),
            (configured.meilisearch_url, found.meilisearch_url),
        )
    )
