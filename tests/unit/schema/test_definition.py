"""The fingerprint, against its definition written a second time, in plain Python and from the page alone."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrypath.errors import ProjectionError
from scrypath.schema import SearchSchema
from scrypath.schema.columns import from_records
from scrypath.schema.documents import project, project_columns, project_records
from scrypath.schema.fields import Kind
from scrypath.schema.metadata import FINGERPRINT_FIELD
from tests.support.shop import KINDS, Colour, everything

SCHEMA: SearchSchema = everything()
EMPTY = {"id": 1} | dict.fromkeys(KINDS)

text = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
int64 = st.integers(-(2**63), 2**63 - 1)
finite = st.floats(allow_nan=False, allow_infinity=False)
# The digits that a short float is written with, as far as PostgreSQL's type can hold it.
short = st.floats(width=32, allow_nan=False, allow_infinity=False).map(lambda x: float(str(numpy.float32(x))))
json_value = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | finite | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=8,
)
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30))

values = st.fixed_dictionaries(
    {
        "id": st.integers(0, 2**63 - 1),
        "whole": st.none() | int64,
        "small": st.none() | st.integers(-(2**15), 2**15 - 1),
        "ratio": st.none() | finite,
        "short_ratio": st.none() | short,
        "amount": st.none() | st.decimals(-(10**5), 10**5, places=10),
        "flag": st.none() | st.booleans(),
        "title": st.none() | text,
        "code": st.none() | st.text("abc ", max_size=12),
        "colour": st.none() | st.sampled_from(Colour),
        "token": st.none() | st.uuids(),
        "at": st.none() | moments,
        "at_zone": st.none() | st.builds(lambda at, zone: at.replace(tzinfo=zone), moments, zones),
        "day": st.none() | st.dates(date(1000, 1, 1)),
        "words": st.none() | st.lists(st.none() | text, max_size=5),
        "numbers": st.none() | st.lists(st.none() | int64, max_size=5),
        "ratios": st.none() | st.lists(st.none() | finite, max_size=5),
        "tokens": st.none() | st.lists(st.none() | st.uuids(), max_size=3),
        "tags": st.none() | st.lists(st.none() | text, max_size=5),
        "anything": json_value,
        "binary_anything": json_value,
        "bag": st.none() | st.lists(json_value, max_size=5),
    }
)


def reference(schema: SearchSchema, record: dict[str, Any]) -> str:
    """The fingerprint as the module's docstring defines it, with none of the module's code."""
    fields = sorted(schema.fields, key=lambda field: field.name)
    names = ",".join(field.name + "*" * field.set_like for field in fields)
    values = [_canonical(field.kind, record[field.name], field.set_like) for field in fields]
    return _md5(f"[{','.join([_string(_md5(f'v2|{names}')[:12]), *values])}]")[:24]


def _md5(said: str) -> str:
    return hashlib.md5(said.encode(), usedforsecurity=False).hexdigest()


def _string(said: str) -> str:
    escapes = re.compile(r"\\(?:u00[0-9a-f]{2}|.)")
    return escapes.sub(
        lambda found: found[0][:2] + found[0][2:].upper(), json.dumps(said, ensure_ascii=False)
    )


def _double(number: float) -> str:
    digits = Decimal(repr(number + 0.0))
    if digits == 0 or Decimal("1e-6") <= abs(digits) < Decimal("1e21"):
        plain = f"{digits:f}"
        return plain if "." in plain else plain + ".0"
    mantissa, _, exponent = f"{digits.normalize():e}".partition("e")
    return f"{mantissa}e{int(exponent)}"


def _canonical(kind: Kind, value: Any, set_like: bool) -> str:
    if value is None:
        return "null"
    match kind:
        case Kind.TEXTS | Kind.INTEGERS | Kind.NUMBERS:
            one = {Kind.TEXTS: Kind.TEXT, Kind.INTEGERS: Kind.INTEGER, Kind.NUMBERS: Kind.NUMBER}[kind]
            items = [str(item) if isinstance(item, UUID) else item for item in value]
            if set_like:
                items = sorted(items, key=lambda item: (item is not None, (item or "").encode()))
            return f"[{','.join(_canonical(one, item, False) for item in items)}]"
        case Kind.INTEGER:
            return str(value)
        case Kind.NUMBER:
            return _double(float(value))
        case Kind.BOOLEAN:
            return "true" if value else "false"
        case Kind.DATETIME:
            moved = value.astimezone(UTC) if value.tzinfo else value
            return _string(moved.strftime(f"{moved.year:04d}-%m-%dT%H:%M:%S.%fZ"))
        case Kind.DATE:
            return _string(value.isoformat())
        case Kind.JSON:
            said = _json(value)
            if set_like and isinstance(said, list):
                said = sorted(said, key=lambda item: _dumped(item).encode())
            return "null" if said is None else _string(_dumped(said))
    return _string(value.name if isinstance(value, Colour) else str(value))


def _json(value: Any) -> Any:
    if isinstance(value, float):
        exact = Decimal(repr(value))
        whole = exact == exact.to_integral_value() and -(2**63) <= exact < 2**64
        return int(exact) if whole else value
    if isinstance(value, list):
        return [_json(item) for item in value]
    if isinstance(value, dict):
        return {key: _json(item) for key, item in value.items()}
    return value


def _dumped(value: Any) -> str:
    """Compact JSON with sorted keys; numbers as the shortest text that reads back as the same number."""
    match value:
        case float():
            return repr(value)
        case list():
            return "[" + ",".join(_dumped(item) for item in value) + "]"
        case dict():
            keys = sorted(value, key=str.encode)
            return "{" + ",".join(f"{_dumped(key)}:{_dumped(value[key])}" for key in keys) + "}"
    return json.dumps(value, ensure_ascii=False)


@settings(max_examples=150)
@given(values)
def test_the_fingerprint_is_what_the_definition_says(record: dict[str, Any]) -> None:
    record["code"] = record["code"] and record["code"].rstrip(" ")
    assert project_records(SCHEMA, [record]).fingerprints == [reference(SCHEMA, record)]


@settings(max_examples=50)
@given(values)
def test_the_document_says_what_the_record_holds(record: dict[str, Any]) -> None:
    document = project(SCHEMA, record)
    assert set(document) == {"id", *KINDS, FINGERPRINT_FIELD}
    for name in (
        "id",
        "whole",
        "small",
        "ratio",
        "short_ratio",
        "flag",
        "title",
        "words",
        "numbers",
        "ratios",
    ):
        assert document[name] == record[name], name
    if record["amount"] is not None:
        assert document["amount"] == float(record["amount"])
    if record["at_zone"] is not None:
        assert datetime.fromisoformat(document["at_zone"]) == record["at_zone"]
    if record["day"] is not None:
        assert date.fromisoformat(document["day"]) == record["day"]
    assert document["anything"] == _json(record["anything"])


@settings(max_examples=15)
@given(st.lists(values, min_size=1, max_size=20, unique_by=lambda record: record["id"]))
def test_one_record_or_many_make_no_difference(records: list[dict[str, Any]]) -> None:
    together = project_records(SCHEMA, records)
    assert together.fingerprints == [project_records(SCHEMA, [one]).fingerprints[0] for one in records]
    assert together.ids == [str(record["id"]) for record in records]


GOLDEN: list[tuple[dict[str, Any], str]] = [
    ({}, "0384041968571cf6f082163f"),
    ({"whole": 0}, "3c2a5e931be0666c54fd3775"),
    ({"whole": -(2**63)}, "523753cd1a54468ca3924018"),
    ({"ratio": 0.1}, "fb3345f3fcfae748674b1d5b"),
    ({"ratio": -0.0}, "d33c899566c9f4dfad5daf15"),
    ({"ratio": 1e15}, "524cd1fe051272858f326e9d"),
    ({"ratio": 5e-324}, "64f7570bb4791a4b48bc201a"),
    ({"short_ratio": 0.1}, "f07f1d560ae2841e267f4cfe"),
    ({"amount": Decimal("1234567890.01234")}, "8ae76b774669d176146c2683"),
    ({"flag": True}, "14e5f7c3d9870fbd735f9e00"),
    ({"title": ""}, "e25208910d7ab08b63ad7ea4"),
    ({"title": "Zürich, 東京, 🌍"}, "e81b932b0fd14a3a273806f9"),
    ({"colour": Colour.RED}, "d8c97b7e17643f1dd44d934b"),
    ({"token": UUID(int=2**128 - 1)}, "fabebae7094219742ba0fad3"),
    ({"at": datetime(2024, 2, 29, 12, 0, 0, 1)}, "c9d7668530ecb18be8a844b2"),
    (
        {"at_zone": datetime(2024, 2, 29, 23, 30, tzinfo=timezone(timedelta(hours=-5)))},
        "f99429f23d400ad783e97c9c",
    ),
    ({"day": date(1999, 12, 31)}, "be9516a92b8b475011d8fe41"),
    ({"words": []}, "afd125acd5e4ace144c07ef6"),
    ({"words": ["b", None, "a", "a"]}, "0d75d4c7131c74a0323b6f09"),
    ({"numbers": [3, -1, None]}, "c7540f70c15593ca28bea093"),
    ({"ratios": [1.0, 0.5]}, "6c7bf7986302bd901db55c27"),
    ({"tags": ["b", None, "a", "a"]}, "67c961bc786dfab6a08ad788"),
    ({"anything": {"b": [1.0, 1e22], "a": None}}, "a1949161ea6330cbcbb1215a"),
    ({"binary_anything": []}, "2015f3e947e06a43b7ba627a"),
    ({"bag": [2, 1, 2, {"b": 1, "a": 2.0}]}, "7f30c01c55b336ae415f523a"),
]


@pytest.mark.parametrize(("record", "fingerprint"), GOLDEN, ids=lambda item: str(item)[:40])
def test_fingerprints_of_yesterday_are_those_of_tomorrow(record: dict[str, Any], fingerprint: str) -> None:
    # A change here means that every index in the world is stale: it takes a new DEFINITION.
    assert project_records(SCHEMA, [EMPTY | record]).fingerprints == [fingerprint]


SAME = [
    ({"ratio": 1}, {"ratio": 1.0}),
    ({"amount": Decimal("1.50")}, {"amount": 1.5}),
    ({"ratio": 0.0}, {"ratio": -0.0}),
    ({"colour": Colour.RED}, {"colour": "RED"}),
    ({"token": UUID(int=10)}, {"token": str(UUID(int=10)).upper()}),
    ({"at": datetime(2024, 1, 1)}, {"at": datetime(2024, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))}),
    ({"at": datetime(2024, 1, 1)}, {"at": "2024-01-01T00:00:00Z"}),
    ({"day": date(2024, 1, 1)}, {"day": "2024-01-01"}),
    ({"tags": ["a", None, "b", "b"]}, {"tags": ["b", "a", "b", None]}),
    ({"tags": ["a", "b"]}, {"tags": ("b", "a")}),
    ({"anything": {"a": 1, "b": 2}}, {"anything": {"b": 2.0, "a": 1}}),
    ({"anything": [1e17]}, {"anything": [10**17]}),
    ({"anything": [1e25]}, {"anything": [10**25]}),
    ({"bag": [1, 1, 2]}, {"bag": [2, 1, 1.0]}),
    ({"code": "ab"}, {"code": "ab   "}),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_content_said_in_two_ways(one: dict[str, Any], other: dict[str, Any]) -> None:
    first, second = (project_records(SCHEMA, [EMPTY | record]) for record in (one, other))
    assert first.fingerprints == second.fingerprints


DIFFERENT = [
    ({"title": ""}, {}),
    ({"words": []}, {}),
    ({"words": ["ab"]}, {"words": ["a", "b"]}),
    ({"words": ["a", "b"]}, {"words": ["b", "a"]}),
    ({"words": [None]}, {"words": []}),
    ({"tags": ["a"]}, {"tags": ["a", "a"]}),
    ({"bag": [1]}, {"bag": [1, 1]}),
    ({"words": ["~"]}, {"words": [None]}),
    ({"title": "1:a", "code": ""}, {"title": "", "code": "1:a"}),
    ({"ratio": 0.1}, {"ratio": math.nextafter(0.1, 1)}),
    ({"anything": "1"}, {"anything": 1}),
    ({"anything": [2**63 - 1]}, {"anything": [2**63 - 2]}),
    ({"anything": []}, {"anything": None}),
    ({"flag": False}, {}),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_content_is_seen(one: dict[str, Any], other: dict[str, Any]) -> None:
    first, second = (project_records(SCHEMA, [EMPTY | record]) for record in (one, other))
    assert first.fingerprints != second.fingerprints


REFUSED = [
    ("whole", True),
    ("whole", 1.5),
    ("whole", 2**63),
    ("whole", "7"),
    ("ratio", math.nan),
    ("ratio", math.inf),
    ("ratio", Decimal("NaN")),
    ("ratio", "1.5"),
    ("amount", Decimal("12345678901234567890.0123456789")),
    ("flag", 1),
    ("title", 5),
    ("title", b"bytes"),
    ("title", "\ud800"),
    ("token", "no uuid"),
    ("at", "yesterday"),
    ("at", 1_700_000_000),
    ("day", datetime(2024, 1, 1)),
    ("words", "a text is not a list"),
    ("words", ["\udfff"]),
    ("words", [1]),
    ("numbers", [1.5]),
    ("ratios", [math.nan]),
    ("anything", {"a": math.inf}),
    ("anything", {"a": complex(1)}),
    ("anything", "\ud800"),
    ("bag", [10**400]),
    ("bag", [-(2**63) - 1]),
]


@pytest.mark.parametrize(("name", "value"), REFUSED, ids=lambda item: ascii(item)[:30])
def test_a_value_that_does_not_fit_names_schema_field_and_record(name: str, value: Any) -> None:
    with pytest.raises(ProjectionError) as caught:
        project_records(SCHEMA, [EMPTY | {"id": 17, name: value}])
    assert "Everything" in caught.value.message
    assert repr(name) in caught.value.message
    assert "'17'" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("column", ["ratio", "ratios"])
def test_a_number_that_json_cannot_say_is_refused_in_columns_too(column: str) -> None:
    good = from_records(SCHEMA, [EMPTY | {"ratio": 1.0, "ratios": [1.0]}])
    at = good.schema.get_field_index(column)
    wrong = math.nan if column == "ratio" else [1.0, math.nan]
    bad = good.set_column(at, good.schema.field(at), [[wrong]])
    with pytest.raises(ProjectionError, match="not finite"):
        project_columns(SCHEMA, bad)


PROCESS = """
from scrypath.schema.documents import project_records
from tests.support.shop import KINDS, everything
SCHEMA, EMPTY = everything(), {"id": 1} | dict.fromkeys(KINDS)
value = {"bag": [{"z": 1, "a": {"k", "j", "i"}}, "x", 3.0], "anything": {"d": 4, "c": {"x", "y"}}}
print(project_records(SCHEMA, [EMPTY | value]).fingerprints[0])
"""


def test_every_process_agrees() -> None:
    answers = {
        subprocess.run(
            [sys.executable, "-c", PROCESS],
            env=os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed, zone in (("1", "Asia/Tokyo"), ("4711", "America/New_York"))
    }
    assert len(answers) == 1
