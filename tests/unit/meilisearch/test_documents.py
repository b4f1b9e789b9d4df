from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrypath.config import Config
from scrypath.errors import BackendRejected, IndexNotFound, InvalidOptions, TransportError
from scrypath.meilisearch import documents
from scrypath.meilisearch.documents import Page
from scrypath.meilisearch.reply import Reply
from tests.support.scripted_server import Answer, Asked, Script, enqueued, refusal


def page(found: list[dict[str, Any]]) -> Page:
    body = json.dumps({"results": found, "offset": 0, "limit": 9, "total": len(found)}, separators=(",", ":"))
    return Page(Reply(200, body.encode(), "POST /x"), 0, len(found), len(found))


def index_of(count: int) -> Any:
    """An answer for ``documents/fetch`` on an index of so many documents."""

    def answer(asked: Asked) -> Answer:
        wanted = json.loads(asked.body)
        ids = range(wanted["offset"], min(wanted["offset"] + wanted["limit"], count))
        return Answer(
            {
                "results": [{"id": n} for n in ids],
                "offset": wanted["offset"],
                "limit": wanted["limit"],
                "total": count,
            }
        )

    return answer


def test_a_write_is_ndjson_with_its_reference(server: Script, config: Config) -> None:
    server.say(enqueued(3))
    (sent,) = documents.write(
        config, "cities", [{"id": 1, "name": "Bern"}, b'{"id":2}'], primary_key="id", reference="scry-1"
    )
    asked = server.asked[0]
    assert (asked.method, asked.path) == ("POST", "/indexes/cities/documents")
    assert asked.params == {"primaryKey": "id", "customMetadata": "scry-1"}
    assert asked.headers["content-type"] == "application/x-ndjson"
    assert asked.body == b'{"id":1,"name":"Bern"}\n{"id":2}'
    assert (sent.uid, sent.index, sent.document_count) == (3, "cities", 2)
    assert sent.enqueued_at is not None


def test_an_update_is_a_put(server: Script, config: Config) -> None:
    server.say(enqueued())
    documents.write(config, "cities", [{"id": 1}], content="update")
    assert server.asked[0].method == "PUT"


def test_nothing_to_write_is_nothing_sent(server: Script, config: Config) -> None:
    assert documents.write(config, "cities", []) == []
    assert documents.delete(config, "cities", []) == []
    assert documents.get_many(config, "cities", []) == []
    assert not server.asked


def test_what_was_accepted_before_a_refusal_is_not_forgotten(server: Script) -> None:
    config = Config(meilisearch_url=server.url, batch_size=1)
    server.say(enqueued(1), enqueued(2), refusal("payload_too_large", "Too large.", 413))
    sent: list[int] = []
    with pytest.raises(BackendRejected):
        documents.write(
            config, "cities", [{"id": n} for n in range(5)], on_sent=lambda task: sent.append(task.uid)
        )
    assert sent == [1, 2]


@given(
    st.lists(st.dictionaries(st.text(max_size=3), st.text(max_size=20), max_size=3), max_size=20),
    st.integers(1, 5),
    st.integers(200, 400),
)
def test_batches_keep_every_document_within_both_limits(
    found: list[dict[str, str]], most: int, limit: int
) -> None:
    payloads = list(documents.batches(found, most, limit))
    assert [json.loads(line) for payload, _ in payloads for line in payload.split(b"\n")] == found
    assert all(len(payload) <= limit and 1 <= count <= most for payload, count in payloads)
    assert sum(count for _, count in payloads) == len(found)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (
            {"id": 1, "text": "x" * 2_000},
            r"Document number 0 has \d+ bytes, more than payload_limit \(1000\)",
        ),
        ({"id": object()}, "Document number 0 is not JSON"),
        ({1: "x"}, "Document number 0 is not JSON"),
        ({"id": 2**70}, "Document number 0 is not JSON"),
    ],
)
def test_a_document_that_cannot_be_sent_is_named(
    server: Script, document: dict[str, Any], message: str
) -> None:
    config = Config(meilisearch_url=server.url, payload_limit=1_000)
    with pytest.raises(InvalidOptions, match=message):
        documents.write(config, "cities", [document])
    assert not server.asked


