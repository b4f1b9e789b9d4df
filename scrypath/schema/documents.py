r"""From columns to documents: the one definition of the projection and of its fingerprint.

Rows stay columns. A single record takes the same path as a million rows: Arrow columns in, SQL in DuckDB,
documents and fingerprints out. So there is one definition, and it cannot disagree with itself.

The fingerprint of a document is the first 24 hexadecimal digits of the MD5 of a JSON array in UTF-8, without spaces.
Its first item represents the shape: the first 12 digits of the MD5 of ``v2|`` and the field names in alphabetical
order, with commas between, a list whose order means nothing with a ``*``. Each field's value follows in that order:

=========  ===========================================================================================
null       ``null``
integer    decimal digits
number     the shortest digits that read back as the same double, as JavaScript writes them, but with
           ``.0`` after a whole number below 10^21 and no ``+`` in the exponent; ``-0.0`` as ``0.0``
boolean    ``true`` or ``false``
text       a string; the same for a UUID in lower case, and for what ``as_text`` writes
datetime   the string ``YYYY-MM-DDTHH:MM:SS.ffffffZ`` in UTC
date       the string ``YYYY-MM-DD``
time       the string ``HH:MM:SS.ffffff``, with ``+HH:MM`` where it has an offset
interval   the string that ISO 8601 has for it, in days of 24 hours, hours, minutes and seconds
binary     the string of its base64
list       an array of its items as above; a set-like list sorted by bytes, nulls first
JSON       a string that holds the JSON as ``columns.canonical_json`` writes it; ``null`` for JSON's null
=========  ===========================================================================================

Strings escape the quotation mark, the backslash and control characters, these as ``\b``, ``\f``, ``\n``, ``\r``,
``\t`` or four digits in upper case after ``\u``, and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import md5
from typing import TYPE_CHECKING, Any

import orjson

from scrypath.duck import Engine, computing
from scrypath.errors import ProjectionError
from scrypath.schema.columns import from_records
from scrypath.schema.fields import LISTS, Field, Kind
from scrypath.schema.identity import ID_PATTERN
from scrypath.schema.metadata import FINGERPRINT_FIELD, SearchSchema
from scrypath.table_pieces import pieces

if TYPE_CHECKING:
    import pyarrow as pa

DEFINITION = 2
DIGITS = 24
PIECE = 8 << 20  # bytes of columns that are computed with at once: DuckDB needs some times as much for it
_ENGINE = Engine(autoinstall_known_extensions=False, python_enable_replacements=False, threads=2)


@dataclass(frozen=True, slots=True)
class Documents:
    """Projected documents, ready to be written.

    Parameters
    ----------
    ids, fingerprints
        One a document.
    body
        One JSON object and a line feed a document: the column's bytes, end to end, are NDJSON.
    """

    ids: list[str]
    body: pa.StringArray
    fingerprints: list[str]

    def __len__(self) -> int:
        return len(self.ids)

    def where(self, chosen: Sequence[bool]) -> Documents:
        """Those of the documents that are chosen, by place."""
        if all(chosen):
            return self
        from itertools import compress

        import pyarrow as pa

        body = pa.array([line.as_py() for line in compress(self.body, chosen)], pa.string())
        return Documents([*compress(self.ids, chosen)], body, [*compress(self.fingerprints, chosen)])

    @property
    def lines(self) -> list[str]:
        """The documents, each as JSON."""
        return [line[:-1] for line in self.body.to_pylist()]

    @property
    def ends(self) -> memoryview:
        """Where in :attr:`ndjson` the first document begins and each of them ends: one number more than documents."""
        return memoryview(self.body.buffers()[1]).cast("i")[: len(self) + 1]

    @property
    def ndjson(self) -> memoryview:
        """The documents as one NDJSON payload."""
        return memoryview(self.body.buffers()[2])[: self.ends[-1]]


def fingerprint_sql(schema: SearchSchema) -> str:
    """A DuckDB expression over a schema's columns: the fingerprint of a row, null when it cannot be projected."""
    finite = [
        _finite(field, name) for field, name in named(schema) if field.kind in (Kind.NUMBER, Kind.NUMBERS)
    ]
    digits = f"CASE WHEN {' AND '.join(finite)} THEN {DIGITS} END" if finite else str(DIGITS)
    return f"left(md5({canonical_sql(schema)}), {digits})"


def canonical_sql(schema: SearchSchema) -> str:
    """A DuckDB expression over a schema's columns: the canonical text of a row whose numbers are all finite."""
    fields = sorted(named(schema), key=lambda pair: pair[0].name)
    names = ",".join(field.name + ("*" if field.set_like else "") for field, _ in fields)
    shape = md5(f"v{DEFINITION}|{names}".encode(), usedforsecurity=False).hexdigest()[:12]
    # One call of the JSON writer costs half of putting the text together by hand.
    return f"json_array({', '.join([_literal(shape), *(_canonical(*pair) for pair in fields)])})"


def canonical_fields_sql(schema: SearchSchema) -> str:
    """DuckDB expressions over a schema's columns, one per field in their order: equal for equal values."""
    return ", ".join(f"md5(json_array({_canonical(*pair)}))" for pair in named(schema))


