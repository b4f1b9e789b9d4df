from __future__ import annotations

import os
import signal
import socket
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from scrypath.errors import StackError
from scrypath.local.process import Process, free_port, spawn, tail, wait_until

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_spawned_process_leads_a_session_of_its_own_and_writes_its_log(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "x.log"
    process = spawn(python("import sys, time; print(sys.stdin.read() + 'read'); time.sleep(60)"), log=log)
    try:
        assert process.alive
        assert os.getsid(process.pid) == process.pid
    finally:
        process.stop()
    assert not process.alive


def test_its_environment_is_the_one_given(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    process = spawn(python("import os; print(os.environ['COLOUR'])"), log=log, environment={"COLOUR": "blue"})
    assert wait_until(lambda: not process.alive, 10)
    assert log.read_text() == "blue\n"


def test_it_holds_nothing_open_that_its_starter_was_given(tmp_path: Path) -> None:
    # As with `scrypath local up` below flock, or in a shell that waits for the end of a pipe.
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    process = spawn(python("print('up', flush=True); import time; time.sleep(60)"), log=tmp_path / "x.log")
    try:
        os.close(writing)
        assert wait_until(lambda: "up" in tail(tmp_path / "x.log"), 10)
        os.set_blocking(reading, False)
        assert os.read(reading, 1) == b""  # the end of the pipe, although the process lives
        assert process.alive
    finally:
        process.stop()
        os.close(reading)


def test_a_process_that_ignores_the_polite_signal_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    process = spawn(python(DEAF), log=log)
    assert wait_until(lambda: "deaf" in tail(log), 10)
    process.stop(signal.SIGTERM, patience=0.2)
    assert not process.alive


def test_another_process_with_the_same_pid_is_not_taken_for_it(tmp_path: Path) -> None:
    process = spawn(python("import time; time.sleep(60)"), log=tmp_path / "x.log")
    try:
        former = replace(process, born="another boot:1")
        assert not former.alive
        former.stop()
        assert process.alive
    finally:
        process.stop()


def test_a_pid_that_nobody_has_is_no_process(tmp_path: Path) -> None:
    process = spawn(python("pass"), log=tmp_path / "x.log")
    assert wait_until(lambda: not process.alive, 10)
    assert Process.of(process.pid) is None


def test_a_program_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        spawn([str(tmp_path / "nothing")], log=tmp_path / "x.log")


def test_a_remembered_port_is_used_again_unless_it_is_taken() -> None:
    port = free_port()
    assert free_port(port) == port
    with socket.create_server(("127.0.0.1", 0)) as holder:
        taken = holder.getsockname()[1]
        assert free_port(taken) != taken


def test_the_end_of_a_log_is_shown_and_its_absence_said(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    assert tail(log) == "It wrote no log."
    log.write_text("")
    assert tail(log) == "Its log is empty."
    log.write_text("x" * 5_000 + "\nthe last line\n")
    assert tail(log).endswith("the last line")
    assert len(tail(log)) < 1_300


def test_stop_tells_when_a_process_does_not_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    process = spawn(python("import time; time.sleep(60)"), log=tmp_path / "x.log")
    with monkeypatch.context() as patch:
        patch.setattr(os, "kill", lambda *_: None)
        patch.setattr("scrypath.local.process.KILL_PATIENCE", 0.05)
        with pytest.raises(StackError, match="does not end"):
            process.stop(patience=0.05)
    process.stop()
