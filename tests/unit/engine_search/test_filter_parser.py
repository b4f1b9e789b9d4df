from __future__ import annotations

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scrypath.local.engine.search.filters import FilterError, parse, serialised
from scrypath.local.engine.search.nodes import And, Condition, In, Node, Not, Or, text

OPERATION = "Was expecting an operation"


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("brand", f"{OPERATION}"),
        ("brand =", "Was expecting a value but instead got nothing.\n8:8 brand ="),
        ("(a = 1", "Expression `(a = 1` is missing the following closing delimiter: `)`.\n1:7 (a = 1"),
        ("a = 1)", "Found unexpected characters at the end of the filter: `)`."),
        ("a = 'x", "Expression `\\'x` is missing the following closing delimiter: `'`.\n5:7 a = 'x"),
        ("a = AND", "Was expecting a value but instead got `AND`, which is a reserved keyword."),
        ("a IN x", "Expected `[` after `IN` keyword.\n6:7 a IN x"),
        ("a IN [x", "Expected matching `]` after the list of field names given to `IN[`"),
        ("a IN [x ☃]", "Expected only comma-separated field names inside `IN[..]` but instead found `☃]`."),
        ("a = 1 AND OR b = 2", "but instead got `OR`, which is a reserved keyword."),
        ("_geoRadius(1)", "Was expecting 3 or 4 arguments for `_geoRadius`, but instead found 1.\n14:14"),
        ("_geoBoundingBox([1, 2])", "The `_geoBoundingBox` filter expects two pairs of arguments"),
        ("_geoPolygon([1,2],[3,4])", "expects at least 3 points but only 2 were specified"),
        (
            "_geoPoint(1,2)",
            "`_geoPoint` is a reserved keyword and thus can't be used as a filter expression.",
        ),
        ("a = _geoRadius(1,2,3)", "The `_geoRadius` filter is an operation and can't be used as a value."),
        ("a = 'x\\q'", "Malformed value: `x\\\\q`."),
        ("a = '\\ud800'", "Found an invalid escaped sequence number: `"),
        ("(" * 60 + "a = 1" + ")" * 60, "The filter exceeded the maximum depth limit."),
        (["a = 1", 3], "Invalid syntax for the filter parameter: `expected String, [String], found: 3`."),
        ([["a = 1", ["x"]]], '`expected String, found: ["x"]`.'),
        (7, "`expected String, Array, found: 7`."),
    ],
)
def test_what_is_no_filter_is_refused_in_the_words_of_the_server(expression: object, message: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse(expression)  # type: ignore[arg-type]
    assert message in caught.value.message
    assert caught.value.code is None


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("a CONTAINS x", "Using `CONTAINS` in a filter requires enabling the `contains filter`"),
        ("_vectors EXISTS", "using a vector filter requires enabling the `multimodal`"),
        ("_foreign(a, b = 1)", "using a foreign filter requires enabling the `foreign_keys`"),
        ("_shard = 1", "using a shard filter requires enabling the `network`"),
    ],
)
def test_experimental_features_are_named(expression: str, message: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse(expression)
    assert message in caught.value.message
    assert caught.value.code == "feature_not_enabled"


@pytest.mark.parametrize("blank", [None, "", "  ", [], [[]], [""], [["", " "]]])
def test_a_blank_filter_is_no_filter(blank: object) -> None:
    assert parse(blank) is None  # type: ignore[arg-type]


def test_lists_are_joined_by_and_inner_lists_by_or() -> None:
    node = parse([["a = 1", "a = 2"], "b = 3"])
    assert isinstance(node, And)
    assert isinstance(node.parts[0], Or)


def test_two_nots_cancel_out() -> None:
    assert isinstance(parse("NOT NOT a = 1"), Condition)
    assert isinstance(parse("NOT a NOT IN [1]"), In)


WORDS = st.text(string.ascii_letters + string.digits + "_-.é☃'\"\\ ,()[]=<>!\n", min_size=1, max_size=8)


def quoted(word: str) -> str:
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


FIELDS = st.sampled_from(["a", "b.c", '"two words"', "'it\\'s'"])
VALUES = WORDS.map(quoted)
CONDITIONS = st.one_of(
    st.builds("{} {} {}".format, FIELDS, st.sampled_from(["=", "!=", ">", ">=", "<", "<="]), VALUES),
    st.builds("{} {} TO {}".format, FIELDS, VALUES, VALUES),
    st.builds(lambda f, vs: f"{f} IN [{', '.join(vs)}]", FIELDS, st.lists(VALUES, max_size=3)),
    st.builds("{} STARTS WITH {}".format, FIELDS, VALUES),
    st.builds("{} {}".format, FIELDS, st.sampled_from(["EXISTS", "IS NULL", "IS EMPTY"])),
)
EXPRESSIONS = st.recursive(
    CONDITIONS,
    lambda inner: st.one_of(
        st.builds("NOT {}".format, inner),
        st.builds("({})".format, inner),
        st.builds("({}) AND ({})".format, inner, inner),
        st.builds("({}) OR ({})".format, inner, inner),
    ),
    max_leaves=6,
)


def refusal(expression: str) -> str | None:
    """Why a text is no filter, None when it is one."""
    try:
        parse(expression)
    except FilterError as error:
        return error.message
    return None


def shape(node: Node) -> object:
    """The tree without the places of its parts in the text."""
    match node:
        case Not():
            return ("not", shape(node.inner))
        case And() | Or():
            return (type(node).__name__, *map(shape, node.parts))
        case Condition():
            return (node.field.text, node.operator, *(value.text for value in node.values))
        case In():
            return (node.field.text, "IN", *(value.text for value in node.values))
        case _:
            return text(node)


@given(EXPRESSIONS)
@example('a = "\\\\"')
def test_every_expression_survives_being_written_and_read_again(expression: str) -> None:
    node = parse(expression)
    assert node is not None
    assert shape(serialised(node)) == shape(node)


@given(st.text(max_size=60))
@example("a IN [")
@example("_geoRadius(")
@example("a = '\\")
def test_any_text_is_a_filter_or_a_refusal_that_quotes_it(expression: str) -> None:
    message = refusal(expression)
    assert message is None or message.endswith(expression)


@given(EXPRESSIONS, st.integers(0, 80), st.sampled_from([*"()[]'\"=<>!,\\ \n☃", "AND", "NOT ", "_geo"]))
def test_a_damaged_expression_never_breaks_the_parser(expression: str, at: int, damage: str) -> None:
    damaged = expression[:at] + damage + expression[at:]
    message = refusal(damaged)
    assert message is None or message.endswith(damaged)
