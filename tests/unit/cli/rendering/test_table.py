"""Tables that fit a terminal: aligned, nothing cut."""

from __future__ import annotations

from contextlib import redirect_stdout
from datetime import UTC, datetime
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from scrypath.cli.rendering.table import Column, show_table
from scrypath.cli.rendering.text import console

AT = datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC)
COLUMNS = [
    Column("Schema", "schema"),
    Column("Source", "source"),
    Column("Pending", "pending", right=True),
    Column("Retrying", "retrying", right=True),
    Column("Failed", "failed", right=True),
    Column("Last success", "last"),
    Column("Oldest pending (UTC)", "oldest"),
]


@pytest.mark.parametrize("width", [80, 90, 100, 120])
def test_no_heading_and_no_number_is_cut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    row = {
        "schema": "City",
        "source": "meilisearch",
        "pending": 1200,
        "retrying": 0,
        "failed": 3,
        "last": "meili:12345678, 2026-03-01 12:30:05",
        "oldest": AT,
    }
    show_table([row, row | {"oldest": None}], COLUMNS)
    text = capsys.readouterr().out
    assert "…" not in text
    assert all(len(line) <= width for line in text.splitlines())
    for whole in ("Schema", "Source", "Pending", "Retrying", "Failed", "meili:12345678", "1,200"):
        assert whole in text.split() or f"{whole}," in text.split()
    for heading in ("Last success", "Oldest", "pending", "(UTC)"):
        assert heading in text


def test_where_names_alone_are_too_wide_the_lines_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    row = {"a": "warehouse_products", "b": 1_234_567, "c": "Read it back."}
    show_table(
        [row], [Column("Index", "a"), Column("Rows", "b", right=True), Column("Then", "c", wraps=True)]
    )
    assert capsys.readouterr().out.splitlines() == [
        "Index                    Rows",
        "warehouse_products  1,234,567",
        "    Then: Read it",
        "    back.",
    ]


def test_without_rows_there_are_headings(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    show_table([], [Column("Documents", "a", right=True), Column("Recommended", "b", wraps=True)])
    assert capsys.readouterr().out.splitlines() == ["Documents  Recommended"]


WORDS = st.text("aé日🙂-", min_size=1, max_size=9)


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 10**7), st.lists(WORDS, max_size=4), st.lists(WORDS, max_size=12)),
        min_size=1,
        max_size=4,
    ),
    width=st.integers(45, 120),
)
def test_every_table_fits_and_shows_each_word(
    rows: list[tuple[int, list[str], list[str]]], width: int
) -> None:
    shown = [{"n": n, "name": " ".join(name), "why": " ".join(why)} for n, name, why in rows]
    columns = [
        Column("Rows", "n", right=True),
        Column("Name of it", "name"),
        Column("Why", "why", wraps=True),
    ]
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as out:
        patch.setenv("COLUMNS", str(width))
        console.cache_clear()
        show_table(shown, columns)
    lines = out.getvalue().splitlines()
    assert all(cell_len(line) <= width for line in lines)
    printed = sorted(word for line in lines for word in line.split())
    below = ["Why:"] * sum(line.lstrip().startswith("Why:") for line in lines)
    headings = ["Rows", "Name", "of", "it"] + ([] if below else ["Why"])
    expected = [f"{n:,}" for n, _, _ in rows] + [word for _, name, why in rows for word in (*name, *why)]
    assert printed == sorted(headings + below + expected)
