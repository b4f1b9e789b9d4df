"""From columns to documents: the one definition of the projection and of its fingerprint.

Rows stay columns. A single record takes the same path as a million rows: Arrow columns in, SQL in DuckDB,
documents and fingerprints out. So there is one definition, and it cannot disagree with itself.

The fingerprint of a document is the first 24 hexadecimal digits of the MD5 of this text: the version of the
definition and the field names in alphabetical order (a list whose order means nothing with a ``*``), then each
field's value in that order:

=========  ===========================================================================================
null       ``~``
integer    decimal digits, then ``;``
number     decimal digits when whole and below 10^15, else ``%.17g``, then ``;``
boolean    ``t;`` or ``f;``
text       its length in UTF-8 bytes, ``:``, the text; the same for a UUID in lower case
datetime   ``YYYY-MM-DDTHH:MM:SS.ffffffZ;`` in UTC
date       ``YYYY-MM-DD;``
list       ``[``, its items as above, ``]``; a set-like list sorted by bytes, nulls first
JSON       length, ``:``, the JSON as ``columns.canonical_json`` writes it; ``~`` for JSON's null
=========  ===========================================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson

from scrypath.errors import ProjectionError
from scrypath.schema.columns import from_records
from scrypath.schema.fields import LISTS, Field, Kind
from scrypath.schema.identity import ID_PATTERN
from scrypath.schema.metadata import FINGERPRINT_FIELD, SearchSchema

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

DEFINITION = 1
DIGITS = 24


@dataclass(frozen=True, slots=True)
class Documents:
    """Projected documents, ready to be written."""

    ids: list[str]
    lines: list[str]  # one JSON object a document
    fingerprints: list[str]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def ndjson(self) -> bytes:
        """The documents as one NDJSON payload."""
        return ("\n".join(self.lines) + "\n").encode() if self.lines else b""


def fingerprint_sql(schema: SearchSchema) -> str:
    """A DuckDB expression over a schema's columns: the fingerprint of a row, null when it cannot be projected."""
    finite = [_finite(field) for field in schema.fields if field.kind in (Kind.NUMBER, Kind.NUMBERS)]
    digits = f"CASE WHEN {' AND '.join(finite)} THEN {DIGITS} END" if finite else str(DIGITS)
    return f"left(md5({canonical_sql(schema)}), {digits})"


def canonical_sql(schema: SearchSchema) -> str:
    """A DuckDB expression over a schema's columns: the canonical text of a row whose numbers are all finite."""
    fields = sorted(schema.fields, key=lambda field: field.name)
    head = ",".join(field.name + ("*" if field.set_like else "") for field in fields)
    # One concat copies every text once; a chain of || copies all that came before with each.
    return (
        f"concat({', '.join([_literal(f'v{DEFINITION}|{head}|'), *(_canonical(field) for field in fields)])})"
    )


def document_sql(schema: SearchSchema) -> str:
    """A DuckDB expression over a schema's columns: the document as one line of JSON."""
    members = [f"{_name(field.name)} := {_document_value(field)}" for field in schema.fields]
    if schema.fingerprint:
        members.append(f"{_name(FINGERPRINT_FIELD)} := {fingerprint_sql(schema)}")
    return f"to_json(struct_pack({', '.join(members)}))"


def id_sql(schema: SearchSchema) -> str:
    """A DuckDB expression over a schema's columns: the document id as text, null when it cannot be one."""
    name = _name(schema.document_id)
    if schema.id_field.kind is Kind.INTEGER:
        return f"CAST({name} AS VARCHAR)"
    return f"CASE WHEN regexp_full_match({name}, '{ID_PATTERN}') THEN {name} END"


