from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scrypath.local.engine.search.filters import FilterError
from scrypath.local.engine.search.values import normal_facet

SCALARS = st.sampled_from(
    [None, True, False, 0, 1, -2, 2.5, 10, "", "a", "A", "b", "ab", "é", "10", "1e1", "true"]
)
VALUES: st.SearchStrategy[Any] = st.one_of(
    SCALARS,
    st.lists(SCALARS, max_size=3),
    st.fixed_dictionaries({"x": SCALARS}),
    st.lists(st.fixed_dictionaries({"x": SCALARS}), max_size=2),
    st.just({}),
)
DOCUMENTS = st.lists(st.fixed_dictionaries({}, optional={"n": VALUES, "m": VALUES}), min_size=1, max_size=6)
WORDS = ["a", "A", "b", "é", "10", "1e1", "1", "true", "0", "2.5", "-2", "z", "nan"]
FIELDS = ["n", "m", "n.x", "absent"]

type Document = dict[str, Any]
type Test = Callable[[Document, set[str]], bool]


def values(document: dict[str, Any], field: str) -> tuple[list[float], list[str], bool, bool, bool]:
    """Numbers and texts of a field, and whether it is there, null, empty: the plain model."""
    name, _, inner = field.partition(".")
    if name not in document:
        return [], [], False, False, False
    found = [document[name]]
    if inner:
        parts = found[0] if isinstance(found[0], list) else found
        found = [part[inner] for part in parts if isinstance(part, dict) and inner in part]
        if not found:
            return [], [], False, False, False
    null = any(value is None for value in found)
    empty = any(value in ("", [], {}) and value is not False for value in found if not isinstance(value, int))
    flat: list[Any] = []
    for value in found:
        flat += value if isinstance(value, list) else [value]
    numbers = [float(v) for v in flat if isinstance(v, int | float) and not isinstance(v, bool)]
    texts = [str(v).lower() for v in flat if isinstance(v, bool)]
    texts += [normal_facet(v) for v in flat if isinstance(v, str) and v]
    return numbers, texts, True, null, empty


def as_number(word: str) -> float | None:
    number = float(word) if word not in {"a", "A", "b", "é", "true", "z"} else None
    return number if number is not None and math.isfinite(number) else None


def equal(field: str, word: str) -> Test:
    def test(document: Document, known: set[str]) -> bool:
        numbers, texts, *_ = values(document, field)
        return as_number(word) in numbers or normal_facet(word) in texts

    return test


def unequal(field: str, word: str) -> Test:
    # of a field that no document ever had, the server selects nothing
    return lambda document, known: field in known and not equal(field, word)(document, known)


def compared(field: str, operator: str, word: str) -> Test:
    def holds(left: Any, right: Any) -> bool:
        results: dict[str, bool] = {
            ">": left > right,
            ">=": left >= right,
            "<": left < right,
            "<=": left <= right,
        }
        return results[operator]

    def test(document: Document, known: set[str]) -> bool:
        numbers, texts, *_ = values(document, field)
        bound = as_number(word)
        return any(bound is not None and holds(number, bound) for number in numbers) or any(
            holds(text.encode(), normal_facet(word).encode()) for text in texts
        )

    return test


def between(field: str, low: str, high: str) -> Test:
    def test(document: Document, known: set[str]) -> bool:
        numbers, texts, *_ = values(document, field)
        bottom, top = as_number(low), as_number(high)
        within = bottom is not None and top is not None and any(bottom <= n <= top for n in numbers)
        lowest, highest = normal_facet(low).encode(), normal_facet(high).encode()
        return within or any(lowest <= text.encode() <= highest for text in texts)

    return test


def one_of(field: str, words: list[str]) -> Test:
    return lambda document, known: any(equal(field, word)(document, known) for word in words)


def starting(field: str, word: str) -> Test:
    return lambda document, _: any(t.startswith(normal_facet(word)) for t in values(document, field)[1])


def state(field: str, which: int) -> Test:
    return lambda document, _: bool(values(document, field)[which])


FIELD = st.sampled_from(FIELDS)
WORD = st.sampled_from(WORDS)
LEAVES: st.SearchStrategy[tuple[str, Test]] = st.one_of(
    st.builds(lambda f, w: (f"{f} = {w}", equal(f, w)), FIELD, WORD),
    st.builds(lambda f, w: (f"{f} != {w}", unequal(f, w)), FIELD, WORD),
    st.builds(
        lambda f, o, w: (f"{f} {o} {w}", compared(f, o, w)),
        FIELD,
        st.sampled_from([">", ">=", "<", "<="]),
        WORD,
    ),
    st.builds(lambda f, a, b: (f"{f} {a} TO {b}", between(f, a, b)), FIELD, WORD, WORD),
    st.builds(lambda f, ws: (f"{f} IN [{', '.join(ws)}]", one_of(f, ws)), FIELD, st.lists(WORD, max_size=3)),
    st.builds(lambda f, w: (f"{f} STARTS WITH {w}", starting(f, w)), FIELD, WORD),
    st.builds(lambda f: (f"{f} EXISTS", state(f, 2)), FIELD),
    st.builds(lambda f: (f"{f} IS NULL", state(f, 3)), FIELD),
    st.builds(lambda f: (f"{f} IS EMPTY", state(f, 4)), FIELD),
)


