"""Values that the server could compare only by the letters of their text are compared by nothing but equality."""

from __future__ import annotations

from datetime import UTC, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

import scrypath
from scrypath.errors import InvalidOptions
from tests.support.schemas import build

COLUMNS: dict[str, Any] = {
    "wait": sa.Interval(),
    "opens": sa.Time(),
    "opens_there": sa.Time(timezone=True),
    "host": postgresql.INET(),
    "photo": sa.LargeBinary(),
    "exact": sa.Numeric(60, 20),
    "code": sa.CHAR(6),
    "attrs": sa.JSON(),
}
THING = build(
    sa.Table(
        "things",
        sa.MetaData(),
        sa.Column("id", sa.BigInteger, primary_key=True),
        *(sa.Column(name, kind) for name, kind in COLUMNS.items()),
    ),
    {
        "name": "Thing",
        "fields": ["id", *COLUMNS],
        "filterable": [*COLUMNS, "attrs.size"],
        "as_text": ["exact"],
    },
)

EQUAL: list[tuple[str, Any, str]] = [
    ("wait", timedelta(days=1, seconds=2), '"wait" = "P1DT2S"'),
    ("opens", time(8, 30), '"opens" = "08:30:00.000000"'),
    ("host", "10.0.0.1", '"host" = "10.0.0.1"'),
    ("exact", Decimal("12345678901234567890.5"), '"exact" = "12345678901234567890.5"'),
    ("code", "ab    ", '"code" = "ab"'),
    ("attrs.size", 3, '"attrs.size" = 3'),
    ("attrs.size", "x", '"attrs.size" = "x"'),
    ("attrs.size", True, '"attrs.size" = true'),
    ("attrs.size", Decimal("1.5"), '"attrs.size" = 1.5'),
]


@pytest.mark.parametrize(("name", "value", "expression"), EQUAL)
def test_equality_compares_what_the_document_holds(name: str, value: Any, expression: str) -> None:
    assert scrypath.SearchRequest(THING, filter={name: value}).expression() == expression


WITHOUT_ORDER: list[tuple[str, Any]] = [
    ("wait", timedelta(1)),
    ("host", "10.0.0.1"),
    ("exact", Decimal(2)),
    ("opens_there", time(8, tzinfo=UTC)),
    ("attrs.size", False),
]


@pytest.mark.parametrize(("name", "value"), WITHOUT_ORDER)
def test_an_order_that_letters_do_not_have_is_refused(name: str, value: Any) -> None:
    with pytest.raises(InvalidOptions, match="no order on the server"):
        scrypath.SearchRequest(THING, filter={name: {"gte": value}})


def test_times_of_day_have_an_order_where_they_have_no_zone() -> None:
    request = scrypath.SearchRequest(THING, filter={"opens": {"lt": time(9)}})
    assert request.expression() == '"opens" < "09:00:00.000000"'


def test_bytes_are_not_compared() -> None:
    with pytest.raises(InvalidOptions, match="holds bytes"):
        scrypath.SearchRequest(THING, filter={"photo": b"abc"})
    assert scrypath.SearchRequest(THING, filter={"photo": None}).expression() == '"photo" IS NULL'


def test_an_empty_text_inside_of_json_is_not_told_from_an_empty_list() -> None:
    with pytest.raises(InvalidOptions, match="nothing of this one is left"):
        scrypath.SearchRequest(THING, filter={"attrs.size": ""})
    with pytest.raises(InvalidOptions, match="cannot be"):
        scrypath.SearchRequest(THING, filter={"attrs": {"eq": {"size": 1}}})


NUMBERS: list[tuple[Any, str]] = [
    (0.1, '"attrs.size" = 0.1'),
    (-2.5, '"attrs.size" = -2.5'),
    (0.30000000000000004, '"attrs.size" "0.29999999999999993" TO "0.30000000000000016"'),
]


@pytest.mark.parametrize(("number", "expression"), NUMBERS)
def test_a_number_that_the_server_may_keep_as_its_neighbour_is_a_range(
    number: float, expression: str
) -> None:
    found = scrypath.SearchRequest(THING, filter={"attrs.size": number}).expression()
    assert found is not None
    assert found.startswith(expression)
