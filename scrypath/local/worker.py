"""The supervisor of the worker: starts ``scrypath worker``, starts it again when it dies.

``python -m scrypath.local.worker HOME`` is the supervisor itself.
"""

from __future__ import annotations

import hmac
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from types import FrameType

from scrypath.config import ENVIRONMENT_PREFIX, Config
from scrypath.errors import StackError
from scrypath.local import server
from scrypath.local.process import Process, revealed, spawn, tail, wait_until
from scrypath.local.state import Kept
from scrypath.redaction import Secret
from scrypath.service_url import ServiceUrl

COMMAND = ("-m", "scrypath", "worker")
GRACE = 20.0  # seconds that a worker gets to finish its jobs
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0  # seconds before a dead worker is started again
STEADY = 10.0  # seconds after which a worker counts as having started well


def start(home: Path, environment: Mapping[str, str | Secret]) -> Kept:
    """Start the supervisor in the background, and wait for its first worker.

    Parameters
    ----------
    home
        Folder of the stack; an absolute path.
    environment
        ``SCRYPATH_*`` variables for the worker, as :func:`environment_of` makes them.
    """
    if (orphan := supervised(home)) is not None:  # its supervisor was killed
        orphan.stop()
    pid_file(home).unlink(missing_ok=True)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ENVIRONMENT_PREFIX)}
    process = spawn(
        [sys.executable, "-m", "scrypath.local.worker", str(home)],
        log=log_of(home),
        environment=inherited | dict(environment),
    )
    if not wait_until(lambda: pid_file(home).exists() or not process.alive, 10.0) or not process.alive:
        raise StackError("The worker's supervisor did not start.", hint=tail(log_of(home)))
    return Kept("worker", None, process, fingerprint(home, environment))


def stop(home: Path, supervisor: Process) -> None:
    """End the supervisor and its worker; jobs in progress get time to finish."""
    supervisor.stop(patience=GRACE + 5.0)
    if (orphan := supervised(home)) is not None:
        orphan.stop(patience=GRACE)


def environment_of(config: Config, *, key_file: Path | None) -> dict[str, str | Secret]:
    """The configuration as environment variables; the key only as the name of its file.

    Parameters
    ----------
    config
        What the worker is to work with.
    key_file
        File with Meilisearch's key; ``None`` hands the key itself on.
    """
    variables: dict[str, str | Secret] = {}
    for field in fields(Config):
        value = getattr(config, field.name)
        if value is None or value == field.default:
            continue
        name = ENVIRONMENT_PREFIX + field.name.upper()
        if field.name == "meilisearch_key":
            if key_file is None:
                variables[name] = value
            else:
                variables[name + "_FILE"] = str(key_file)
        elif isinstance(value, ServiceUrl):
            variables[name] = str(value) if value == str(value) else Secret(value.reveal(), known=False)
        else:
            variables[name] = ",".join(value) if isinstance(value, tuple) else str(value)
    return variables


def fingerprint(home: Path, environment: Mapping[str, str | Secret]) -> str:
    """A fingerprint that shows whether a running worker was started with other options, and not which.

    It is kept in a file: without the key of this home, nobody can try passwords against it.
    """
    said = hmac.new(server.key(home).reveal().encode(), digestmod="sha256")
    said.update(repr(sorted(revealed(environment).items())).encode())
    return said.hexdigest()[:16]


def supervised(home: Path) -> Process | None:
    """The worker itself, when it runs."""
    with suppress(OSError, ValueError):
        pid, born = pid_file(home).read_text("ascii").split()
        process = Process(int(pid), born)
        return process if process.alive else None
    return None


def pid_file(home: Path) -> Path:
    """Where the supervisor notes its worker."""
    return home / "worker.pid"


def log_of(home: Path) -> Path:
    """The worker's log."""
    return home / "logs" / "worker.log"


class Supervisor:
    """Keeps one worker running until it gets a signal to stop, or its folder is gone.

    Parameters
    ----------
    home
        Folder of the stack.
    command
        Arguments of the Python that runs the worker.
    """

    def __init__(self, home: Path, command: tuple[str, ...] = COMMAND) -> None:
        self.home = home
        self.command = command
        self.stopping = False
        self.child: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Start, wait, start again."""
        signal.signal(signal.SIGTERM, self._ask_to_stop)
        threading.Thread(target=self._watch, daemon=True).start()
        pause = FIRST_PAUSE
        while not self.stopping:
            began = time.monotonic()
            with subprocess.Popen([sys.executable, *self.command], stdin=subprocess.DEVNULL) as self.child:
                self._note(self.child.pid)
                code = self.child.wait()
            pause = FIRST_PAUSE if time.monotonic() - began > STEADY else min(pause * 2, LONGEST_PAUSE)
            if not self.stopping:
                sys.stderr.write(f"The worker ended with {code}; it starts again in {pause:.1f} s.\n")
                sys.stderr.flush()
                wait_until(lambda: self.stopping, pause)
        pid_file(self.home).unlink(missing_ok=True)

    def _watch(self) -> None:
        while not self.stopping:
            time.sleep(0.5)
            self.stopping = self.stopping or not self.home.is_dir()
        self._tell(signal.SIGTERM)
        time.sleep(GRACE)
        self._tell(signal.SIGKILL)

    def _tell(self, number: signal.Signals) -> None:
        if self.child is not None:
            self.child.send_signal(number)

    def _note(self, pid: int) -> None:
        process = Process.of(pid)
        fresh = pid_file(self.home).with_suffix(".new")
        fresh.write_text(f"{pid} {process.born if process else '-'}", "ascii")
        fresh.replace(pid_file(self.home))

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True
        self._tell(signal.SIGTERM)


if __name__ == "__main__":
    Supervisor(Path(sys.argv[1])).run()
