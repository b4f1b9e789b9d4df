"""Every type a column can have, with the values at its edges and what becomes of them: for a test and for the docs."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

ABSENT = object()


class Shade(enum.Enum):
    LIGHT = "hell"
    DARK = "dunkel"


@dataclass(frozen=True)
class Unknown:
    """The row is ``unknown``, for this reason."""

    reason: str


@dataclass(frozen=True)
class Types:
    """A declared type over the type that the table has, and what becomes of values.

    Parameters
    ----------
    declared
        As the model declares it; several that mean the same.
    stored
        As PostgreSQL has it.
    values
        SQL → what the document holds, or why the row is unknown.
    as_text
        Whether ``as_text`` names the field.
    note
        For the page.
    """

    declared: Sequence[Any]
    stored: str
    values: dict[str, Any]
    as_text: bool = False
    note: str = ""

    @property
    def name(self) -> str:
        """For the ids of tests."""
        return f"{self.declared[0]!r} over {self.stored}" + " as text" * self.as_text


def unknown(reason: str) -> Unknown:
    """The row is ``unknown``."""
    return Unknown(reason)


WHOLE = "is not a whole number of 64 bits"
FINITE = "is not finite, and JSON has no number for it"
DIGITS = "has more digits than a JSON number holds"
DATES = "is not a date of the years 1 to 9999"
MOMENTS = "is not a moment of the years 1 to 9999"
DIMENSIONS = "has more than one dimension; the field is declared with one"
ENUM = "is not one of the values that its enum declares"
TIMES = "is not a time of day before 24:00"
LENGTH = "is not a length of days, hours and seconds"
NINES = "9" * 10_000

FLOATS: dict[str, Any] = {
    "0": 0.0, "'-0'": -0.0, "0.1": 0.1, "1e15": 1e15, "1e16": 1e16, "1e22": 1e22, "5e-324": 5e-324,
    "1.7976931348623157e308": 1.7976931348623157e308, "0.3333333333333333": 0.3333333333333333, "NULL": None,
    "'NaN'": unknown(FINITE), "'Infinity'": unknown(FINITE), "'-Infinity'": unknown(FINITE),
}  # fmt: skip
DECIMALS: dict[str, Any] = {
    "0": 0.0, "19.99": 19.99, "12.5000000000": 12.5, "-0.10": -0.1, "0.0000000001": 1e-10, "1e300": 1e300,
    "123456789012345.5": 123456789012345.5, "9007199254740992": 9007199254740992.0, "NULL": None,
    "9007199254740993": unknown(DIGITS), "0.12345678901234567890": unknown(DIGITS), NINES: unknown(DIGITS),
    "1e-400": unknown(DIGITS), "'NaN'": unknown(FINITE), "'Infinity'": unknown(FINITE), "'-Infinity'": unknown(FINITE),
}  # fmt: skip
STRINGS: dict[str, Any] = {
    "''": "", "' '": " ", "'ab  '": "ab  ", "' ab'": " ab", "'Zürich'": "Zürich", "E'e\\u0301'": "e\u0301",
    "'🌍'": "🌍", "'a''b\"c\\d'": "a'b\"c\\d", "E'\\x01\\x7f\\u2028'": "\x01\x7f\u2028", "'%s :x'": "%s :x",
    "'null'": "null", "NULL": None, "repeat('x', 10000)": "x" * 10_000,
}  # fmt: skip
JSON: dict[str, Any] = {
    "'{\"b\": 1, \"a\": [1.0, 1.5, null, {\"c\": {}}]}'": {"a": [1, 1.5, None, {"c": {}}], "b": 1},
    "'null'": None, "NULL": None, "'[]'": [], "'\"\"'": "", "'[[null, [null]], null]'": [[None, [None]], None],
    "'0.1'": 0.1, "'-0'": 0, "'1e2'": 100, "'9223372036854775807'": 2**63 - 1, "'18446744073709551615'": 2**64 - 1,
    "'1e300'": 1e300, "'{\"a\": \"\\\\\"}'": {"a": "\\"},
    "'123456789012345678901234567890'": unknown(DIGITS), "'-9223372036854775809'": unknown(DIGITS),
    f"'[{NINES}]'": unknown(DIGITS),
    f"'{'[' * 600}{']' * 600}'": unknown("is nested too deep for JSON"),
}  # fmt: skip

OWN: list[Types] = [
    Types((sa.SmallInteger(),), "smallint", {"0": 0, "-32768": -32768, "32767": 32767, "NULL": None}),
    Types(
        (sa.Integer(),), "integer", {"0": 0, "-2147483648": -(2**31), "2147483647": 2**31 - 1, "NULL": None}
    ),
    Types(
        (sa.BigInteger(),),
        "bigint",
        {"0": 0, "-9223372036854775808": -(2**63), "9223372036854775807": 2**63 - 1, "NULL": None},
    ),
    Types((postgresql.OID(),), "oid", {"0": 0, "4294967295": 2**32 - 1, "NULL": None}),
    Types((sa.Float(), sa.Double(), sa.Float(53)), "double precision", FLOATS),
    Types(
        (sa.REAL(), sa.Float(24)),
        "real",
        {
            "0.1": 0.1,
            "16777216": 16777216.0,
            "3.4e38": 3.4e38,
            "1e-38": 1e-38,
            "'NaN'": unknown(FINITE),
            "NULL": None,
        },
    ),
    Types((sa.Numeric(), sa.Numeric(asdecimal=False)), "numeric", DECIMALS),
    Types(
        (sa.Numeric(12, 2),), "numeric(12, 2)", {"19.99": 19.99, "0": 0.0, "-9999999999.99": -9999999999.99}
    ),
    Types(
        (sa.Numeric(),),
        "numeric",
        {
            "0": "0",
            "19.990": "19.99",
            "0.12345678901234567890": "0.1234567890123456789",
            NINES: NINES,
            "-1e20": "-100000000000000000000",
            "'NaN'": "NaN",
            "'-Infinity'": "-Infinity",
            "NULL": None,
        },
        as_text=True,
    ),
    Types((sa.Boolean(),), "boolean", {"true": True, "false": False, "NULL": None}),
    Types((sa.Text(), sa.String(), sa.Unicode()), "text", STRINGS),
    Types((sa.String(),), "varchar", STRINGS),
    Types(
        (sa.CHAR(4),),
        "char(4)",
        {"''": "", "'ab'": "ab", "' ab'": " ab", "'abcd'": "abcd", "NULL": None},
        note="Blanks at the end mean nothing, and are left out.",
    ),
    Types((postgresql.CITEXT(),), "citext", {"'Ab'": "Ab", "'ab'": "ab", "''": "", "NULL": None}),
    Types((sa.Enum(Shade, name="shade"),), "shade", {"'LIGHT'": "LIGHT", "'DARK'": "DARK", "NULL": None}),
    Types(
        (sa.Enum(Shade, name="shade_of", values_callable=lambda kind: [item.value for item in kind]),),
        "shade_of",
        {"'hell'": "hell", "'dunkel'": "dunkel", "NULL": None},
        note="An enum is written as the database has it.",
    ),
    Types((sa.Enum(Shade, native_enum=False),), "varchar(9)", {"'LIGHT'": "LIGHT", "NULL": None}),
    Types(
        (sa.Uuid(), postgresql.UUID(), sa.Uuid(as_uuid=False)),
        "uuid",
        {
            "'6D2F3C1A-0000-4000-8000-00000000000A'": "6d2f3c1a-0000-4000-8000-00000000000a",
            "'00000000-0000-0000-0000-000000000000'": "00000000-0000-0000-0000-000000000000",
            "NULL": None,
        },
    ),
    Types(
        (sa.Uuid(native_uuid=False),),
        "char(32)",
        {
            "'6d2f3c1a00004000800000000000000a'": "6d2f3c1a-0000-4000-8000-00000000000a",
            "NULL": None,
        },
    ),
    Types(
        (sa.Date(),),
        "date",
        {
            "'0001-01-01'": "0001-01-01",
            "'2024-02-29'": "2024-02-29",
            "'9999-12-31'": "9999-12-31",
            "NULL": None,
            "'infinity'": unknown(DATES),
            "'-infinity'": unknown(DATES),
            "'0044-03-15 BC'": unknown(DATES),
            "'10000-01-01'": unknown(DATES),
            "'5874897-12-31'": unknown(DATES),
            "'4713-01-01 BC'": unknown(DATES),
        },
    ),
    Types(
        (sa.Date(),),
        "date",
        {
            "'2024-02-29'": "2024-02-29",
            "'infinity'": "infinity",
            "'-infinity'": "-infinity",
            "'0044-03-15 BC'": "0044-03-15 BC",
            "'10000-01-01'": "10000-01-01",
            "NULL": None,
        },
        as_text=True,
    ),
    Types(
        (sa.DateTime(), postgresql.TIMESTAMP()),
        "timestamp",
        {
            "'0001-01-01'": "0001-01-01T00:00:00.000000Z",
            "'2024-02-29 23:59:59.999999'": "2024-02-29T23:59:59.999999Z",
            "'9999-12-31 23:59:59.999999'": "9999-12-31T23:59:59.999999Z",
            "NULL": None,
            "'infinity'": unknown(MOMENTS),
            "'-infinity'": unknown(MOMENTS),
            "'0001-12-31 23:59:59 BC'": unknown(MOMENTS),
            "'10000-01-01'": unknown(MOMENTS),
            "'294276-12-31'": unknown(MOMENTS),
            "'4713-01-01 BC'": unknown(MOMENTS),
        },
        note="A moment without a time zone counts as UTC.",
    ),
    Types(
        (sa.DateTime(timezone=True),),
        "timestamptz",
        {
            "'0001-01-01 00:00:00+00'": "0001-01-01T00:00:00.000000Z",
            "'2024-03-31 02:30:00+02'": "2024-03-31T00:30:00.000000Z",
            "'1969-12-31 23:59:59.000001-09:30'": "1970-01-01T09:29:59.000001Z",
            "'9999-12-31 23:59:59.999999+00'": "9999-12-31T23:59:59.999999Z",
            "NULL": None,
            "'infinity'": unknown(MOMENTS),
            "'-infinity'": unknown(MOMENTS),
            "'0044-03-15 00:00+00 BC'": unknown(MOMENTS),
            "'10000-01-01 00:00+00'": unknown(MOMENTS),
            "'0001-12-31 23:59:59+00 BC'": unknown(MOMENTS),
        },
    ),
    Types(
        (sa.DateTime(timezone=True),),
        "timestamptz",
        {
            "'2024-03-31 02:30:00+02'": "2024-03-31T00:30:00.000000Z",
            "'infinity'": "infinity",
            "'0044-03-15 00:00+00 BC'": "0044-03-15T00:00:00.000000Z BC",
            "NULL": None,
            "'10000-01-01 00:00+00'": "10000-01-01T00:00:00.000000Z",
        },
        as_text=True,
    ),
    Types(
        (sa.Time(),),
        "time",
        {
            "'00:00'": "00:00:00.000000",
            "'23:59:59.999999'": "23:59:59.999999",
            "NULL": None,
            "'24:00'": unknown(TIMES),
        },
    ),
    Types(
        (sa.Time(timezone=True),),
        "timetz",
        {
            "'12:00+02'": "12:00:00.000000+02:00",
            "'23:59:59.5-09:30'": "23:59:59.500000-09:30",
            "NULL": None,
            "'24:00+00'": unknown(TIMES),
        },
        note="The offset is kept: without a date, there is no UTC to turn it into.",
    ),
    Types(
        (sa.Interval(), postgresql.INTERVAL()),
        "interval",
        {
            "'0'": "PT0S",
            "'1 day 02:03:04.5'": "P1DT2H3M4.500000S",
            "'-90 minutes'": "-PT1H30M",
            "'36:00'": "P1DT12H",
            "'1 day -00:00:01'": "PT23H59M59S",
            "NULL": None,
            "'200000000 days'": "P200000000D",
            "'1 mon'": unknown(LENGTH),
            "'1 year 2 days'": unknown(LENGTH),
            "'-100000 years'": unknown(LENGTH),
        },
        note="A day counts as 24 hours. A month has no length.",
    ),
    Types(
        (sa.LargeBinary(), postgresql.BYTEA()),
        "bytea",
        {
            "''": "",
            "'\\x00ff'": "AP8=",
            "'\\xdeadbeef'": "3q2+7w==",
            "NULL": None,
        },
        note="Written in base64.",
    ),
    Types(
        (postgresql.INET(),),
        "inet",
        {
            "'10.0.0.1'": "10.0.0.1",
            "'10.0.0.1/32'": "10.0.0.1",
            "'10.0.0.1/24'": "10.0.0.1/24",
            "'::1'": "::1",
            "'2001:DB8::/32'": "2001:db8::/32",
            "NULL": None,
        },
    ),
    Types(
        (postgresql.CIDR(),),
        "cidr",
        {"'10.0.0.0/24'": "10.0.0.0/24", "'10.1.2.3/32'": "10.1.2.3/32", "NULL": None},
    ),
    Types((postgresql.MACADDR(),), "macaddr", {"'08-00-2B-01-02-03'": "08:00:2b:01:02:03", "NULL": None}),
    Types((postgresql.BIT(3),), "bit(3)", {"'101'": "101", "NULL": None}),
    Types(
        (sa.JSON(),),
        "json",
        JSON
        | {
            '\'{"a": 1, "a": 2}\'': {"a": 2},
            "'\"\\ud800\"'": unknown("cannot be written as JSON"),
            "'\"\\u0000\"'": "\x00",
            "'1e400'": unknown(FINITE),
        },
    ),
    Types((postgresql.JSONB(), sa.JSON().with_variant(postgresql.JSONB(), "postgresql")), "jsonb", JSON),
    Types(
        (sa.ARRAY(sa.Integer()), postgresql.ARRAY(sa.BigInteger())),
        "bigint[]",
        {
            "'{}'": [],
            "'{1,NULL,-9223372036854775808}'": [1, None, -(2**63)],
            "'[0:1]={1,2}'": [1, 2],
            "NULL": None,
            "'{{1,2},{3,4}}'": unknown(DIMENSIONS),
        },
    ),
    Types(
        (sa.ARRAY(sa.Double()),),
        "double precision[]",
        {
            "'{}'": [],
            "'{0.1,NULL,-0,1e300}'": [0.1, None, -0.0, 1e300],
            "NULL": None,
            "'{1,NaN}'": unknown(FINITE),
            "'{{1}}'": unknown(DIMENSIONS),
        },
    ),
    Types((sa.ARRAY(sa.REAL()),), "real[]", {"'{0.1,0.33333334}'": [0.1, 0.33333334], "NULL": None}),
    Types(
        (sa.ARRAY(sa.Numeric()),),
        "numeric[]",
        {
            "'{}'": [],
            "'{19.990,NULL}'": [19.99, None],
            "'{0.12345678901234567890}'": unknown(DIGITS),
            "NULL": None,
            "'{NaN}'": unknown(FINITE),
        },
    ),
    Types(
        (sa.ARRAY(sa.Numeric()),),
        "numeric[]",
        {
            "'{}'": [],
            "'{19.990,NULL,NaN}'": ["19.99", None, "NaN"],
            "NULL": None,
            "'{{1}}'": unknown(DIMENSIONS),
        },
        as_text=True,
    ),
    Types(
        (sa.ARRAY(sa.Text()), sa.ARRAY(sa.String(9))),
        "text[]",
        {
            "'{}'": [],
            '\'{"",NULL,"a,b","{}","NULL"}\'': ["", None, "a,b", "{}", "NULL"],
            "NULL": None,
            "'{{a},{b}}'": unknown(DIMENSIONS),
        },
    ),
    Types((sa.ARRAY(sa.CHAR(3)),), "char(3)[]", {"'{a,abc}'": ["a", "abc"], "NULL": None}),
    Types(
        (sa.ARRAY(sa.Enum(Shade, name="shade")),),
        "shade[]",
        {"'{LIGHT,NULL,DARK}'": ["LIGHT", None, "DARK"], "'{}'": []},
    ),
    Types(
        (sa.ARRAY(sa.Uuid()),),
        "uuid[]",
        {
            "'{6D2F3C1A-0000-4000-8000-00000000000A,NULL}'": ["6d2f3c1a-0000-4000-8000-00000000000a", None],
            "NULL": None,
        },
    ),
    Types(
        (sa.ARRAY(sa.Boolean()),),
        "boolean[]",
        {"'{t,NULL,f}'": [True, None, False], "'{}'": [], "NULL": None},
    ),
    Types((sa.ARRAY(sa.Date()),), "date[]", {"'{2024-02-29,NULL}'": ["2024-02-29", None], "NULL": None}),
    Types(
        (sa.ARRAY(sa.DateTime(timezone=True)),),
        "timestamptz[]",
        {
            "'{2024-03-31 02:30:00+02}'": ["2024-03-31T00:30:00.000000Z"],
            "NULL": None,
        },
    ),
    Types((sa.ARRAY(sa.Time()),), "time[]", {"'{12:00}'": ["12:00:00.000000"], "NULL": None}),
    Types(
        (sa.ARRAY(sa.Interval()),),
        "interval[]",
        {
            "'{1 day,NULL,-90 minutes,1 day -00:00:01}'": ["P1D", None, "-PT1H30M", "PT23H59M59S"],
            "'{}'": [],
            "NULL": None,
            "'{1 day,1 mon}'": unknown(LENGTH),
        },
    ),
    Types(
        (sa.ARRAY(sa.Time(timezone=True)),),
        "timetz[]",
        {"'{12:00+02,NULL}'": ["12:00:00.000000+02:00", None], "'{24:00+00}'": unknown(TIMES)},
    ),
    Types((sa.ARRAY(sa.LargeBinary()),), "bytea[]", {"'{\"\\\\x00ff\"}'": ["AP8="], "NULL": None}),
    Types((sa.ARRAY(postgresql.INET()),), "inet[]", {"'{10.0.0.1}'": ["10.0.0.1"], "NULL": None}),
    Types(
        (sa.ARRAY(postgresql.JSONB()),),
        "jsonb[]",
        {"array['{\"b\": [1.0]}'::jsonb, null]": [{"b": [1]}, None]},
    ),
    Types(
        (sa.ARRAY(sa.Integer(), dimensions=2),),
        "integer[]",
        {
            "'{{1,2},{3,4}}'": [[1, 2], [3, 4]],
            "'{}'": [],
            "NULL": None,
        },
    ),
    Types(
        (sa.ARRAY(sa.Numeric(), dimensions=2),),
        "numeric[]",
        {
            "'{{1.50},{NULL}}'": [[1.5], [None]],
            "'{{0.12345678901234567890}}'": unknown(DIGITS),
            "NULL": None,
        },
    ),
]
# The table has another type than the model says.
OTHER: list[Types] = [
    Types(
        (sa.Integer(),),
        "numeric",
        {"19.00": 19, "19.99": unknown(WHOLE), "1e30": unknown(WHOLE), "'NaN'": unknown(WHOLE)},
    ),
    Types((sa.Integer(),), "double precision", {"5": 5, "0.5": unknown(WHOLE), "'Infinity'": unknown(WHOLE)}),
    Types((sa.Integer(),), "text", {"'7'": unknown(WHOLE)}),
    Types((sa.Float(),), "numeric", {"19.990": 19.99, "'NaN'": unknown(FINITE)}),
    Types(
        (sa.Float(),),
        "numeric",
        {"9007199254740993": unknown(DIGITS), "0.33333333333333333333": unknown(DIGITS)},
    ),
    Types((sa.Float(),), "bigint", {"5": 5.0, "9007199254740993": unknown(DIGITS)}),
    Types(
        (sa.Numeric(), sa.Float(asdecimal=True), sa.Numeric(10, 2)),
        "double precision",
        {
            "0.1": 0.1,
            "0.3333333333333333": 0.3333333333333333,
            "'NaN'": unknown(FINITE),
        },
    ),
    Types((sa.Text(),), "integer", {"7": unknown("is not text")}),
    Types((sa.Text(),), "uuid", {"'6d2f3c1a-0000-4000-8000-00000000000a'": unknown("is not text")}),
    Types((sa.Text(),), "shade", {"'LIGHT'": "LIGHT"}),
    Types((sa.Text(),), "citext", {"'Ab'": "Ab"}),
    Types((sa.Text(),), "char(4)", {"'ab'": "ab  "}),
    Types((sa.CHAR(4),), "text", {"'ab  '": "ab"}),
    Types((sa.DateTime(),), "timestamptz", {"'2024-03-31 02:30:00+02'": "2024-03-31T00:30:00.000000Z"}),
    Types(
        (sa.DateTime(timezone=True),), "timestamp", {"'2024-03-31 02:30:00'": "2024-03-31T02:30:00.000000Z"}
    ),
    Types((sa.DateTime(),), "date", {"'2024-03-31'": unknown(MOMENTS)}),
    Types((sa.Date(),), "timestamp", {"'2024-03-31'": unknown(DATES)}),
    Types((sa.Boolean(),), "integer", {"1": unknown("is neither true nor false")}),
    Types((sa.JSON(),), "text", {"'{\"a\": 1}'": '{"a": 1}'}),
    Types(
        (sa.ARRAY(sa.Integer()),),
        "numeric[]",
        {"'{1,2.00}'": [1, 2], "'{1.5}'": unknown("is not a list of whole numbers of 64 bits")},
    ),
]

TYPES = OWN + OTHER

REFUSED: dict[str, Any] = {
    "a range": postgresql.INT4RANGE(),
    "a multirange": postgresql.TSTZMULTIRANGE(),
    "hstore": postgresql.HSTORE(),
    "tsvector": postgresql.TSVECTOR(),
    "tsquery": postgresql.TSQUERY(),
    "money": postgresql.MONEY(),
    "a pickled object": sa.PickleType(),
    "an array of tsvector": sa.ARRAY(postgresql.TSVECTOR()),
    "an array of citext, which drivers read as one text": sa.ARRAY(postgresql.CITEXT()),
    "an array of macaddr, which drivers read as one text": sa.ARRAY(postgresql.MACADDR()),
    "a type that SQLAlchemy does not know": sa.types.NullType(),
}
