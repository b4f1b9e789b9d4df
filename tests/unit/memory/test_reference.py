"""What docs/reference/store.md says of the file is what the file is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scrypath.config import Config
from scrypath.memory import store

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "store.md").read_text("utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)


def test_the_page_lists_every_table_and_column_as_they_are(config: Config) -> None:
    with store.connect(config, read_only=True) as connection:
        tables = connection.execute(
            "SELECT table_name, comment FROM duckdb_tables() WHERE database_name = current_database()"
        ).fetchall()
        columns = connection.execute(
            "SELECT table_name, column_name, data_type, comment FROM duckdb_columns()"
            " WHERE database_name = current_database() ORDER BY table_name, column_index"
        ).fetchall()
    for table, meaning in tables:
        rows = [
            f"| `{name}` | `{kind.replace('TIMESTAMP WITH TIME ZONE', 'TIMESTAMPTZ')}` | {comment} |"
            for owner, name, kind, comment in columns
            if owner == table
        ]
        section = (
            f"### `{table}`\n\n{meaning}.\n\n| column | type | meaning |\n| --- | --- | --- |\n"
            + "\n".join(rows)
        )
        assert f"{section}\n\n" in PAGE


def test_the_page_lists_every_view_and_its_columns(config: Config) -> None:
    with store.connect(config, read_only=True) as connection:
        views = connection.execute(
            "SELECT view_name FROM duckdb_views() WHERE database_name = current_database() AND NOT internal"
        ).fetchall()
        for (view,) in views:
            assert f"### `{view}`\n" in PAGE
            names = [name for name, *_ in connection.execute(f"DESCRIBE {view}").fetchall()]
            assert view == "latest_snapshots" or f"`{', '.join(names)}`" in PAGE


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_of_the_page_runs(config: Config, query: str) -> None:
    with store.connect(config, read_only=True) as connection:
        connection.execute(query).fetchall()
