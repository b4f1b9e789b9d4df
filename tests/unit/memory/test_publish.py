from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import duckdb
import polars as pl
import pytest

from scrypath.config import Config
from scrypath.errors import ConfigError, InvalidOptions, StoreError
from scrypath.frames import DOCUMENTS, SNAPSHOT_CHANGES, SNAPSHOTS
from scrypath.memory import place, publish, snapshots

TAKEN_AT = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)
RECORD = snapshots.SnapshotRecord(
    schema="City",
    index="shop_city",
    taken_at=TAKEN_AT,
    duration=timedelta(seconds=1.5),
    documents_compared=True,
    stale=1,
    evidence={"server": "1.50.0"},
)


def save(config: Config, minutes: int, *ids: str, schema: str = "City") -> str:
    record = replace(RECORD, taken_at=TAKEN_AT + timedelta(minutes=minutes), schema=schema)
    drifted = DOCUMENTS.rows([{"document_id": each, "drift": "stale"} for each in ids])
    return snapshots.save(config, record, drifted)


@pytest.fixture(params=["path", "file", "memory"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "memory":
        fsspec = pytest.importorskip("fsspec")
        folder = f"team-{uuid4().hex}"
        yield f"memory://{folder}"
        with suppress(FileNotFoundError):
            fsspec.filesystem("memory").rm(f"/{folder}", recursive=True)
    else:
        yield f"{'file://' if request.param == 'file' else ''}{tmp_path / 'team'}"


@pytest.fixture
def colleague(config: Config, tmp_path: Path) -> Config:
    return replace(config, home=tmp_path / "colleague")


def test_two_machines_read_back_one_history(config: Config, colleague: Config, url: str) -> None:
    mine = save(config, 0, "1", "2")
    theirs = save(colleague, 1, "2", "3")
    assert publish.publish(config, url).count == 1
    assert publish.publish(colleague, url).count == 1
    for each in (config, colleague):
        listed = snapshots.listing(each, url=url)
        SNAPSHOTS.check(listed)
        assert listed["snapshot_id"].to_list() == [theirs, mine]
    assert snapshots.record(config, mine, url=url) == RECORD
    DOCUMENTS.check(snapshots.documents(config, theirs, url=url))
    changes = snapshots.compare(config, mine, theirs, url=url)
    SNAPSHOT_CHANGES.check(changes)
    assert changes.select("document_id", "change").rows() == [
        ("3", "new"),
        ("2", "persisting"),
        ("1", "resolved"),
    ]
    newest = snapshots.latest(config, "City", url=url)
    assert newest is not None
    assert newest.snapshot_id == theirs


def test_only_what_is_not_there_yet_is_published(config: Config, url: str) -> None:
    save(config, 0, "1")
    assert [publish.publish(config, url).count for _ in range(2)] == [1, 0]
    save(config, 1, "1")
    save(config, 2)
    assert [publish.publish(config, url).count for _ in range(2)] == [2, 0]
    assert snapshots.listing(config, url=url).height == 3


def test_what_was_pruned_here_stays_published(config: Config, url: str) -> None:
    old, new = save(config, 0, "1"), save(config, 1, "1")
    publish.publish(config, url)
    snapshots.prune(config, keep=1)
    assert snapshots.listing(config)["snapshot_id"].to_list() == [new]
    assert snapshots.listing(config, url=url)["snapshot_id"].to_list() == [new, old]
    assert snapshots.documents(config, old, url=url).height == 1


def test_one_schema_of_the_published_history(config: Config, url: str) -> None:
    save(config, 0)
    save(config, 1, schema="Country")
    publish.publish(config, url)
    assert snapshots.listing(config, "Country", url=url)["schema"].to_list() == ["Country"]
    assert snapshots.listing(config, "Town", url=url).equals(SNAPSHOTS.empty())


def test_nothing_to_publish_leaves_nothing(config: Config, url: str) -> None:
    assert publish.publish(config, url).count == 0
    with pytest.raises(InvalidOptions, match=r"Nothing was published under .*team.*snapshots publish"):
        snapshots.listing(config, url=url)


def test_an_unknown_id_in_a_published_history(config: Config, url: str) -> None:
    save(config, 0)
    publish.publish(config, url)
    with pytest.raises(InvalidOptions, match="No snapshot has the id 'snap-x'"):
        snapshots.record(config, "snap-x", url=url)


def test_published_twice_at_once_is_read_once(config: Config, tmp_path: Path) -> None:
    save(config, 0, "1", "2")
    for name in ("a", "b"):
        publish.publish(config, tmp_path / name)
    for table in ("snapshots", "documents"):
        for number, file in enumerate((tmp_path / "b" / table).glob("*.parquet")):
            file.rename(tmp_path / "a" / table / f"again-{number}.parquet")
    listed = snapshots.listing(config, url=tmp_path / "a")
    assert listed.height == 1
    assert snapshots.documents(config, listed.item(0, "snapshot_id"), url=tmp_path / "a").height == 2


def test_a_publication_cut_short_is_made_good_by_the_next(config: Config, tmp_path: Path) -> None:
    team = tmp_path / "team"
    save(config, 0, "1")
    publish.publish(config, team)
    for file in (team / "snapshots").iterdir():
        file.unlink()
    with pytest.raises(InvalidOptions, match="Nothing was published"):
        snapshots.listing(config, url=team)
    assert publish.publish(config, team).count == 1
    snapshot_id = snapshots.listing(config, url=team).item(0, "snapshot_id")
    assert snapshots.documents(config, snapshot_id, url=team).height == 1


def test_the_files_are_plain_parquet_and_say_who_published(config: Config, tmp_path: Path) -> None:
    save(config, 0, "1")
    publish.publish(config, tmp_path / "team")
    rows = pl.read_parquet(tmp_path / "team" / "snapshots" / "*.parquet").rows(named=True)
    assert rows[0]["schema"] == "City"
    assert "@" in rows[0]["published_by"]
    assert rows[0]["published_at"] > TAKEN_AT
    with duckdb.connect(":memory:") as client:
        query = f"SELECT document_id FROM read_parquet('{tmp_path}/team/documents/*.parquet')"
        assert client.execute(query).fetchall() == [("1",)]


def test_a_damaged_file_in_the_place(config: Config, tmp_path: Path) -> None:
    folder = tmp_path / "team" / "snapshots"
    folder.mkdir(parents=True)
    (folder / "a.parquet").write_text("not parquet")
    with pytest.raises(StoreError, match=r"team cannot be read: .*a\.parquet"):
        snapshots.listing(config, url=tmp_path / "team")


def test_a_place_that_cannot_be_written(config: Config, tmp_path: Path) -> None:
    save(config, 0)
    (tmp_path / "team").write_text("")
    with pytest.raises(StoreError, match=r"team cannot be written: .*Check the URL"):
        publish.publish(config, tmp_path / "team")


def test_what_is_published_is_returned_and_says_by_whom(config: Config, url: str) -> None:
    first = save(config, 0)
    publish.publish(config, url)
    second = save(config, 1)
    done = publish.publish(config, url)
    SNAPSHOTS.check(done.snapshots)
    assert done.snapshots["snapshot_id"].to_list() == [second]
    assert (done.url, done.already_there) == (url, 1)
    listed = snapshots.listing(config, url=url)
    assert listed["snapshot_id"].to_list() == [second, first]
    assert listed["published_by"].str.contains("@").all()
    assert snapshots.listing(config)["published_by"].to_list() == [None, None]


def test_files_of_an_older_and_a_newer_scrypath_are_read_together(config: Config, url: str) -> None:
    """One without a column that came later, one with a column that this Scrypath does not know."""
    ours = save(config, 1, "1")
    publish.publish(config, url)
    team = place.find(url)
    with duckdb.connect(":memory:") as client:
        if team.filesystem is not None:
            client.register_filesystem(team.filesystem)
        [part] = team.files("snapshots")
        for table, changed in (
            (
                "snapshots",
                "* EXCLUDE (verify) REPLACE ('snap-old' AS snapshot_id, taken_at - INTERVAL 1 DAY AS taken_at)",
            ),
            ("documents", "* EXCLUDE (detail) REPLACE ('snap-old' AS snapshot_id)"),
        ):
            source = team.address(f"{table}/{part}")
            for name, columns in (
                ("old", changed),
                ("new", changed.replace("snap-old", "snap-new") + ", 7 AS priority"),
            ):
                target = team.address(f"{table}/{name}.parquet")
                client.execute(f"COPY (SELECT {columns} FROM '{source}') TO '{target}' (FORMAT parquet)")
    listed = snapshots.listing(config, url=url)
    SNAPSHOTS.check(listed)
    assert set(listed["snapshot_id"]) == {ours, "snap-old", "snap-new"}
    assert snapshots.record(config, "snap-old", url=url).evidence == RECORD.evidence
    for other in ("snap-old", "snap-new"):
        DOCUMENTS.check(snapshots.documents(config, other, url=url))
        assert snapshots.compare(config, other, ours, url=url)["change"].to_list() == ["persisting"]
    assert publish.publish(config, url).count == 0


def test_only_files_of_an_older_scrypath(config: Config, tmp_path: Path) -> None:
    old = save(config, 0, "1")
    publish.publish(config, tmp_path / "team")
    for table, column in (("snapshots", "pending"), ("documents", "detail")):
        for file in (tmp_path / "team" / table).glob("*.parquet"):
            pl.read_parquet(file).drop(column).write_parquet(file)
    assert snapshots.record(config, old, url=tmp_path / "team") == RECORD
    assert snapshots.documents(config, old, url=tmp_path / "team").item(0, "detail") is None


def test_documents_that_are_gone_are_not_taken_for_resolved_drift(config: Config, tmp_path: Path) -> None:
    team = tmp_path / "team"
    mine = save(config, 0, "1")
    publish.publish(config, team)
    [file] = (team / "documents").iterdir()
    file.unlink()
    assert snapshots.listing(config, url=team).height == 1
    for look in (snapshots.documents, snapshots.record):
        with pytest.raises(StoreError, match=f"documents/{file.name} is missing.*Publish again"):
            look(config, mine, url=team)
    assert publish.publish(config, team).count == 1
    assert snapshots.documents(config, mine, url=team).height == 1
    assert snapshots.listing(config, url=team).height == 1


def test_machines_may_publish_at_once_each_of_them_more_than_once(
    config: Config, colleague: Config, tmp_path: Path
) -> None:
    team = tmp_path / "team"
    for minutes in range(5):
        save(config, minutes, "1", "2")
        save(colleague, minutes, "1", "2")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda machine: publish.publish(machine, team), [config, colleague] * 3))
    listed = snapshots.listing(config, url=team)["snapshot_id"].to_list()
    assert len(listed) == 10
    assert set(listed) == {
        each for machine in (config, colleague) for each in snapshots.listing(machine)["snapshot_id"]
    }
    assert all(snapshots.documents(config, each, url=team).height == 2 for each in listed)