@pytest.mark.parametrize("index", ["", "a b", "../keys", "ü", "x" * 401, None])
def test_a_name_that_no_index_can_have_is_refused(server: Script, config: Config, index: Any) -> None:
    with pytest.raises(InvalidOptions, match="cannot be the name of an index"):
        documents.write(config, index, [{"id": 1}])
    assert not server.asked


def test_unknown_content_is_refused(config: Config) -> None:
    with pytest.raises(InvalidOptions, match="content cannot be 'merge'"):
        documents.write(config, "cities", [], content="merge")  # type: ignore[arg-type]


def test_deletes_are_batched(server: Script) -> None:
    config = Config(meilisearch_url=server.url, batch_size=2)
    server.say(enqueued(1), enqueued(2))
    sent = documents.delete(config, "cities", ["a", "b", "c"], reference="scry-1")
    assert [json.loads(asked.body) for asked in server.asked] == [["a", "b"], ["c"]]
    assert [(task.uid, task.document_count) for task in sent] == [(1, 2), (2, 1)]


def test_reading_by_ids_is_repeatable_and_chunked(server: Script, config: Config) -> None:
    server.say(
        Answer(drop=True),
        lambda asked: Answer({"results": [{"id": i} for i in json.loads(asked.body)["ids"]]}),
    )
    found = documents.get_many(config, "cities", [str(n) for n in range(1_500)], fields=["id"])
    assert len(found) == 1_500
    assert json.loads(server.asked[1].body)["fields"] == ["id"]


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [(0, None, range(25)), (5, 17, range(5, 17)), (20, 99, range(20, 25)), (30, None, [])],
)
def test_pages_come_in_order_and_end(
    server: Script, config: Config, start: int, stop: int | None, expected: Any
) -> None:
    server.say(index_of(25))
    found = list(documents.pages(config, "cities", fields=["id"], page_size=4, start=start, stop=stop))
    assert [document["id"] for one in found for document in one.documents()] == list(expected)
    assert {one.total for one in found} == {25}
    assert [one.count for one in found] == [len(one.documents()) for one in found]


def test_an_empty_index_is_one_empty_page(server: Script, config: Config) -> None:
    server.say(index_of(0))
    (only,) = documents.pages(config, "cities")
    assert (only.total, only.count, only.documents()) == (0, 0, [])
    assert documents.columns(only, ["id", "f"], id_field="id").num_rows == 0


def test_an_index_that_vanishes_on_the_way_is_said(server: Script, config: Config) -> None:
    gone = refusal("index_not_found", "Index `cities` not found.", 404)
    server.say(lambda asked: index_of(9)(asked) if json.loads(asked.body)["offset"] < 4 else gone)
    reading = documents.pages(config, "cities", page_size=2)
    assert next(reading).count == 2
    with pytest.raises(IndexNotFound):
        list(reading)


def test_a_reading_that_is_left_early_leaves_nothing_open(server: Script, config: Config) -> None:
    server.say(index_of(100))
    reading = documents.pages(config, "cities", page_size=2)
    next(reading)
    reading.close()
    assert len(server.asked) <= 4


@pytest.mark.parametrize("options", [{"page_size": 0}, {"start": -1}, {"ahead": 0}])
def test_impossible_pages_are_refused(config: Config, options: dict[str, int]) -> None:
    with pytest.raises(InvalidOptions, match=f"{next(iter(options))} cannot be"):
        next(documents.pages(config, "cities", **options))


