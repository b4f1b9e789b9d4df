from __future__ import annotations

import subprocess
import sys

import pytest

from scrypath.config import Config
from scrypath.errors import InvalidOptions, TransportError
from scrypath.meilisearch import batches, indexes, version
from scrypath.meilisearch.version import ServerVersion
from tests.support.scripted_server import Answer, Asked, Script, enqueued, refusal


def test_the_version_is_asked_for(server: Script, config: Config) -> None:
    server.say(Answer({"commitSha": "x", "commitDate": "y", "pkgVersion": "1.50.0"}))
    found = version.server_version(config)
    assert (found.text, found.supported, found.warnings) == ("1.50.0", True, ())
    assert all(found.features.values())


@pytest.mark.parametrize("body", [{}, {"pkgVersion": None}, {"pkgVersion": "banana"}, [], "x"])
def test_another_server_is_not_taken_for_meilisearch(server: Script, config: Config, body: object) -> None:
    server.say(Answer(body))
    with pytest.raises(TransportError, match="not Meilisearch's"):
        version.server_version(config)


@pytest.mark.parametrize(
    ("text", "supported", "warnings", "metadata"),
    [
        ("1.50.0", True, 0, True),
        ("1.30.0", True, 1, True),
        ("1.26.0-rc.2", True, 1, True),
        ("1.25.9", False, 1, False),
    ],
)
def test_what_a_version_can_do(text: str, supported: bool, warnings: int, metadata: bool) -> None:
    found = ServerVersion(text)
    assert (found.supported, len(found.warnings), found.supports("custom_metadata")) == (
        supported,
        warnings,
        metadata,
    )


def test_an_unknown_feature_is_refused() -> None:
    with pytest.raises(InvalidOptions, match=r"No server feature.*'export'"):
        ServerVersion("1.50.0").supports("exports")


def test_health_never_raises(server: Script, config: Config) -> None:
    assert version.health(config)
    server.say(Answer(b"<html>", 500))
    assert not version.health(config)
    assert not version.health(Config(meilisearch_url="http://127.0.0.1:1"))


def test_indexes_are_listed_to_the_end(
    server: Script, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexes, "PAGE", 2)
    every = [
        {"uid": f"i{n}", "createdAt": "2026-11-24T00:25:08.27Z", "updatedAt": None, "primaryKey": "id"}
        for n in range(5)
    ]

    def answer(asked: Asked) -> Answer:
        start = int(asked.params["offset"])
        return Answer({"results": every[start : start + 2], "offset": start, "limit": 2, "total": 5})

    server.say(answer)
    assert [found.uid for found in indexes.listing(config)] == ["i0", "i1", "i2", "i3", "i4"]


def test_an_index_that_is_not_there_is_none(server: Script, config: Config) -> None:
    server.say(refusal("index_not_found", "Index `x` not found.", 404))
    assert indexes.get(config, "x") is None


@pytest.mark.parametrize("pairs", [[], [("a", "a")], [("a", "b"), ("b", "c")]])
def test_impossible_swaps_are_refused(server: Script, config: Config, pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(InvalidOptions, match="swap cannot take"):
        indexes.swap(config, pairs)
    assert not server.asked


def test_a_swap_is_one_request(server: Script, config: Config) -> None:
    server.say(enqueued(8))
    assert indexes.swap(config, [("a", "b"), ("c", "d")]) == 8
    assert server.asked[0].body == b'[{"indexes":["a","b"]},{"indexes":["c","d"]}]'


def test_batches_of_tomorrow_are_listed(server: Script, config: Config) -> None:
    server.say(
        Answer({"results": [{"uid": 1, "stats": "x", "new": {}}, 5, {"uid": 0}], "total": 3, "next": None})
    )
    frame = batches.BATCHES.check(batches.listing(config))
    assert frame.get_column("uid").to_list() == [1, None, 0]


def test_importing_the_room_loads_neither_the_official_client_nor_arrow() -> None:
    code = (
        "import sys, scrypath.meilisearch as room; room.tasks, room.documents, room.settings;"
        "sys.exit(any(name in sys.modules for name in ('meilisearch', 'requests', 'httpx', 'pyarrow', 'duckdb')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
