"""Processes that outlive the one that starts them, known by pid *and* time of birth."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from scrypath.errors import StackError
from scrypath.redaction import Secret

PORT_PATIENCE = 1.0  # seconds
KILL_PATIENCE = 10.0  # seconds; nothing but the kernel can delay SIGKILL
LOG_TAIL = 1_200  # characters of a log that an error shows
_PLAIN = frozenset({"PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "VIRTUAL_ENV"})
_PLAIN_PREFIXES = ("LC_", "PYTHON", "LD_LIBRARY_", "DYLD_", "SSL_CERT_")
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Process:
    """One process: a pid alone may be another process's tomorrow."""

    pid: int
    born: str

    @classmethod
    def of(cls, pid: int) -> Process | None:
        """The process that has this pid now, ``None`` when there is none or only its corpse."""
        born = _born(pid)
        return None if born is None else cls(pid, born)

    @property
    def alive(self) -> bool:
        """Whether this very process still runs."""
        with suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)  # a dead child of ours would stay in the table
        return _born(self.pid) == self.born

    def stop(self, *signals: signal.Signals, patience: float = 10.0) -> None:
        """End it: each signal in turn, then ``SIGKILL``; returns when it is gone.

        Parameters
        ----------
        signals
            Polite ways to ask, first one first; ``SIGTERM`` when none is given.
        patience
            Seconds to wait after each of them.
        """
        for number in (*(signals or (signal.SIGTERM,)), signal.SIGKILL):
            if not self.alive:
                return
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)
            if wait_until(lambda: not self.alive, KILL_PATIENCE if number == signal.SIGKILL else patience):
                return
        raise StackError(
            f"Process {self.pid} does not end.", hint="It may hang in the kernel: inspect it with ps."
        )


def plain_environment(*others: str) -> dict[str, str]:
    """What a program needs of this process's environment, and nothing that may be a secret of somebody else's.

    Parameters
    ----------
    others
        Beginnings of the names of further variables that are for this program.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if name in _PLAIN or name.startswith(_PLAIN_PREFIXES + others)
    }


def spawn(
    command: Sequence[str], *, log: Path, environment: Mapping[str, str | Secret] | None = None
) -> Process:
    """Start a program in a session of its own, writing to ``log``, with nothing to read.

    Parameters
    ----------
    command
        Program (an absolute path) and arguments.
    log
        File that its output is appended to.
    environment
        The whole environment; default: :func:`plain_environment`.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    # Popen would warn when it is forgotten while its child still runs, which is what a stack is for.
    pid = os.posix_spawn(
        command[0],
        list(command),
        # Revealed here and kept in no variable: a traceback may show those.
        revealed(plain_environment() if environment is None else environment),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
            *((os.POSIX_SPAWN_CLOSE, number) for number in _inherited()),
        ],
        setsid=True,
        setsigdef=[signal.SIGINT, signal.SIGTERM, signal.SIGPIPE],
    )
    # Dead already or not, it is still in the table: nobody has waited for it.
    return Process(pid, _born(pid, corpse=True) or "")


def revealed(environment: Mapping[str, str | Secret]) -> dict[str, str]:
    """An environment as a new process takes it."""
    return {
        name: value.reveal() if isinstance(value, Secret) else value for name, value in environment.items()
    }


def _inherited() -> list[int]:
    """What a child would hold open for as long as it lives: a lock or a pipe of the shell that started us."""
    found = []
    for name in os.listdir("/dev/fd"):
        with suppress(OSError):  # the listing's own is closed by now
            if int(name) > 2 and os.get_inheritable(int(name)):
                found.append(int(name))
    return found


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether ``condition`` came true within ``seconds``; looks often at first, then less so."""
    end = time.monotonic() + seconds
    pause = 0.002
    while not condition():
        if time.monotonic() >= end:
            return False
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
    return True


def tail(log: Path) -> str:
    """The end of a log, for the hint of an error."""
    try:
        text = log.read_text("utf-8", "replace").strip()
    except OSError:
        return "It wrote no log."
    return f"Its log ends with: …{text[-LOG_TAIL:]}" if text else "Its log is empty."


def free_port(remembered: int | None = None) -> int:
    """The remembered loopback port when nobody has it, else a free one."""
    # The threads of a server that was killed may hold its port for a moment longer than it lives.
    if remembered is not None and wait_until(lambda: _bindable(remembered) is not None, PORT_PATIENCE):
        return remembered
    port = _bindable(0)
    if port is None:
        raise StackError("No loopback port is free.", hint="Stop programs that hold many connections.")
    return port


def _bindable(port: int) -> int | None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    return None


def _born(pid: int, *, corpse: bool = False) -> str | None:
    if _BOOT.exists():
        # Ticks since boot do not move when the clock is set, as seconds since 1970 do.
        try:
            fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:
            return None
        return (
            None if fields[0] in "ZX" and not corpse else f"{_BOOT.read_text('ascii').strip()}:{fields[19]}"
        )
    import psutil

    try:
        process = psutil.Process(pid)
        dead = process.status() == psutil.STATUS_ZOMBIE and not corpse
        return None if dead else f"{process.create_time():.2f}"
    except psutil.Error:
        return None
