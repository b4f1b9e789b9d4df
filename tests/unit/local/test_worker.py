from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from scrypath.config import Config
from scrypath.local import worker
from scrypath.local.process import Process, spawn, tail, wait_until
from scrypath.redaction import Secret
from scrypath.vocabulary import SyncMode

SUPERVISE = (
    "import sys; from pathlib import Path; from scrypath.local.worker import Supervisor; "
    "Supervisor(Path(sys.argv[1]), ('-c', sys.argv[2])).run()"
)


def test_the_environment_says_the_configuration_without_the_key(tmp_path: Path) -> None:
    config = Config(
        schemas=("a:B", "c:D"),
        database_url="postgresql://x/y",
        meilisearch_key=Secret("hidden"),
        sync_mode=SyncMode.OBAN,
        home=tmp_path,
        batch_size=7,
    )
    variables = worker.environment_of(config, key_file=tmp_path / "key")
    assert variables == {
        "SCRYPATH_SCHEMAS": "a:B,c:D",
        "SCRYPATH_DATABASE_URL": "postgresql://x/y",
        "SCRYPATH_MEILISEARCH_KEY_FILE": str(tmp_path / "key"),
        "SCRYPATH_SYNC_MODE": "oban",
        "SCRYPATH_HOME": str(tmp_path),
        "SCRYPATH_BATCH_SIZE": "7",
    }
    assert worker.environment_of(config, key_file=None)["SCRYPATH_MEILISEARCH_KEY"] == Secret("hidden")


def test_other_options_have_another_fingerprint(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir(), two.mkdir()
    assert worker.fingerprint(one, {"A": "1"}) == worker.fingerprint(one, {"A": "1"})
    assert worker.fingerprint(one, {"A": "1"}) != worker.fingerprint(one, {"A": Secret("2")})
    assert worker.fingerprint(one, {"A": "1"}) != worker.fingerprint(two, {"A": "1"})  # nobody can try it out


def supervise(home: Path, code: str) -> Process:
    process = spawn([sys.executable, "-c", SUPERVISE, str(home), code], log=worker.log_of(home))
    assert wait_until(lambda: worker.supervised(home) is not None, 20), tail(worker.log_of(home))
    return process


def test_a_dead_worker_is_started_again_and_both_end_together(tmp_path: Path) -> None:
    supervisor = supervise(tmp_path, "import time; time.sleep(60)")
    try:
        first = worker.supervised(tmp_path)
        assert first is not None
        os.kill(first.pid, signal.SIGKILL)
        assert wait_until(lambda: worker.supervised(tmp_path) not in (None, first), 10)
        second = worker.supervised(tmp_path)
    finally:
        supervisor.stop()
    assert second is not None
    assert not second.alive
    assert worker.supervised(tmp_path) is None
    assert "The worker ended with -9; it starts again" in tail(worker.log_of(tmp_path))


def test_a_worker_gets_to_finish_what_it_is_doing(tmp_path: Path) -> None:
    finishing = (
        "import signal, sys, time\n"
        "def finish(*_): print('finished', flush=True); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, finish); print('ready', flush=True); time.sleep(60)"
    )
    supervisor = supervise(tmp_path, finishing)
    assert wait_until(lambda: "ready" in tail(worker.log_of(tmp_path)), 10)
    supervisor.stop()
    assert "finished" in tail(worker.log_of(tmp_path))


def test_a_supervisor_whose_home_is_gone_ends(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    supervisor = supervise(home, "import time; time.sleep(60)")
    child = worker.supervised(home)
    home.rename(tmp_path / "elsewhere")
    assert wait_until(lambda: not supervisor.alive, 15)
    assert child is not None
    assert not child.alive
