from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scrypath.local.engine.search import indexer

SCALARS = st.sampled_from([None, True, 0, 1, 1.0, 2.5, "", "Oak", "oak table", "Chair. Oak!", "é"])
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=3), st.fixed_dictionaries({"x": SCALARS}))
DOCUMENTS = st.fixed_dictionaries(
    {"id": st.integers(0, 4)}, optional={"a": VALUES, "b": VALUES, "_geo": st.just({"lat": 1, "lng": 2})}
)
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "searchableAttributes": st.sampled_from([["*"], ["a"], ["b", "a.x"]]),
        "filterableAttributes": st.sampled_from([[], ["a"], ["b", "_geo"], [{"attributePatterns": ["a*"]}]]),
        "sortableAttributes": st.sampled_from([[], ["b"]]),
        "distinctAttribute": st.sampled_from([None, "a"]),
        "stopWords": st.sampled_from([[], ["oak"]]),
        "rankingRules": st.sampled_from([["words"], ["words", "b:desc"]]),
    },
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.lists(DOCUMENTS, min_size=1, max_size=3)),
        st.tuples(st.just("delete"), st.integers(0, 4)),
        st.tuples(st.just("set"), SETTINGS),
    ),
    max_size=8,
)


@given(STEPS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_history_leaves_what_indexing_the_last_state_afresh_gives(
    make_index: Callable[..., Any], steps: list[tuple[str, Any]]
) -> None:
    index = make_index()
    state: dict[int, dict[str, Any]] = {}
    for kind, value in steps:
        if kind == "write":
            index.write(value)
            state |= {document["id"]: document for document in value}
        elif kind == "delete":
            index.delete(value)
            state.pop(value, None)
        else:
            index.configure(**value)
    docids = {document["id"]: index._row(document["id"])[0] for document in state.values()}
    fresh = make_index(**{key: index.settings[key] for key in index.settings})
    for document in sorted(state.values(), key=lambda document: docids[document["id"]]):
        fresh.next = docids[document["id"]]
        fresh.write([document])
    assert index.rows() == fresh.rows()
    index.check()


def test_a_document_written_twice_in_one_stream_is_indexed_once(make_index: Callable[..., Any]) -> None:
    index = make_index([{"id": 1, "t": "first words"}, {"id": 1, "t": "second words"}])
    assert index.ids("second") == [1]
    assert index.ids("first") == []


def test_fields_that_nobody_searches_or_filters_cost_nothing(make_index: Callable[..., Any]) -> None:
    index = make_index([{"id": 1, "t": "words", "n": 1}], searchableAttributes=["t"])
    rows = index.rows()
    assert rows["text"] == {(0, "t", "words")}
    assert not rows["facet_numbers"] | rows["facet_strings"] | rows["facet_marks"]


def test_huge_integers_are_indexed(make_index: Callable[..., Any]) -> None:
    index = make_index([{"id": 1, "n": 2**70}], filterableAttributes=["n"])
    assert index.matching("n > 1e20") == [0]
    assert index.ids(str(2**70)) == [1]


def test_everything_is_forgotten_at_once(make_index: Callable[..., Any]) -> None:
    index = make_index([{"id": n, "a": f"oak {n}"} for n in range(20)], filterableAttributes=["a"])
    indexer.clear(index.conn)
    assert not any(index.rows().values())
    index.conn.execute("DELETE FROM documents")
    index.write([{"id": 1, "a": "oak table"}])
    assert index.ids("oak") == [1]
    index.check()


def test_reindexing_can_be_given_up(make_index: Callable[..., Any]) -> None:
    class GivenUp(Exception):
        pass

    def give_up() -> None:
        raise GivenUp

    index = make_index([{"id": 1, "a": "oak"}])
    before = index.rows()
    index.conn.execute("SAVEPOINT batch")
    with pytest.raises(GivenUp):
        indexer.rebuild(index.conn, index.settings, {**index.settings, "stopWords": ["oak"]}, give_up)
    index.conn.execute("ROLLBACK TO batch")
    assert index.rows() == before
    assert index.ids("oak") == [1]