def test_a_page_with_fewer_documents_than_it_claims_is_refused(server: Script, config: Config) -> None:
    said = b'{"results":[{"id":1}],"offset":0,"limit":20,"total":3}'
    server.say(Answer(orjson.loads(said)))
    with pytest.raises(TransportError, match="not Meilisearch's"):
        list(documents.pages(config, "cities", page_size=20))
    server.say(Answer(said))
    (page,) = documents.pages(config, "cities", page_size=20)
    with pytest.raises(TransportError, match="not Meilisearch's"):
        page.documents()
    with pytest.raises(TransportError, match="not Meilisearch's"):
        documents.columns(page, ["id"])


def test_a_page_that_is_not_meilisearchs_is_refused(server: Script, config: Config) -> None:
    server.say(Answer({"documents": []}))
    with pytest.raises(TransportError, match="not Meilisearch's"):
        list(documents.pages(config, "cities"))


def test_columns_of_ids_of_both_kinds() -> None:
    found = page(
        [{"id": 1, "f": "a"}, {"id": "1", "f": None}, {"id": "x-2"}, {"id": -3, "f": {"n": [1.5, True]}}]
    )
    assert documents.columns(found, ["id", "f"], id_field="id").to_pydict() == {
        "id": ["1", "1", "x-2", "-3"],
        "f": ["a", None, None, '{"n":[1.5,true]}'],
        "id_kind": ["number", "string", "string", "number"],
    }


def test_ids_that_are_digits_in_text_are_strings() -> None:
    found = page([{"id": "10", "f": "a"}, {"id": "20", "f": "b"}])
    assert documents.columns(found, ["id"], id_field="id").to_pydict() == {
        "id": ["10", "20"],
        "id_kind": ["string"] * 2,
    }


INTEGERS = st.integers(-(2**63), 2**63 - 1)  # a larger one the server itself keeps as a float
VALUES = st.one_of(
    st.none(), st.booleans(), INTEGERS, st.floats(allow_nan=False, allow_infinity=False),
    st.text(), st.lists(INTEGERS), st.dictionaries(st.text(), st.text()),
)  # fmt: skip


@given(
    st.lists(
        st.fixed_dictionaries(
            {"id": st.one_of(st.integers(-5, 2**63 - 1), st.text())}, optional={"f": VALUES}
        )
    )
)
def test_columns_read_what_is_written(found: list[dict[str, Any]]) -> None:
    def text(value: Any) -> str | None:
        return value if value is None or isinstance(value, str) else json.dumps(value, separators=(",", ":"))

    read = documents.columns(page(found), ["id", "f"], id_field="id").to_pydict()
    assert read["id"] == [text(one["id"]) for one in found]
    assert read["id_kind"] == ["string" if isinstance(one["id"], str) else "number" for one in found]
    for one, seen in zip(found, read["f"], strict=True):
        value = one.get("f")
        if isinstance(value, str) or value is None:
            assert seen == value
        elif isinstance(value, float):  # a large one may be written without its exponent
            assert float(seen) == value
        else:
            assert json.loads(seen) == value


def test_a_document_that_cannot_be_sent_does_not_hide_what_was(server: Script) -> None:
    config = Config(meilisearch_url=server.url, batch_size=1)
    server.say(enqueued(1), enqueued(2))
    sent: list[int] = []
    rows = [{"id": 1}, {"id": 2}, {"id": 3}, {"id": object()}]
    with pytest.raises(InvalidOptions, match="Document number 3 is not JSON"):
        documents.write(config, "cities", rows, on_sent=lambda task: sent.append(task.uid))
    assert sent == [1, 2]
    assert len(server.asked) == 2


def test_batches_are_written_in_their_order(server: Script) -> None:
    config = Config(meilisearch_url=server.url, batch_size=1)
    server.say(*(enqueued(n) for n in range(30)))
    sent = documents.write(config, "cities", ({"id": n} for n in range(30)))
    assert [json.loads(asked.body)["id"] for asked in server.asked] == list(range(30))
    assert [task.uid for task in sent] == list(range(30))
