"""A comparison that is interrupted or killed leaves nothing behind, and the next one starts from the beginning."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import scrypath
from scrypath.config import Config
from tests.support.relay import Relay
from tests.support.reports import drift_of

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[3]


@pytest.fixture
def slow(relay: Relay) -> list[str]:
    """Paths of the requests seen so far, each of which takes its time."""
    seen: list[str] = []

    def before(asked: object) -> None:
        seen.append(asked.path)  # type: ignore[attr-defined]
        time.sleep(0.05)

    relay.before = before
    return seen


@pytest.fixture
def reading(
    relayed: Config, slow: list[str], products: list[str], tmp_path: Path, eventually: Callable[..., None]
) -> Iterator[subprocess.Popen[str]]:
    """The command comparing products, in a process of its own, in the middle of the index."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    given = {
        "DATABASE_URL": relayed.database_url,
        "MEILISEARCH_URL": relayed.meilisearch_url,
        "INDEX_PREFIX": relayed.index_prefix,
        "HOME": str(relayed.home),
        "SCHEMAS": ",".join(relayed.schemas),
        "PAGE_SIZE": "1",
    }
    if relayed.meilisearch_key is not None:
        given["MEILISEARCH_KEY"] = relayed.meilisearch_key.reveal()
    process = subprocess.Popen(
        [sys.executable, "-m", "scrypath", "reconcile", "Product"],
        cwd=ROOT,
        env=os.environ
        | {f"SCRYPATH_{name}": str(value) for name, value in given.items()}
        | {"TMPDIR": str(scratch)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    eventually(lambda: sum(path.endswith("/documents/fetch") for path in slow) > 5)
    assert process.poll() is None
    yield process
    process.kill()
    process.communicate()


def assert_the_next_one_starts_over(config: Config) -> None:
    assert scrypath.snapshots(config=config).is_empty()
    assert scrypath.reconcile_sync("Product", config=config).in_step is True
    assert scrypath.snapshots(config=config).height == 1


def test_an_interruption_leaves_no_snapshot_and_no_file(
    config: Config, reading: subprocess.Popen[str], tmp_path: Path
) -> None:
    reading.send_signal(signal.SIGINT)
    out, err = reading.communicate(timeout=20)
    assert (reading.returncode, out, err) == (130, "", "Interrupted.\n")
    assert list((tmp_path / "scratch").iterdir()) == []
    assert_the_next_one_starts_over(config)


def test_a_process_that_is_killed_leaves_no_snapshot(config: Config, reading: subprocess.Popen[str]) -> None:
    reading.kill()
    reading.wait()
    assert_the_next_one_starts_over(config)


def test_an_interruption_in_a_notebook_leaves_nothing_either(
    config: Config,
    products: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    sql: Callable[..., None],
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    sql("UPDATE products SET stock = 100 WHERE id = 1")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for step in ("compare.full.confirmed", "operator.report.collect.status_of", "memory.snapshots.save"):
        with monkeypatch.context() as patch:
            patch.setattr(f"scrypath.{step}", interrupted)
            with pytest.raises(KeyboardInterrupt):
                scrypath.reconcile_sync("Product", config=config)
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith("scrypath-")] == []
        assert scrypath.snapshots(config=config).is_empty()
    assert drift_of(scrypath.reconcile_sync("Product", config=config)) == {"1": "stale"}
