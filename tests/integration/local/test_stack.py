"""The stack on real parts: up, down, status, and everything that may go wrong between them."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import polars as pl
import psutil
import psycopg
import pytest

from scrypath.config import Config, resolve
from scrypath.errors import StackError
from scrypath.local import server, stack, state, worker
from scrypath.local.process import wait_until
from scrypath.local.state import Kept, Part
from scrypath.local.status import LOCAL_STATUS
from scrypath.memory import store
from scrypath.vocabulary import SyncMode

pytestmark = pytest.mark.integration

# Answers like a Meilisearch program as far as the stack looks at one.
PROGRAM = """#!{python}
import http.server, os, sys
host, port = sys.argv[sys.argv.index("--http-addr") + 1].split(":")
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        right = self.headers.get("Authorization") == "Bearer " + os.environ["MEILI_MASTER_KEY"]
        self.send_response(200 if right else 403)
        self.send_header("Content-Length", "0")
        self.end_headers()
http.server.HTTPServer((host, int(port)), Handler).serve_forever()
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "meilisearch"
    path.write_text(PROGRAM.format(python=sys.executable))
    path.chmod(0o755)
    monkeypatch.setenv(server.PROGRAM_VARIABLE, str(path))
    return path


def states(frame: pl.DataFrame) -> dict[str, str]:
    LOCAL_STATUS.check(frame)
    return dict(frame.select("part", "state").iter_rows())


def pid_of(home: Path, part: str) -> int:
    return int(stack.status(home=home).filter(part=part)["pid"].item())


def answers(made: stack.Stack) -> bool:
    with psycopg.connect(made.database_url) as connection:
        row = connection.execute("SELECT to_regclass('oban_jobs') IS NOT NULL").fetchone()
    return bool(row and row[0]) and server.answers(made.meilisearch_url, made.meilisearch_key)


def test_up_starts_what_a_machine_with_only_python_lacks(home: Path) -> None:
    made = stack.up(home=home, worker=False)
    assert answers(made)
    assert made.embedded_engine
    assert states(made.status()) == {"database": "running", "meilisearch": "running", "worker": "stopped"}
    assert made.database_url.startswith("postgresql://postgres@/postgres?host=")


def test_up_again_changes_nothing_and_current_finds_it(home: Path) -> None:
    assert stack.current(home) is None
    made = stack.up(home=home, worker=False)
    pids = made.status()["pid"].to_list()
    assert stack.up(home=home, worker=False) == made
    assert made.status()["pid"].to_list() == pids
    assert stack.current(home) == made


def test_what_it_holds_survives_down_and_up_at_the_same_place(home: Path, program: Path) -> None:
    made = stack.up(home=home, worker=False)
    with psycopg.connect(made.database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS seven")
    assert set(states(made.down()).values()) == {"stopped"}
    assert stack.current(home) is None
    again = stack.up(home=home, worker=False)
    assert (again.database_url, again.meilisearch_url) == (made.database_url, made.meilisearch_url)
    assert again.meilisearch_key == made.meilisearch_key
    with psycopg.connect(again.database_url) as connection:
        assert connection.execute("SELECT seven FROM kept").fetchone() == (7,)


def test_down_twice_and_status_where_nothing_ever_was(home: Path) -> None:
    assert states(stack.down(home=home)) == {
        "database": "stopped",
        "meilisearch": "stopped",
        "worker": "stopped",
    }
    assert not home.exists()
    assert set(states(stack.status(home=home)).values()) == {"stopped"}


def test_purge_removes_what_it_made_and_nothing_else(home: Path, program: Path) -> None:
    home.mkdir()
    (home / "mine.txt").write_text("kept")
    made = stack.up(home=home, worker=False)
    made.down(purge=True)
    assert [path.name for path in home.iterdir()] == ["mine.txt"]
    (home / "mine.txt").unlink()
    again = stack.up(home=home, worker=False)
    with store.connect(again.config()):
        pass
    again.down(purge=True)
    assert not home.exists()


def test_the_key_is_random_and_only_the_owner_can_read_it(home: Path, program: Path) -> None:
    made = stack.up(home=home, worker=False)
    key_file = home / "meilisearch.key"
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert made.meilisearch_key is not None
    secret = made.meilisearch_key.reveal()
    assert len(secret) >= 32
    assert key_file.read_text().strip() == secret
    shown = repr(made) + repr(made.config()) + str(made.status()) + (home / "stack.json").read_text()
    assert secret not in shown
    with pytest.raises(urllib.error.HTTPError, match=r"403|401"):
        urllib.request.urlopen(f"{made.meilisearch_url}/version", timeout=5)


def test_no_server_gets_what_is_in_the_environment_of_who_starts_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "hunter2hunter2")
    monkeypatch.setenv("SCRYPATH_STORE", "hunter3hunter3")
    monkeypatch.setenv("MEILI_LOG_LEVEL", "warn")  # what is meant for the server reaches it
    stack.up(home=home, worker=False)
    for part in ("database", "meilisearch"):
        process = psutil.Process(pid_of(home, part))
        assert not {"SHOP_PASSWORD", "SCRYPATH_STORE"} & process.environ().keys()
        assert "hunter" not in " ".join(process.cmdline())
    assert process.environ()["MEILI_LOG_LEVEL"] == "warn"


