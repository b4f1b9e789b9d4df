"""The local stack: up, down, status; safe to call twice, and from two shells at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from scrypath.config import Config, configure, resolve
from scrypath.errors import StackError
from scrypath.local import parts as services
from scrypath.local import server, state
from scrypath.local import worker as supervision
from scrypath.local.parts import EXTERNAL, NAMES
from scrypath.local.state import Kept, Part
from scrypath.local.status import LOCAL_STATUS
from scrypath.redaction import MASK, Secret
from scrypath.service_url import ServiceUrl
from scrypath.vocabulary import SyncMode

CATALOGUE = ("scrypath.local.catalogue:City", "scrypath.local.catalogue:Country")

# URLs that `Stack.configure` put into this process's configuration: they are not somebody else's services.
_own_urls: set[str] = set()


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack that is up.

    Parameters
    ----------
    home
        Folder with everything it remembers; an absolute path.
    database_url, meilisearch_url, meilisearch_key
        Where its parts answer.
    parts
        How each part came to be there.
    options
        The configuration it was started under.
    """

    home: Path
    database_url: str
    meilisearch_url: str
    meilisearch_key: Secret | None
    parts: dict[Part, Kept]
    options: Config

    @property
    def embedded_engine(self) -> bool:
        """Whether its server is the embedded engine, which has failure hooks."""
        return self.parts[Part.MEILISEARCH].kind == server.ENGINE

    def config(self, **overrides: Any) -> Config:
        """The configuration for working with this stack.

        Parameters
        ----------
        overrides
            Any field of :class:`scrypath.config.Config`.

        Returns
        -------
        Config
            Mode ``oban`` unless ``manual`` is configured, since the stack has a queue; the catalogue's schemas
            when no others are configured.
        """
        given = {
            "database_url": self.database_url,
            "meilisearch_url": self.meilisearch_url,
            "meilisearch_key": self.meilisearch_key,
            "home": self.home,
            "sync_mode": SyncMode.OBAN
            if self.options.sync_mode is SyncMode.INLINE
            else self.options.sync_mode,
            "schemas": self.options.schemas or CATALOGUE,
        }
        return resolve(self.options, **(given | overrides))

    def configure(self, **overrides: Any) -> Config:
        """Make this stack what the root API of this process works with."""
        made = self.config(**overrides)
        _own_urls.update((self.database_url, self.meilisearch_url))
        names = (
            "database_url",
            "meilisearch_url",
            "meilisearch_key",
            "home",
            "sync_mode",
            "schemas",
            *overrides,
        )
        return configure(**{name: getattr(made, name) for name in names})

    def status(self) -> pl.DataFrame:
        """Frame ``LOCAL_STATUS``."""
        return status(home=self.home)

    def down(self, *, purge: bool = False) -> pl.DataFrame:
        """Stop it, see :func:`down`."""
        return down(home=self.home, purge=purge)


def up(config: Config | None = None, *, home: Path | str | None = None, worker: bool = True) -> Stack:
    """Start what is not running yet: database, search server, worker.

    Parameters
    ----------
    config
        What to start under; default: the configuration of this process. A service it gives by URL is used
        as it is, never started; the stack's own URL, however it is spelled, leads to the stack's own service.
    home
        Folder with everything the stack remembers; default: the configuration's ``home``.
    worker
        Whether a worker is wanted. One that already runs is left alone.

    Returns
    -------
    Stack
        The same one on every call, until it is purged.

    Raises
    ------
    StackError
        When a part does not start, or one that runs is not what the configuration gives. What this call had
        started is stopped again; what ran before still runs.
    """
    from scrypath.queue import install

    base = resolve(config)
    folder = _folder(home, base)
    with state.locked(folder), services.all_or_nothing(folder) as started:
        parts = services.start(folder, base, state.read(folder), _own_urls, started)
        made = _made(folder, base, parts)
        install.install(made.config())
        if worker:
            services.start_worker(folder, made.config(), parts, started)
        state.write(folder, parts)
    return made


def down(*, home: Path | str | None = None, purge: bool = False) -> pl.DataFrame:
    """Stop what the stack started, in the order worker, server, database.

    Parameters
    ----------
    home
        Folder of the stack; default: the configuration's ``home``.
    purge
        Also remove everything the stack keeps there: database, index, snapshots, logs. Files it does not
        know stay.

    Returns
    -------
    polars.DataFrame
        Frame ``LOCAL_STATUS`` as it is afterwards.
    """
    folder = _folder(home, resolve())
    if not state.exists(folder):
        return status(home=folder)
    with state.locked(folder):
        parts = state.read(folder)
        for part in (Part.WORKER, Part.MEILISEARCH, Part.DATABASE):
            if (kept := parts.pop(part, None)) is None or kept.kind == EXTERNAL:
                continue
            if kept.process is not None:
                services.stop(folder, part, kept.process)
            parts[part] = Kept(kept.kind, kept.url)
        if purge:
            services.purge(folder, parts)
        else:
            state.write(folder, parts)
    return status(home=folder)


