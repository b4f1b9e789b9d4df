"""A folder goes with its process: at the end of the block, or when the next process looks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scrypath.temporary_folder import temporary_folder

HOLDS = (
    "import sys, time\n"
    "from scrypath.temporary_folder import temporary_folder\n"
    "with temporary_folder() as folder:\n"
    "    (folder / 'spilled').write_bytes(b'x' * 1000)\n"
    "    print(folder, flush=True)\n"
    "    time.sleep(60)\n"
)


@pytest.fixture(autouse=True)
def parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_uses_stays(parent: Path) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", HOLDS], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    try:
        killed, living = (Path(process.stdout.readline().strip()) for process in processes)
        processes[0].send_signal(signal.SIGKILL)
        processes[0].wait()
        assert killed.is_dir()
        with temporary_folder() as own:
            assert own.is_dir()
            assert own.stat().st_mode & 0o077 == 0
            assert not killed.exists()
            assert (living / "spilled").read_bytes() == b"x" * 1000
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    with temporary_folder():
        pass
    assert os.listdir(parent) == []


def test_many_at_once_do_not_take_each_other_s(parent: Path) -> None:
    def use(number: int) -> bool:
        with temporary_folder() as folder:
            (folder / "mine").write_text(str(number))
            return (folder / "mine").read_text() == str(number)

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(use, range(200)))
    assert os.listdir(parent) == []


def test_an_error_leaves_nothing(parent: Path) -> None:
    def fail() -> None:
        with temporary_folder() as folder:
            (folder / "deep").mkdir()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert os.listdir(parent) == []
