"""Ids behind a type of the user's own, and UUIDs in any database: rows are found again by what the index calls them."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from scrypath.config import Config
from scrypath.schema.documents import project_columns, project_records
from scrypath.schema.identity import id_value
from scrypath.schema.index_ref import IndexRef
from scrypath.source import rows
from scrypath.source.engine import engine
from scrypath.source.selection import Part
from tests.support.schemas import build

pytestmark = pytest.mark.integration
KEYS = [uuid.UUID(int=number) for number in (1, 2**64, 2**127 + 5)]


class Guid(sa.types.TypeDecorator[uuid.UUID]):
    """A UUID as PostgreSQL has it, and 32 digits elsewhere."""

    impl = sa.CHAR
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        native = dialect.name == "postgresql"
        return dialect.type_descriptor(postgresql.UUID() if native else sa.CHAR(32))

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return value if value is None or dialect.name == "postgresql" else value.hex

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return value if value is None or isinstance(value, uuid.UUID) else uuid.UUID(value)


class Digits(sa.types.TypeDecorator[uuid.UUID]):
    """A UUID as 32 digits everywhere."""

    impl = sa.CHAR(32)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return None if value is None else value.hex

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return None if value is None else uuid.UUID(value)


class Counted(sa.types.TypeDecorator[int]):
    impl = sa.BigInteger
    cache_ok = True


class Prefixed(sa.types.TypeDecorator[str]):
    """``thing-abc`` in Python, ``abc`` in the database."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        if not value.startswith("thing-"):
            raise ValueError(value)
        return value.removeprefix("thing-")

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return f"thing-{value}"


CASES = [
    (Guid(), KEYS),
    (Digits(), KEYS),
    (Counted(), [1, 2, 2**53]),
    (Prefixed(), ["thing-a", "thing-b", "thing-c"]),
    (sa.Uuid(), KEYS),
    (sa.Uuid(as_uuid=False), [str(key) for key in KEYS]),
    (sa.Uuid(native_uuid=False), KEYS),
]


@pytest.mark.parametrize("where", ["postgresql", "sqlite"])
@pytest.mark.parametrize(("kind", "keys"), CASES, ids=lambda item: repr(item)[:30])
def test_every_row_is_read_in_portions_and_found_by_its_id(
    config: Config, tmp_path: Path, where: str, kind: Any, keys: list[Any]
) -> None:
    used = config if where == "postgresql" else Config(database_url=f"sqlite:///{tmp_path / 'rows.sqlite'}")
    metadata = sa.MetaData()
    things = sa.Table(
        "things", metadata, sa.Column("key", kind, primary_key=True), sa.Column("name", sa.Text)
    )
    schema = build(things, {"fields": ["key", "name"], "name": "Thing"})
    ref = IndexRef.live(schema, used)
    with engine(used).begin() as connection:
        metadata.create_all(connection)
        connection.execute(things.insert(), [{"key": key, "name": f"of {key}"} for key in keys])
    portions, after = [], None
    while (portion := rows.table(ref, Part(after=after, limit=1))).num_rows:
        portions.append(portion)
        after = id_value(schema, str(portion.column("key")[0].as_py()))
    documents = [project_columns(schema, portion) for portion in portions]
    ids = [document.ids[0] for document in documents]
    assert sorted(ids) == sorted(str(key) for key in keys)
    one = rows.table(ref, Part(ids=ids[:1]))
    assert project_columns(schema, one).ids == ids[:1]
    with rows.records(ref, ids) as records:
        lines = project_records(schema, records).lines
    assert sorted(lines) == sorted(line for page in documents for line in page.lines)
    assert rows.existing_ids(ref, [*ids, str(uuid.uuid4()), "nowhere", "77"]) == set(ids)