def _not(inner: tuple[str, Test]) -> tuple[str, Test]:
    return f"NOT ({inner[0]})", lambda document, known: not inner[1](document, known)


def _both(left: tuple[str, Test], right: tuple[str, Test]) -> tuple[str, Test]:
    return (
        f"({left[0]}) AND ({right[0]})",
        lambda document, known: left[1](document, known) and right[1](document, known),
    )


def _either(left: tuple[str, Test], right: tuple[str, Test]) -> tuple[str, Test]:
    return (
        f"({left[0]}) OR ({right[0]})",
        lambda document, known: left[1](document, known) or right[1](document, known),
    )


FILTERS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(_not, inner), st.builds(_both, inner, inner), st.builds(_either, inner, inner)
    ),
    max_leaves=5,
)


@given(DOCUMENTS, FILTERS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_filters_select_what_a_plain_reading_of_the_documents_selects(
    make_index: Callable[..., Any], documents: list[dict[str, Any]], filter_: tuple[str, Test]
) -> None:
    index = make_index(
        [{"id": number, **document} for number, document in enumerate(documents)],
        filterableAttributes=["n", "m", "absent"],
    )
    expression, test = filter_
    known = {field for field in FIELDS for document in documents if values(document, field)[2]}
    selected = [number for number, document in enumerate(documents) if test(document, known)]
    assert index.matching(expression) == selected


def test_a_field_that_may_not_be_filtered_is_refused(make_index: Callable[..., Any]) -> None:
    index = make_index([{"id": 1, "a": 1}], filterableAttributes=["b", {"attributePatterns": ["c*"]}])
    with pytest.raises(FilterError) as caught:
        index.matching("a = 1")
    assert caught.value.message == (
        "Attribute `a` is not filterable. Available filterable attribute patterns are: `b`, `c*`.\n1:2 a = 1"
    )


def test_an_operator_that_a_rule_leaves_out_is_refused(make_index: Callable[..., Any]) -> None:
    features = {"facetSearch": False, "filter": {"equality": True, "comparison": False}}
    rule = {"attributePatterns": ["a"], "features": features}
    index = make_index([{"id": 1, "a": 1}], filterableAttributes=[rule])
    assert index.matching("a = 1") == [0]
    with pytest.raises(FilterError) as caught:
        index.matching("a > 1")
    assert caught.value.message.startswith("Filter operator `>` is not allowed for the attribute `a`.\n")


def test_places(make_index: Callable[..., Any]) -> None:
    index = make_index(
        [
            {"id": 1, "_geo": {"lat": 45.4777599, "lng": 9.1967508}},
            {"id": 2, "_geo": {"lat": "45.46", "lng": "9.15"}},
            {"id": 3, "_geo": {"lat": 0, "lng": 179.9}},
            {"id": 4, "_geo": None},
        ],
        filterableAttributes=["_geo"],
    )
    assert index.matching("_geoRadius(45.472735, 9.184019, 2000)") == [0]
    assert index.matching("_geoBoundingBox([45.5, 9.2], [45.4, 9.1])") == [0, 1]
    assert index.matching("_geoBoundingBox([1, -170], [-1, 170])") == [2]
    with pytest.raises(
        FilterError, match=r"Bad latitude `95`. Latitude must be contained between -90 and 90"
    ):
        index.matching("_geoRadius(95, 1, 2)")
    with pytest.raises(FilterError, match=r"Hint: try using `-170` instead\."):
        index.matching("_geoRadius(5, 190, 2)")
    with pytest.raises(FilterError, match=r"The top latitude `1` is below the bottom latitude `2`\."):
        index.matching("_geoBoundingBox([1, 2], [2, 1])")


def test_thousands_of_conditions_are_one_filter(make_index: Callable[..., Any]) -> None:
    index = make_index([{"id": n, "n": n} for n in range(20)], filterableAttributes=["n"])
    assert index.matching([[f"n = {n}" for n in range(15, 5000)]]) == [15, 16, 17, 18, 19]
    assert index.matching([[f"n > {n}" for n in range(15, 5000)]]) == [16, 17, 18, 19]
    assert index.matching([f"n != {n}" for n in range(3, 5000)]) == [0, 1, 2]


def test_what_is_wrong_is_not_looked_at_once_nothing_is_left(make_index: Callable[..., Any]) -> None:
    index = make_index([{"id": 1, "n": 1}], filterableAttributes=["n", "_geo"])
    assert index.matching("n = 2 AND (n = 1 OR _geoRadius(95, 1, 2))") == []
    with pytest.raises(FilterError, match="Bad latitude"):
        index.matching("n = 1 AND (n = 1 OR _geoRadius(95, 1, 2))")