def project_columns(schema: SearchSchema, table: pa.Table) -> Documents:
    """Documents of rows that are Arrow columns, as ``columns.arrow_schema`` types them.

    Raises
    ------
    ProjectionError
        When a row has no usable id or a number that JSON cannot say.
    """
    if table.num_rows == 0:
        return Documents([], [], [])
    cursor = _memory().cursor()
    try:
        cursor.register("source", table)
        done = cursor.sql(
            f"SELECT {id_sql(schema)} AS id, {document_sql(schema)}::VARCHAR AS line, "
            f"{fingerprint_sql(schema)} AS fingerprint FROM source"
        ).to_arrow_table()
    finally:
        cursor.close()
    ids, lines, fingerprints = (done.column(name).to_pylist() for name in ("id", "line", "fingerprint"))
    if None in ids or None in fingerprints:
        at = next(i for i in range(len(ids)) if ids[i] is None or fingerprints[i] is None)
        shown = table.column(schema.document_id)[at].as_py()
        what = "a document id Meilisearch refuses" if ids[at] is None else "a number that is not finite"
        raise ProjectionError(
            f"{schema.name}: the row with {schema.document_id}={shown!r} has {what}.",
            hint="Mend the row, or leave the field out of the schema.",
        )
    return Documents(ids, lines, fingerprints)


def project_records(schema: SearchSchema, records: Sequence[Any]) -> Documents:
    """Documents of records (model instances, rows or mappings).

    Raises
    ------
    ProjectionError
        For a missing field or an unusable value: names schema, field and record.
    """
    return project_columns(schema, from_records(schema, records)) if records else Documents([], [], [])


def project(schema: SearchSchema, record: Any) -> dict[str, Any]:
    """The document of one record, as it is sent to Meilisearch.

    Raises
    ------
    ProjectionError
        For a missing field or an unusable value: names schema, field and record.
    """
    document: dict[str, Any] = orjson.loads(project_records(schema, [record]).lines[0])
    return document


@cache
def _memory() -> duckdb.DuckDBPyConnection:
    import duckdb

    return duckdb.connect(":memory:", config={"threads": 2})


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _canonical(field: Field) -> str:
    name = _name(field.name)
    if field.kind not in LISTS:
        return _scalar(field.kind, name)
    item = {Kind.TEXTS: Kind.TEXT, Kind.INTEGERS: Kind.INTEGER, Kind.NUMBERS: Kind.NUMBER}[field.kind]
    items = f"list_sort({name}, 'ASC', 'NULLS FIRST')" if field.set_like else name
    inner = f"list_transform({items}, lambda x: concat({_scalar(item, 'x')}))"
    # Not as a CASE, which would first copy the lists that it selects.
    return f"coalesce('[' || array_to_string({inner}, '') || ']', '~')"


def _scalar(kind: Kind, name: str) -> str:
    """Arguments of concat, which takes null for no text."""
    match kind:
        case Kind.INTEGER | Kind.DATE:
            return f"coalesce({name}::VARCHAR || ';', '~')"
        case Kind.NUMBER:
            whole = f"{name} = trunc({name}) AND abs({name}) < 1e15"
            return (
                f"CASE WHEN {name} IS NULL THEN '~' WHEN {whole} THEN concat({name}::BIGINT, ';') "
                f"ELSE printf('%.17g;', {name}) END"
            )
        case Kind.BOOLEAN:
            return f"CASE WHEN {name} THEN 't;' WHEN NOT {name} THEN 'f;' ELSE '~' END"
        case Kind.DATETIME:
            return f"coalesce(strftime({name}, '%Y-%m-%dT%H:%M:%S.%fZ') || ';', '~')"
        case _:
            return f"coalesce(strlen({name}) || ':', '~'), {name}"


def _finite(field: Field) -> str:
    name = _name(field.name)
    if field.kind is Kind.NUMBER:
        return f"isfinite(coalesce({name}, 0))"
    return f"coalesce(len(list_filter({name}, lambda x: NOT isfinite(x))), 0) = 0"


def _document_value(field: Field) -> str:
    name = _name(field.name)
    match field.kind:
        case Kind.JSON:
            return f"{name}::JSON"
        case Kind.DATETIME:
            return f"strftime({name}, '%Y-%m-%dT%H:%M:%S.%fZ')"
        case Kind.DATE:
            return f"{name}::VARCHAR"
        case _:
            return name
