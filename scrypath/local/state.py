"""The state of the stack between two commands: one small file, readable by its owner only."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from scrypath.errors import StackError
from scrypath.local.process import Process
from scrypath.service_url import ServiceUrl

LOCK_PATIENCE = 60.0  # seconds that a second shell waits for the first
_FILE = "stack.json"
_LOCK = "stack.lock"


class Part(StrEnum):
    """One part of the stack."""

    DATABASE = "database"
    MEILISEARCH = "meilisearch"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Kept:
    """One part as the stack left it."""

    kind: str  # postgresql, engine, program, worker or external
    url: str | None = None  # of a service that was given: without its password once it was stored
    process: Process | None = None
    fingerprint: str | None = None  # of what it was started with

    @property
    def shown(self) -> str | None:
        """Its URL without a password, which the state file does not keep."""
        return None if self.url is None else str(ServiceUrl(self.url))

    @property
    def alive(self) -> bool:
        """Whether the process that the stack started still runs."""
        return self.process is not None and self.process.alive


def exists(home: Path) -> bool:
    """Whether a stack was ever started here and not purged since."""
    return (home / _FILE).exists()


def read(home: Path) -> dict[Part, Kept]:
    """The stored state; empty when the stack was never started here, or the file is damaged."""
    try:
        stored = json.loads((home / _FILE).read_text("utf-8"))
        return {Part(name): _kept(values) for name, values in stored["parts"].items()}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def write(home: Path, parts: dict[Part, Kept]) -> None:
    """Store the parts, all or nothing."""
    stored = {str(name): asdict(kept) | {"url": kept.shown} for name, kept in parts.items()}
    text = json.dumps({"layout": 1, "parts": stored}, indent=1)
    private_file(home / _FILE, text)


def private_file(path: Path, text: str) -> None:
    """Write a file that only its owner can read, replacing the former one at once."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text)
    fresh.replace(path)


def forget(home: Path) -> None:
    """Remove the state file, and the lock file while it is still held."""
    (home / _FILE).unlink(missing_ok=True)
    (home / _LOCK).unlink(missing_ok=True)


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """One shell at a time works on the stack of this folder.

    Raises
    ------
    StackError
        When another one holds it for longer than a minute.
    """
    from filelock import FileLock, Timeout

    home.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(home / _LOCK, timeout=LOCK_PATIENCE, poll_interval=0.02):
            home.mkdir(parents=True, exist_ok=True)
            yield
    except Timeout as error:
        raise StackError(
            f"Another process has been working on the stack in {home} for {LOCK_PATIENCE:.0f} s.",
            hint="Wait for its `scrypath local up` or `down` to end, then try again.",
        ) from error


def _kept(values: dict[str, Any]) -> Kept:
    process = values.pop("process")
    return Kept(**values, process=Process(**process) if process else None)