def test_the_password_of_a_service_that_was_given_is_kept_in_no_file(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = {"DATABASE": "postgresql://shop:it's 7)@x@db/shop", "MEILISEARCH": "http://shop:it's 7)@x@search"}
    home.mkdir()
    state.write(
        home,
        {Part[name]: Kept("external", Config(database_url=url).database_url) for name, url in urls.items()},
    )
    assert "7)" not in (home / "stack.json").read_text()
    assert "7)" not in str(stack.status(home=home).rows())
    with pytest.raises(StackError, match=r"whose password it does not keep.*Set SCRYPATH_DATABASE_URL"):
        stack.current(home)
    for name, url in urls.items():
        monkeypatch.setenv(f"SCRYPATH_{name}_URL", url)
    found = stack.current(home)
    assert found is not None
    assert (found.database_url, found.meilisearch_url) == (urls["DATABASE"], urls["MEILISEARCH"])
    assert "7)" not in repr(found)


def test_parts_that_died_are_seen_and_started_again(home: Path) -> None:
    made = stack.up(home=home, worker=False)
    for part in ("database", "meilisearch"):
        os.kill(pid_of(home, part), signal.SIGKILL)
    assert wait_until(lambda: set(states(made.status()).values()) == {"crashed", "stopped"}, 10)
    again = stack.up(home=home, worker=False)
    assert answers(again)
    assert (again.database_url, again.meilisearch_url) == (made.database_url, made.meilisearch_url)


def test_a_port_that_was_taken_meanwhile_is_chosen_again(home: Path, program: Path) -> None:
    made = stack.up(home=home, worker=False)
    made.down()
    with socket.create_server(("127.0.0.1", urlsplit(made.meilisearch_url).port or 0)):
        again = stack.up(home=home, worker=False)
        assert again.meilisearch_url != made.meilisearch_url
        assert answers(again)


def test_two_shells_at_once_start_one_stack(home: Path, program: Path) -> None:
    code = (
        "import sys; from scrypath.local import stack; made = stack.up(home=sys.argv[1], worker=False); "
        "print(made.database_url, made.meilisearch_url, made.status()['pid'].to_list())"
    )
    shells = [
        subprocess.Popen([sys.executable, "-c", code, str(home)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [shell.communicate(timeout=120)[0] for shell in shells]
    assert [shell.returncode for shell in shells] == [0, 0]
    assert said[0] == said[1]
    # and the processes outlive the shells that started them
    made = stack.current(home)
    assert made is not None
    assert answers(made)


def test_two_homes_never_meet(home: Path, program: Path) -> None:
    other = home.with_name("other")
    try:
        one, two = stack.up(home=home, worker=False), stack.up(home=other, worker=False)
        assert one.database_url != two.database_url
        assert one.meilisearch_url != two.meilisearch_url
        assert not server.answers(one.meilisearch_url, two.meilisearch_key)
    finally:
        stack.down(home=other, purge=True)
    assert answers(one)


def test_configure_points_this_process_at_it_and_another_home_is_still_another(
    home: Path, program: Path
) -> None:
    made = stack.up(home=home, worker=False)
    config = made.configure()
    assert resolve() == config
    assert (config.database_url, config.home, config.sync_mode) == (made.database_url, home, SyncMode.OBAN)
    assert stack.up(worker=False).database_url == made.database_url
    other = home.with_name("other")
    try:
        assert stack.up(home=other, worker=False).database_url != made.database_url
    finally:
        stack.down(home=other, purge=True)


def test_given_services_are_used_and_never_stopped(home: Path, program: Path) -> None:
    owner = home.with_name("owner")
    try:
        theirs = stack.up(home=owner, worker=False)
        given = Config(
            database_url=theirs.database_url.replace("postgres@", "postgres:hidden@"),
            meilisearch_url=theirs.meilisearch_url,
            meilisearch_key=theirs.meilisearch_key,
        )
        made = stack.up(given, home=home, worker=False)
        assert states(made.status()) == {
            "database": "external",
            "meilisearch": "external",
            "worker": "stopped",
        }
        assert "hidden" not in str(made.status()["url"].to_list())
        assert made.meilisearch_key == theirs.meilisearch_key
        assert not (home / "postgres").exists()
        made.down()
        assert answers(theirs)
        assert set(states(stack.status(home=home)).values()) == {"stopped"}
    finally:
        stack.down(home=owner, purge=True)


def test_its_own_urls_spelled_otherwise_are_its_own(home: Path, program: Path) -> None:
    made = stack.up(home=home, worker=False)
    pids = made.status()["pid"].to_list()
    socket_folder = made.database_url.partition("host=")[2].replace("/", "%2F")
    spelled = Config(
        database_url=f"postgresql+psycopg:///postgres?host={socket_folder}",
        meilisearch_url=made.meilisearch_url.replace("127.0.0.1", "LOCALHOST") + "/",
    )
    again = stack.up(spelled, home=home, worker=False)
    assert again.status()["pid"].to_list() == pids
    assert answers(again)
    made.down()
    assert answers(stack.up(spelled, home=home, worker=False))


@pytest.mark.parametrize(
    ("given", "variable"),
    [
        ({"database_url": "postgresql://shop:it's-7@db/shop"}, "SCRYPATH_DATABASE_URL"),
        ({"meilisearch_url": "http://search:7700"}, "SCRYPATH_MEILISEARCH_URL"),
    ],
)
def test_what_runs_is_not_stopped_for_a_service_that_is_given(
    home: Path, program: Path, given: dict[str, str], variable: str
) -> None:
    made = stack.up(home=home, worker=False)
    before = made.status()
    with pytest.raises(StackError, match="Nothing was started or stopped") as refused:
        stack.up(Config(**given), home=home, worker=False)
    assert variable in str(refused.value)
    assert "it's-7" not in str(refused.value)
    assert stack.status(home=home).equals(before)
    assert answers(made)


def test_a_database_that_no_state_file_knows_is_not_stopped_by_a_failed_start(
    home: Path, program: Path
) -> None:
    made = stack.up(home=home, worker=False)
    parts = state.read(home)
    server.stop(parts[Part.MEILISEARCH].process or pytest.fail("no server"))
    state.forget(home)
    working = program.read_text()
    program.write_text("#!/bin/sh\nexit 3\n")
    with pytest.raises(StackError, match="Meilisearch did not start"):
        stack.up(home=home, worker=False)
    program.write_text(working)
    with psycopg.connect(made.database_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert answers(stack.up(home=home, worker=False))


def test_a_home_with_a_long_path_gets_its_socket_elsewhere(home: Path, program: Path) -> None:
    deep = home / ("long-" * 20) / ("name-" * 10)
    made = stack.up(home=deep, worker=False)
    try:
        assert answers(made)
        folder = Path(made.database_url.partition("host=")[2])
        assert deep not in folder.parents
        made.down()
        assert stack.up(home=deep, worker=False).database_url == made.database_url
    finally:
        stack.down(home=deep, purge=True)
    assert not folder.exists()


def test_a_server_that_does_not_start_takes_the_database_down_again(home: Path, program: Path) -> None:
    program.write_text("#!/bin/sh\necho no space on this machine\nexit 3\n")
    with pytest.raises(StackError, match=r"Meilisearch did not start at.*no space on this machine"):
        stack.up(home=home, worker=False)
    assert set(states(stack.status(home=home)).values()) == {"stopped"}
    assert not (home / "postgres" / "postmaster.pid").exists()


def test_a_program_that_is_none_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(server.PROGRAM_VARIABLE, "/nowhere/meilisearch")
    with pytest.raises(StackError, match="SCRYPATH_MEILISEARCH_BIN names '/nowhere/meilisearch'"):
        stack.up(home=home, worker=False)


def test_up_comes_in_less_than_four_seconds(home: Path) -> None:
    busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))  # other programs' share of the machine
    began = time.monotonic()
    stack.up(home=home, worker=True)
    assert time.monotonic() - began < 4.0 * busy


def test_the_worker_is_supervised_and_follows_the_configuration(home: Path, program: Path) -> None:
    made = stack.up(home=home)
    supervisor = made.parts[Part.WORKER].process
    assert supervisor is not None
    assert wait_until(lambda: worker.supervised(home) is not None, 10)
    assert stack.up(home=home).parts == made.parts
    assert stack.up(home=home, worker=False).parts == made.parts
    other = stack.up(Config(batch_size=17), home=home)
    assert other.parts[Part.WORKER].process != supervisor
    assert not supervisor.alive
    made.down()
    assert worker.supervised(home) is None


def test_a_worker_whose_supervisor_was_killed_is_replaced_not_doubled(home: Path, program: Path) -> None:
    made = stack.up(home=home)
    supervisor = made.parts[Part.WORKER].process
    former = worker.supervised(home)
    assert supervisor is not None
    assert former is not None
    os.kill(supervisor.pid, signal.SIGKILL)
    assert wait_until(lambda: states(made.status())["worker"] == "crashed", 10)
    again = stack.up(home=home)
    assert not former.alive
    assert again.parts[Part.WORKER].process != supervisor
    assert wait_until(lambda: worker.supervised(home) is not None, 10)
