"""Starting, stopping and removing the parts of the stack, one by one."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from scrypath.config import Config
from scrypath.errors import StackError
from scrypath.local import postgres, server, state
from scrypath.local import worker as supervision
from scrypath.local.process import Process
from scrypath.local.state import Kept, Part
from scrypath.memory.environment import same_service
from scrypath.service_url import ServiceUrl

EXTERNAL = "external"
NAMES = {
    "postgresql": "Embedded PostgreSQL.",
    server.ENGINE: "Embedded engine.",
    server.PROGRAM: "Meilisearch program.",
}
_FILES = ("meilisearch.key", "engine.ready", "worker.pid", "memory.duckdb*", ".gitignore")
_FOLDERS = ("postgres", "engine", "meilisearch", "logs")

type Parts = dict[Part, Kept]


def start(folder: Path, config: Config, parts: Parts, own_urls: Collection[str], started: Parts) -> Parts:
    """Database and server as they are when both answer.

    Parameters
    ----------
    folder
        Home of the stack; an absolute path.
    config
        Its URLs are used as they are; what it does not give is started.
    parts
        What is remembered.
    own_urls
        URLs in ``config`` that an earlier start put there.
    started
        Takes note of each process as soon as it is started; what ran already is not in it.

    Raises
    ------
    StackError
        When a part of this stack runs and the configuration gives another service; nothing is stopped then.
    """
    (folder / ".gitignore").write_text("*\n", "ascii")
    made = dict(parts)
    given = {Part.DATABASE: config.database_url, Part.MEILISEARCH: config.meilisearch_url}
    for part, url in given.items():
        kept = parts.get(part)
        if url is None or url in own_urls or _is_of_stack(kept, url):
            if kept is not None and kept.kind == EXTERNAL:
                del made[part]
            continue
        if kept is not None and kept.alive:
            raise StackError(
                f"The stack in {folder} runs {NAMES[kept.kind].rstrip('.')} at {kept.shown}, "
                f"and the configuration gives {ServiceUrl(url)}.",
                hint=f"Nothing was started or stopped. Unset SCRYPATH_{part.upper()}_URL to use what runs, "
                "or stop it first: scrypath local down",
            )
        made[part] = Kept(EXTERNAL, url)
    if needs_start(search := made.get(Part.MEILISEARCH)):
        made[Part.MEILISEARCH] = started[Part.MEILISEARCH] = server.start(folder, search)
    if needs_start(database := made.get(Part.DATABASE)):
        running = postgres.running(folder)  # one that the state file does not know
        process, url = running or postgres.start(folder, database.url if database else None)
        made[Part.DATABASE] = Kept("postgresql", url, process)
        if running is None:
            started[Part.DATABASE] = made[Part.DATABASE]
    if made[Part.MEILISEARCH].kind != EXTERNAL:
        server.wait(folder, made[Part.MEILISEARCH])
    return made


def start_worker(folder: Path, config: Config, parts: Parts, started: Parts) -> None:
    """A worker under this configuration; one that runs under another is replaced."""
    external = parts[Part.MEILISEARCH].kind == EXTERNAL
    environment = supervision.environment_of(config, key_file=None if external else server.key_file(folder))
    kept = parts.get(Part.WORKER)
    if kept is not None and kept.process is not None and kept.alive:
        if kept.fingerprint == supervision.fingerprint(folder, environment):
            return
        supervision.stop(folder, kept.process)
    parts[Part.WORKER] = started[Part.WORKER] = supervision.start(folder, environment)


def stop(folder: Path, part: Part, process: Process) -> None:
    """End one part in good order."""
    match part:
        case Part.WORKER:
            supervision.stop(folder, process)
        case Part.MEILISEARCH:
            server.stop(process)
        case Part.DATABASE:
            postgres.stop(process)


def needs_start(kept: Kept | None) -> bool:
    """Whether this part is ours to start, and does not run."""
    return kept is None or (kept.kind != EXTERNAL and not kept.alive)


def _is_of_stack(kept: Kept | None, url: str) -> bool:
    """Whether a URL that is given leads to what the stack itself starts; one may have copied it from its status."""
    return kept is not None and kept.kind != EXTERNAL and kept.url is not None and same_service(kept.url, url)


@contextmanager
def all_or_nothing(folder: Path) -> Iterator[Parts]:
    """What a failed start had started is stopped again, last one first."""
    started: Parts = {}
    try:
        yield started
    except BaseException:
        for part, kept in reversed(started.items()):
            if kept.process is not None:
                stop(folder, part, kept.process)
        raise


def purge(folder: Path, parts: Parts) -> None:
    """Remove what the stack keeps in its home; the home itself when nothing else is there."""
    if (database := parts.get(Part.DATABASE)) is not None:
        postgres.forget(database.url)
    for name in _FOLDERS:
        shutil.rmtree(folder / name, ignore_errors=True)
    for pattern in _FILES:
        for file in folder.glob(pattern):
            file.unlink(missing_ok=True)
    state.forget(folder)
    if not any(folder.iterdir()):
        folder.rmdir()
