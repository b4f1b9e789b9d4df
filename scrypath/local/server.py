"""The search server of the stack: a Meilisearch program when there is one, else the embedded engine."""

from __future__ import annotations

import http.client
import os
import secrets
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from scrypath.errors import StackError
from scrypath.local.process import Process, free_port, plain_environment, spawn, tail, wait_until
from scrypath.local.state import Kept, private_file
from scrypath.redaction import Secret

PROGRAM_VARIABLE = "SCRYPATH_MEILISEARCH_BIN"
START_PATIENCE = 60.0  # seconds; a big database takes its time to open
PROGRAM, ENGINE = "program", "engine"


def start(home: Path, remembered: Kept | None = None) -> Kept:
    """Start the server's process; :func:`wait` says when it answers.

    Parameters
    ----------
    home
        Folder of the stack; an absolute path.
    remembered
        What ran before: its port is used again when it is free.

    Returns
    -------
    Kept
        Its process and URL. The URL stays the same from one start to the next, unless the port was taken.
    """
    port = free_port(urlsplit(remembered.url or "").port if remembered else None)
    program = _program()
    environment: dict[str, str | Secret] = {
        **plain_environment("MEILI_"),
        "MEILI_MASTER_KEY": key(home),
        "MEILI_NO_ANALYTICS": "true",
    }
    if program is not None:
        data = home / "meilisearch"
        data.mkdir(exist_ok=True)
        command = [
            program,
            "--http-addr", f"127.0.0.1:{port}",
            "--db-path", str(data / "data.ms"),
            "--dump-dir", str(data / "dumps"),
            "--snapshot-dir", str(data / "snapshots"),
            "--env", "development",
            "--no-analytics",
        ]  # fmt: skip
    else:
        (home / "engine").mkdir(exist_ok=True)
        command = [
            sys.executable, "-m", "scrypath.local.engine",
            "--data-dir", str(home / "engine"),
            "--ready-file", str(home / "engine.ready"),
            "--port", str(port),
            "--hooks",
        ]  # fmt: skip
    process = spawn(command, log=log_of(home), environment=environment)
    return Kept(PROGRAM if program else ENGINE, f"http://127.0.0.1:{port}", process)


def wait(home: Path, server: Kept) -> None:
    """Return when the server answers to our key.

    Raises
    ------
    StackError
        When it ends, or does not answer within a minute.
    """
    secret = key(home)
    if wait_until(lambda: answers(server.url, secret) or not server.alive, START_PATIENCE) and server.alive:
        return
    name = "The embedded engine" if server.kind == ENGINE else "Meilisearch"
    raise StackError(f"{name} did not start at {server.url}.", hint=tail(log_of(home)))


def stop(process: Process) -> None:
    """Shut it down cleanly, whatever it is doing."""
    process.stop(signal.SIGTERM, patience=10.0)


def answers(url: str | None, secret: Secret | None, *, timeout: float = 2.0) -> bool:
    """Whether a server at this URL takes this key: another home's server on the same port does not."""
    parts = urlsplit(url or "")
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    headers = {"Authorization": f"Bearer {secret.reveal()}"} if secret else {}
    try:
        connection.request("GET", "/version", headers=headers)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def key(home: Path) -> Secret:
    """The master key of this home's server: random, made once, in a file only its owner can read."""
    path = home / "meilisearch.key"
    with suppress(FileNotFoundError):
        return Secret(path.read_text("ascii").strip())
    private_file(path, secrets.token_urlsafe(24) + "\n")
    return Secret(path.read_text("ascii").strip())


def key_file(home: Path) -> Path:
    """The file that holds the key, for processes that are given its path and not the key."""
    return home / "meilisearch.key"


def log_of(home: Path) -> Path:
    """The server's log."""
    return home / "logs" / "meilisearch.log"


def _program() -> str | None:
    named = os.environ.get(PROGRAM_VARIABLE)
    if not named:
        return shutil.which("meilisearch")
    found = shutil.which(named)
    if found is None:
        raise StackError(
            f"{PROGRAM_VARIABLE} names {named!r}, which is not a program.",
            hint="Name an executable file, or unset it to use the embedded engine.",
        )
    return found