def test_a_publication_that_cannot_be_finished_shows_nothing(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(config, 0, "1")
    team = tmp_path / "team"

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("shutil.copyfileobj", full)
        with pytest.raises(
            StoreError, match=r"team cannot be written: .*No space left on device.*Free some space"
        ):
            publish.publish(config, team)
    assert list((team / "documents").iterdir()) == []
    assert publish.publish(config, team).count == 1


def test_a_place_with_signs_that_mean_something_in_patterns(config: Config, tmp_path: Path) -> None:
    mine = save(config, 0, "1")
    team = tmp_path / "team [1]*? it's"
    publish.publish(config, team)
    assert publish.publish(config, team).count == 0
    assert snapshots.documents(config, mine, url=team).height == 1


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "'' names no place"),
        (" ", "' ' names no place"),
        ("s3:/bucket/team", "'s3:/bucket/team' names no place.*two slashes"),
        ("file:/srv/team", "'file:/srv/team' names no place"),
        ("file://srv/team", "'file://srv/team' is not a path on this machine.*three slashes"),
        ("file:///srv/team#1", "is not a path on this machine"),
    ],
)
def test_a_url_that_is_mistyped_is_not_taken_for_a_folder(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    save(config, 0)
    for call in (lambda: publish.publish(config, url), lambda: snapshots.listing(config, url=url)):
        with pytest.raises(ConfigError, match=message):
            call()
    assert [path.name for path in tmp_path.iterdir()] == [config.home.name]


@pytest.mark.parametrize(
    ("url", "message"),
    [("carrier-pigeon://loft", "carrier-pigeon://loft cannot be opened: .*available_protocols")],
)
def test_a_url_that_no_file_system_knows(config: Config, url: str, message: str) -> None:
    pytest.importorskip("fsspec")
    with pytest.raises(ConfigError, match=message):
        publish.publish(config, url)


def test_without_fsspec_only_urls_need_it(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "fsspec"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "fsspec", None)
    save(config, 0)
    assert publish.publish(config, tmp_path / "team").count == 1
    with pytest.raises(ConfigError, match=r"s3://bucket/team needs fsspec.*pip install fsspec"):
        publish.publish(config, "s3://bucket/team")


@pytest.mark.parametrize(
    "url",
    [
        "pigeon://ada:hunter2@loft/team",
        "pigeon://ada:a/hunter2@loft/team",
        "pigeon://loft/team?sig=hunter2&sv=1",
        "pigeon://loft/team?X-Amz-Signature=hunter2",
        "memory://loft/team?sig=hunter2",
        "memory://ada:hunter2@loft/team",
    ],
)
def test_secrets_in_urls_are_not_shown(config: Config, url: str) -> None:
    pytest.importorskip("fsspec")
    with pytest.raises((ConfigError, InvalidOptions)) as caught:
        snapshots.listing(config, url=url)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_secrets_in_what_a_file_system_says_are_not_shown(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsspec = pytest.importorskip("fsspec")
    save(config, 0)
    url = "memory://ada:hunter%402@loft/team?sig=abcdef"

    def refuse(_: object, path: str, **options: object) -> None:
        raise PermissionError(f"PUT {path} as ada with hunter@2 or hunter%402 and abcdef: denied")

    monkeypatch.setattr(fsspec.get_filesystem_class("memory"), "makedirs", refuse)
    with pytest.raises(StoreError, match=r"cannot be written: .*denied") as caught:
        publish.publish(config, url)
    assert not any(secret in str(caught.value) for secret in ("hunter", "abcdef"))


def test_nothing_of_the_url_is_published(config: Config) -> None:
    pytest.importorskip("fsspec")
    save(config, 0)
    url = f"memory://{uuid4().hex}/team?sig=hunter2"
    done = publish.publish(config, url)
    assert "hunter2" not in f"{done.url} {done.snapshots.rows()}"
    assert "hunter2" not in str(snapshots.listing(config, url=url).rows())
