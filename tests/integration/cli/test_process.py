"""The command line as a process of its own, as a shell starts it: exit codes, streams, secrets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

import scrypath
from scrypath.config import Config
from scrypath.source.engine import engine

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[3]
KEY, PASSWORD = "a-key-that-opens-nothing", "hunter2-of-the-shop"

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def command(config: Config) -> Command:
    """Run ``scrypath`` with the services of this test; keywords are further variables."""
    key = config.meilisearch_key
    services = {
        "SCRYPATH_DATABASE_URL": config.database_url or "",
        "SCRYPATH_MEILISEARCH_URL": config.meilisearch_url or "",
        "SCRYPATH_MEILISEARCH_KEY": key.reveal() if key else "",
        "SCRYPATH_INDEX_PREFIX": config.index_prefix,
        "SCRYPATH_HOME": str(config.home),
        "SCRYPATH_SCHEMAS": ",".join(config.schemas),
        "SCRYPATH_SYNC_MODE": "oban",
    }

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "scrypath", *arguments],
            env=os.environ | services | variables,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_a_command_that_ends_well_leaves_the_error_stream_empty(config: Config, command: Command) -> None:
    scrypath.backfill("Product", config=config)
    scrypath.backfill("Brand", config=config)
    for arguments in (("status",), ("failed",), ("reconcile",), ("snapshots",), ("status", "--json")):
        ended = command(*arguments)
        assert (ended.returncode, ended.stderr) == (0, ""), arguments
        assert ended.stdout


@pytest.mark.parametrize(
    "variables",
    [
        {"SCRYPATH_MEILISEARCH_KEY": KEY},
        {"SCRYPATH_MEILISEARCH_URL": f"http://shop:{PASSWORD}@127.0.0.1:1"},
        {"SCRYPATH_DATABASE_URL": f"postgresql://shop:{PASSWORD}@127.0.0.1:1/shop"},
        {"SCRYPATH_DATABASE_URL": f"mysql://shop:{PASSWORD}@127.0.0.1:1/shop"},
    ],
    ids=["key", "server", "database", "kind"],
)
def test_services_that_cannot_be_used_are_told_and_no_secret_is(
    config: Config, command: Command, variables: dict[str, str]
) -> None:
    if "SCRYPATH_MEILISEARCH_KEY" in variables and config.meilisearch_key is None:
        pytest.skip("the server asks for no key")
    given = [
        (*arguments, *form)
        for arguments in (
            ("status",),
            ("failed",),
            ("reconcile", "Product"),
            ("backfill", "Product"),
            ("preflight",),
        )
        for form in ((), ("--json",))
    ]
    with ThreadPoolExecutor(
        len(given)
    ) as shells:  # most of their time is spent waiting before another attempt
        answers = list(shells.map(lambda arguments: command(*arguments, **variables), given))
    for arguments, ended in zip(given, answers, strict=True):
        assert ended.returncode == 1, arguments
        assert "Traceback" not in ended.stderr
        assert KEY not in ended.stdout + ended.stderr
        assert PASSWORD not in ended.stdout + ended.stderr
        if "--json" in arguments:
            json.loads(ended.stdout or ended.stderr)
        if not ended.stdout:
            assert "int" in ended.stderr  # a hint, in a sentence or as JSON


def test_jobs_with_malformed_args_harm_no_report(config: Config, command: Command) -> None:
    index = f"{config.index_prefix}_products"
    with engine(config).begin() as connection:
        for args in (
            "{}",
            "[1]",
            '"text"',
            f'{{"index": "{index}"}}',
            f'{{"index": "{index}", "operation": 5}}',
        ):
            connection.execute(
                sa.text(
                    "INSERT INTO oban_jobs (args, worker, queue, state, attempt, max_attempts, errors) VALUES "
                    "(cast(:args AS jsonb), 'scrypath.queue.SyncWorker', 'scrypath', 'discarded', 1, 1, '[]')"
                ),
                {"args": args},
            )
    ended = command("failed", "Product", "--json")
    assert (ended.returncode, ended.stderr) == (2, "")
    found = json.loads(ended.stdout)
    assert [row["reason_class"] for row in found] == ["validation", "validation"]
    assert command("failed", "Product", "--exit-zero").returncode == 0
    refused = command("retry", found[0]["work_id"], "--json")
    assert refused.returncode == 1
    assert json.loads(refused.stderr)["error"] == "not_retryable"
    assert command("status").returncode == 2


@pytest.mark.parametrize(
    ("work_id", "kind"),
    [("42", "invalid_options"), ("oban:99999", "unknown_work"), ("meili:99999999", "unknown_work")],
)
def test_a_work_id_that_is_none(command: Command, work_id: str, kind: str) -> None:
    ended = command("retry", work_id, "--json")
    assert (ended.returncode, ended.stdout) == (1, "")
    error = json.loads(ended.stderr)
    assert error["error"] == kind
    assert work_id.rpartition(":")[2] in error["message"]
    assert error["hint"]


def test_the_command_line_says_what_was_read_and_what_was_taken_from_before(
    products: list[str], command: Command, sql: Callable[..., None]
) -> None:
    everything = "Every row and every document was read."
    assert everything in command("reconcile", "Product").stdout
    sql("UPDATE products SET stock = stock + 1 WHERE id = 7")
    increment = command("reconcile", "Product")
    assert increment.returncode == 2
    text = " ".join(increment.stdout.split())
    assert (
        "Only what changed was read, by the versions of rows, whoever wrote: 1 id now; 19 documents as in snap-"
        in text
    )
    (report,) = json.loads(command("reconcile", "Product", "--json").stdout)["reports"]
    told = {name: report[name] for name in ("method", "basis", "read_now", "from_before")}
    assert told == {"method": "incremental", "basis": "row_versions", "read_now": 1, "from_before": 19}
    assert everything in command("reconcile", "Product", "--full").stdout
    listed = " ".join(command("snapshots", "Product").stdout.split())
    assert "1 by row versions, 19 from before" in listed
    stored = json.loads(command("snapshots", "Product", "--json").stdout)
    assert [row["method"] for row in stored] == ["full", "incremental", "incremental", "full"]
    assert stored[1]["started_from"] == stored[2]["snapshot_id"]
