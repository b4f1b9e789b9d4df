"""``scrypath snapshots``: list, compare, publish, prune."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scrypath.config import resolve
from scrypath.frames import DOCUMENTS, SNAPSHOT_CHANGES, SNAPSHOTS
from scrypath.memory import snapshots

Run = Callable[..., tuple[int, str, str]]


def store(minutes: int, *ids: str, schema: str = "City") -> str:
    record = snapshots.SnapshotRecord(
        schema=schema,
        index=f"shop_{schema.lower()}",
        taken_at=datetime(2026, 5, 1, 12, tzinfo=UTC) + timedelta(minutes=minutes),
        documents_compared=True,
        rows=10,
        documents=10,
        stale=len(ids),
        failed=0,
    )
    drift = DOCUMENTS.rows([{"document_id": each, "drift": "stale"} for each in ids])
    return snapshots.save(resolve(), record, drift)


def names(text: str) -> list[str]:
    return [row["snapshot_id"] for row in json.loads(text)]


def test_the_list_needs_no_word_for_it(run: Run) -> None:
    city, country = store(0, "1"), store(1, schema="Country")
    for arguments in ((), ("list",)):
        code, out, err = run("snapshots", *arguments, "--json")
        assert (code, err) == (0, "")
        assert names(out) == [country, city]
        assert list(json.loads(out)[0]) == [column.name for column in SNAPSHOTS.columns]
    code, out, _ = run("snapshots")
    assert code == 0
    assert city in out
    assert "Published by" not in out


def test_the_list_of_a_schema_that_is_no_longer_declared(run: Run) -> None:
    city = store(0)
    store(1, schema="Country")
    for arguments in (("City", "--json"), ("--json", "City"), ("list", "City", "--json")):
        code, out, _ = run("snapshots", *arguments)
        assert (code, names(out)) == (0, [city])


def test_a_schema_of_which_nothing_is_remembered(run: Run) -> None:
    store(0)
    code, out, err = run("snapshots", "Ctiy")
    assert (code, out) == (1, "")
    assert err == (
        "Error (schema): No schema is named 'Ctiy', and no history is stored for one.\nHint: Did you mean 'City'?\n"
    )


@pytest.mark.parametrize(("second", "code"), [(("1", "3"), 2), (("1",), 2), (("3",), 2), ((), 0)])
def test_a_comparison_says_what_is_left(run: Run, second: tuple[str, ...], code: int) -> None:
    a, b = store(0, "1", "2"), store(1, *second)
    found, out, err = run("snapshots", "compare", a, b, "--json")
    assert (found, err) == (code, "")
    rows = json.loads(out)
    assert all(list(row) == [column.name for column in SNAPSHOT_CHANGES.columns] for row in rows)
    assert {row["document_id"]: row["change"] for row in rows} == {
        each: "resolved" if each not in second else "persisting" if each in {"1", "2"} else "new"
        for each in {"1", "2", *second}
    }
    assert run("snapshots", "compare", a, b, "--exit-zero")[0] == 0
    assert run("snapshots", "compare", b, a)[0] == code


def test_a_comparison_of_many_documents_says_how_many_are_shown(run: Run) -> None:
    a, b = store(0, *(f"old-{n}" for n in range(30))), store(1, *(f"new-{n}" for n in range(5)))
    _, out, _ = run("snapshots", "compare", a, b)
    assert out.startswith("new 5, resolved 30.\n")
    assert out.count("old-") == 20
    assert out.endswith("The first 20 of each kind are shown; --json gives all 35.\n")
    _, out, _ = run("snapshots", "compare", a, a)
    assert "persisting 30." in out
    _, out, _ = run("snapshots", "compare", *(store(n) for n in (2, 3)))
    assert out == "No document was out of step in either snapshot.\n"


def test_snapshots_that_cannot_be_compared(run: Run) -> None:
    a, b = store(0), store(1, schema="Country")
    assert run("snapshots", "compare", a, "snap-x")[2].startswith(
        "Error (invalid_options): No snapshot has the id 'snap-x'.\nHint: "
    )
    code, out, err = run("snapshots", "compare", a, b, "--json")
    assert (code, out) == (1, "")
    assert json.loads(err)["message"] == "The snapshots are of different schemas: City, Country."


def test_a_published_history_is_read_where_nothing_is_configured(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = str(tmp_path / "team")
    assert run("snapshots", "publish", team)[0] == 1
    a, b = store(0, "1"), store(1)
    code, out, err = run("snapshots", "publish", team)
    assert (code, err) == (0, "")
    assert out == (
        f"Published 2 snapshots under {team}.\n0 snapshots of this machine had been published there before.\n"
    )
    code, out, _ = run("snapshots", "publish", team)
    assert (code, out) == (0, "Nothing new: all 2 snapshots of this machine are there already.\n")
    monkeypatch.setenv("SCRYPATH_HOME", str(tmp_path / "elsewhere"))
    code, out, _ = run("snapshots", "--url", team, "City", "--json")
    assert (code, names(out)) == (0, [b, a])
    code, out, _ = run("snapshots", "--url", team)
    assert "Published by" in out
    assert run("snapshots", "compare", a, b, "--url", team)[:2] == (
        0,
        "resolved 1.\nDocument  Change    Before  After\n1         resolved  stale   –\n",
    )
    code, _, err = run("snapshots", "Town", "--url", team)
    assert code == 1
    assert "no history is stored for one" in err
    assert "City" in err
    assert not (tmp_path / "elsewhere").exists()


def test_a_publication_as_json(run: Run, tmp_path: Path) -> None:
    mine = store(0)
    code, out, _ = run("snapshots", "publish", str(tmp_path / "team"), "--json")
    assert code == 0
    answer = json.loads(out)
    assert (answer["url"], answer["already_there"]) == (str(tmp_path / "team"), 0)
    assert [row["snapshot_id"] for row in answer["snapshots"]] == [mine]


@pytest.mark.parametrize("command", [("publish",), ("list", "--url")])
def test_a_url_that_cannot_be_used(run: Run, command: tuple[str, ...]) -> None:
    pytest.importorskip("fsspec")
    store(0)
    code, out, err = run("snapshots", *command, "pigeon://ada:hunter2@loft/team?sig=abcdef")
    assert (code, out) == (1, "")
    assert err.startswith("Error (config): pigeon://ada:********@loft/team?sig=******** cannot be opened: ")
    assert "\nHint: " in err
    assert "hunter2" not in err
    assert "abcdef" not in err


def test_an_empty_place(run: Run, tmp_path: Path) -> None:
    code, out, err = run("snapshots", "--url", str(tmp_path / "nothing"))
    assert (code, out) == (1, "")
    assert "Nothing was published under" in err
    assert "scrypath snapshots publish <url>" in err


def test_pruning_asks_before_it_deletes(run: Run) -> None:
    for minutes in range(3):
        store(minutes)
    for arguments in ((), ("--json",)):
        code, out, err = run("snapshots", "prune", "--keep", "1", *arguments)
        assert (code, out) == (1, "")
        assert "there is no terminal to ask at" in err
        assert "--dry-run" in err
    code, out, _ = run("snapshots", "prune", "--keep", "1", "--dry-run")
    assert code == 0
    assert out.endswith("\nWould be deleted: 2 snapshots.\n")
    assert len(names(run("snapshots", "--json")[1])) == 3
    assert run("snapshots", "prune", "--keep", "1", "--yes") == (0, "Deleted: 2 snapshots.\n", "")
    assert run("snapshots", "prune", "--keep", "1", "--yes") == (
        0,
        "No snapshot is old enough to be deleted.\n",
        "",
    )
    assert len(names(run("snapshots", "--json")[1])) == 1


def test_pruning_by_settings(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    old, _ = store(0), store(1)
    code, _, err = run("snapshots", "prune", "--yes")
    assert code == 1
    assert "no setting says which snapshots stay" in err
    monkeypatch.setenv("SCRYPATH_KEEP_SNAPSHOTS", "1")
    code, out, _ = run("snapshots", "prune", "--yes", "--json")
    assert (code, names(out)) == (0, [old])


@pytest.mark.parametrize(("days", "left"), [("0", 1), ("36500", 2)])
def test_pruning_one_schema_by_age(run: Run, days: str, left: int) -> None:
    for schema in ("City", "Country"):
        for minutes in (0, 1):
            store(minutes - 24 * 60 * 365, schema=schema)
    assert run("snapshots", "prune", "City", "--days", days, "--yes")[0] == 0
    assert len(names(run("snapshots", "City", "--json")[1])) == left
    assert len(names(run("snapshots", "Country", "--json")[1])) == 2