def document_sql(schema: SearchSchema) -> str:
    """A DuckDB expression over a schema's columns: the document as one line of JSON."""
    members = [(field.name, _document_value(field, name)) for field, name in named(schema)]
    if schema.fingerprint:
        members.append((FINGERPRINT_FIELD, fingerprint_sql(schema)))
    # A struct would take two names that differ only in case for one.
    return f"json_object({', '.join(f'{_literal(name)}, {value}' for name, value in members)})"


def id_sql(schema: SearchSchema) -> str:
    """A DuckDB expression over a schema's columns: the document id as text, null when it cannot be one."""
    name = raw_id_sql(schema)
    if schema.id_field.kind is Kind.INTEGER:
        return f"CAST({name} AS VARCHAR)"
    return f"CASE WHEN regexp_full_match({name}, '{ID_PATTERN}') THEN {name} END"


def raw_id_sql(schema: SearchSchema) -> str:
    """A DuckDB expression over a schema's columns: the value of the id column as it is."""
    return next(name for field, name in named(schema) if field.name == schema.document_id)


def named(schema: SearchSchema) -> list[tuple[Field, str]]:
    """A schema's fields with the names of their columns in DuckDB, where ``name`` and ``Name`` would be one."""
    return [(field, f"c{place}") for place, field in enumerate(schema.fields)]


def numbered(table: pa.Table) -> pa.Table:
    """A table of a schema's columns under the names that its expressions know them by."""
    return table.rename_columns([f"c{place}" for place in range(table.num_columns)])


def computed(query: str, table: pa.Table) -> pa.Table:
    """What a query makes of a table of a schema's columns, which it calls ``batch``."""
    import pyarrow as pa

    found = []
    with computing(), _ENGINE.cursor() as cursor:
        for piece in pieces(numbered(table), PIECE):
            cursor.register("batch", piece)
            found.append(cursor.sql(query).to_arrow_table())
    return pa.concat_tables(found)


def project_columns(schema: SearchSchema, table: pa.Table) -> Documents:
    """Documents of rows that are Arrow columns, as ``columns.arrow_schema`` types them.

    Raises
    ------
    ProjectionError
        When a row has no usable id or a number that JSON cannot represent.
    """
    import pyarrow as pa

    if not table.num_rows:  # as where every row is gone that a job is about
        return nothing()
    done = computed(
        f"SELECT {id_sql(schema)} AS id, {document_sql(schema)}::VARCHAR || chr(10) AS line, "
        f"{fingerprint_sql(schema)} AS fingerprint FROM batch",
        table,
    )
    ids, fingerprints = (done.column(name).to_pylist() for name in ("id", "fingerprint"))
    if None in ids or None in fingerprints:
        at = next(i for i in range(len(ids)) if ids[i] is None or fingerprints[i] is None)
        shown = table.column(schema.document_id)[at].as_py()
        what = "a document id Meilisearch refuses" if ids[at] is None else "a number that is not finite"
        raise ProjectionError(
            f"{schema.name}: the row with {schema.document_id}={shown!r} has {what}.",
            hint="Fix the row, or leave the field out of the schema.",
        )
    lines = done.column("line")
    body = lines.chunk(0) if lines.num_chunks == 1 else pa.concat_arrays(lines.chunks)
    return Documents(ids, body, fingerprints)


def nothing() -> Documents:
    """No documents."""
    import pyarrow as pa

    return Documents([], pa.nulls(0, pa.string()), [])


def project_records(schema: SearchSchema, records: Sequence[Any]) -> Documents:
    """Documents of records (model instances, rows or mappings).

    Raises
    ------
    ProjectionError
        For a missing field or an unusable value: names schema, field and record.
    """
    return project_columns(schema, from_records(schema, records))


def project(schema: SearchSchema, record: Any) -> dict[str, Any]:
    """The document of one record, as it is sent to Meilisearch.

    Raises
    ------
    ProjectionError
        For a missing field or an unusable value: names schema, field and record.
    """
    document: dict[str, Any] = orjson.loads(project_records(schema, [record]).lines[0])
    return document


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _canonical(field: Field, name: str) -> str:
    match field.kind:
        case Kind.NUMBER:
            return _unsigned_zero(name)
        case Kind.NUMBERS:
            value = f"list_transform({name}, lambda x: {_unsigned_zero('x')})"
        case Kind.DATE:
            return f"{name}::VARCHAR"
        case Kind.DATETIME:
            return _instant(name)
        case _:
            value = name
    return f"list_sort({value}, 'ASC', 'NULLS FIRST')" if field.set_like and field.kind in LISTS else value


def _unsigned_zero(name: str) -> str:
    return f"{name} + 0.0::DOUBLE"


def _instant(name: str) -> str:
    return f"strftime({name}, '%Y-%m-%dT%H:%M:%S.%fZ')"


def _finite(field: Field, name: str) -> str:
    if field.kind is Kind.NUMBER:
        return f"isfinite(coalesce({name}, 0))"
    return f"coalesce(len(list_filter({name}, lambda x: NOT isfinite(x))), 0) = 0"


def _document_value(field: Field, name: str) -> str:
    match field.kind:
        case Kind.JSON:
            return f"{name}::JSON"
        case Kind.DATETIME:
            return _instant(name)
        case Kind.DATE:
            return f"{name}::VARCHAR"
        case _:
            return name