def status(*, home: Path | str | None = None) -> pl.DataFrame:
    """Which parts are there.

    Returns
    -------
    polars.DataFrame
        Frame ``LOCAL_STATUS``; three rows, also where no stack ever was.
    """
    folder = _folder(home, resolve())
    parts = state.read(folder)
    return LOCAL_STATUS.rows(_described(folder, part, parts.get(part)) for part in Part)


def current(home: Path | str | None = None) -> Stack | None:
    """The stack of this folder when it is up, ``None`` when it is not.

    Up means: its database and its server were started or given, and one of those it started still runs.
    """
    base = resolve()
    folder = _folder(home, base)
    parts = state.read(folder)
    database, search = parts.get(Part.DATABASE), parts.get(Part.MEILISEARCH)
    if database is None or search is None or not database.url or not search.url:
        return None
    ours = [kept for kept in (database, search) if kept.kind != EXTERNAL]
    if ours and not any(kept.alive for kept in ours):
        return None
    return _made(folder, base, parts)


@contextmanager
def outage(made: Stack) -> Iterator[None]:
    """Its server is stopped inside the block, and back at the same address after it.

    Raises
    ------
    StackError
        When the server was given by its URL: it is not ours to stop.
    """
    with state.locked(made.home):
        parts = state.read(made.home)
        kept = parts.get(Part.MEILISEARCH)
        if kept is None or kept.process is None:
            raise StackError(
                f"The server at {made.meilisearch_url} was not started by this stack, so it is not stopped.",
                hint="Rehearse outages on a local stack: unset SCRYPATH_MEILISEARCH_URL, then scrypath local up",
            )
        services.stop(made.home, Part.MEILISEARCH, kept.process)
        try:
            yield
        finally:
            parts[Part.MEILISEARCH] = server.start(made.home, kept)
            state.write(made.home, parts)
            server.wait(made.home, parts[Part.MEILISEARCH])


def _folder(home: Path | str | None, base: Config) -> Path:
    return Path(home if home is not None else base.home).expanduser().resolve()


def _made(folder: Path, base: Config, parts: dict[Part, Kept]) -> Stack:
    database = _url(folder, parts[Part.DATABASE], base.database_url, "DATABASE")
    search = _url(folder, parts[Part.MEILISEARCH], base.meilisearch_url, "MEILISEARCH")
    secret = base.meilisearch_key if parts[Part.MEILISEARCH].kind == EXTERNAL else server.key(folder)
    return Stack(folder, database, search, secret, parts, base)


def _url(folder: Path, kept: Kept, given: str | None, name: str) -> ServiceUrl:
    """The URL of a part; the password of a service that was given is only in the configuration."""
    if given is not None and str(ServiceUrl(given)) == kept.shown:
        return ServiceUrl(given)
    url = ServiceUrl(kept.url or "")
    if MASK in url.reveal():
        raise StackError(
            f"The stack in {folder} works with {url}, whose password it does not keep.",
            hint=f"Set SCRYPATH_{name}_URL to the same URL, or start the stack without it: scrypath local down",
        )
    return url


def _described(folder: Path, part: Part, kept: Kept | None) -> dict[str, Any]:
    row: dict[str, Any] = {"part": str(part), "url": kept.shown if kept else None}
    if kept is not None and kept.kind == EXTERNAL:
        return row | {
            "state": "external",
            "detail": "Given by the configuration; not started or stopped here.",
        }
    if kept is None or kept.process is None:
        return row | {"state": "stopped", "detail": "Start it with: scrypath local up"}
    if not kept.alive:
        log = "worker" if part is Part.WORKER else "postgres" if part is Part.DATABASE else "meilisearch"
        return row | {"state": "crashed", "detail": f"See logs/{log}.log, then: scrypath local up"}
    if part is not Part.WORKER:
        return row | {"state": "running", "pid": kept.process.pid, "detail": NAMES[kept.kind]}
    child = supervision.supervised(folder)
    if child is None:
        return row | {
            "state": "crashed",
            "detail": "It keeps crashing, and is started again: see logs/worker.log",
        }
    return row | {
        "state": "running",
        "pid": child.pid,
        "detail": f"Supervised by process {kept.process.pid}.",
    }
