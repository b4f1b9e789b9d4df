"""What is held at once is bounded by bytes: long, huge and wide rows take no more memory than small ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scrypath.config import Config

pytestmark = pytest.mark.integration
BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "memory.py"
LIMIT = 600  # megabytes, of which Python and the libraries are half


@pytest.mark.parametrize(("rows", "length", "width"), [(5_000, 8_000, 3), (60, 640_000, 3), (20, 20, 1_200)])
def test_everything_is_done_in_a_bounded_memory(
    config: Config, empty_database: str, rows: int, length: int, width: int
) -> None:
    key = config.meilisearch_key
    services = {
        "SCRYPATH_TEST_DATABASE_URL": empty_database,
        "SCRYPATH_TEST_MEILISEARCH_URL": config.need_meilisearch_url(),
        "SCRYPATH_TEST_MEILISEARCH_KEY": "" if key is None else key.reveal(),
    }
    sizes = ["--rows", str(rows), "--length", str(length), "--width", str(width)]
    ended = subprocess.run(
        [sys.executable, str(BENCHMARK), *sizes, "--limit", str(LIMIT)],
        env=os.environ | services,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.count("MB") == 5
