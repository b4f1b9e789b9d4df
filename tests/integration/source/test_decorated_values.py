"""Fields behind a type of the user's own, over every type there is: every way to a document makes the same of them."""

from __future__ import annotations

from typing import Any

import orjson
import pyarrow as pa
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column

from scrypath.config import Config
from scrypath.schema import FINGERPRINT_FIELD, SearchSchema
from scrypath.schema.columns import projectable_records
from scrypath.schema.index_ref import IndexRef
from scrypath.source import rows
from scrypath.source.engine import engine
from tests.integration.source.test_values import Outcome, by_records, database, documents, made
from tests.support.schemas import build
from tests.support.value_matrix import DIMENSIONS, OWN, TYPES, Types, Unknown

pytestmark = pytest.mark.integration
__all__ = ["database"]


class Passed(sa.types.TypeDecorator[Any]):
    """A type of the user's own that gives every value as the type below has it."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, own: Any) -> None:
        super().__init__()
        self.impl = own

    def copy(self, **kwargs: Any) -> Passed:
        return Passed(self.impl)

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return value


def schemas(name: str, declared: Any, *, as_text: bool) -> tuple[SearchSchema, SearchSchema]:
    """A schema over a table, and the same over a model."""
    options = {"fields": ["id", "v"], "name": "Thing", "as_text": ["v"] if as_text else []}
    columns = (sa.Column("id", sa.Integer, primary_key=True), sa.Column("v", declared))

    class Base(DeclarativeBase):
        pass

    model = type(
        "Thing",
        (Base,),
        {
            "__tablename__": name,
            "id": mapped_column(sa.Integer, primary_key=True),
            "v": mapped_column(declared),
        },
    )
    return build(sa.Table(name, sa.MetaData(), *columns), options), build(model, options)


def in_portions(ref: IndexRef) -> Outcome:
    with rows.stream_portions(ref) as portions:
        found = list(portions)
    table = pa.concat_tables([portion.table for portion in found])
    return documents(ref.schema, table, [one for portion in found for one in portion.unprojectable])


def test_each_decorated_value_is_the_same_in_rows_and_in_records_and_no_other_than_without(
    database: Config,
) -> None:
    wrong = []
    with engine(database).begin() as connection:
        for number, types in enumerate(TYPES):
            made(connection, f"things_{number}", types.stored, list(types.values))
    with engine(database).connect() as connection, Session(connection) as session:
        for number, types, declared in (
            (at, one, kind) for at, one in enumerate(TYPES) for kind in one.declared
        ):
            table, model = schemas(f"things_{number}", Passed(declared), as_text=types.as_text)
            over_table, over_model = (IndexRef.live(schema, database) for schema in (table, model))
            loaded = session.scalars(sa.select(model.model)).all()  # type: ignore[arg-type]
            found = {
                "rows": in_portions(over_table),
                "rows of a model": in_portions(over_model),
                "mappings": documents(table, *by_records(over_table, connection)),
                "records": documents(model, *projectable_records(model, loaded)),
            }
            session.expunge_all()
            for place, (literal, value) in enumerate(types.values.items()):
                several = {way: outcome.get(str(place)) for way, outcome in found.items()}
                if len(set(several.values())) != 1:
                    wrong.append((types.name, literal[:40], str(several)))
                elif problem := other_than(several["rows"] or "", value, types):
                    wrong.append((types.name, literal[:40], problem))
    assert not wrong, "\n".join(str(item)[:600] for item in wrong)


def other_than(found: str, value: Any, types: Types) -> str | None:
    """What differs from the field without a type of the user's own, where its declaration alone does not say it."""
    if types not in OWN or declaration_says_it(types, value):
        return None
    if isinstance(value, Unknown):
        said = found.startswith("Thing: field 'v' holds ") and f", which {value.reason} (record" in found
        return None if said else found
    if not found.startswith("{"):
        return found
    document = orjson.loads(found)
    document.pop(FINGERPRINT_FIELD)
    return None if same(document["v"], value) else repr(document)


def declaration_says_it(types: Types, value: Any) -> bool:
    """Of how many dimensions an array is, what its items are, and what the database calls a member of an enum."""
    item = getattr(types.declared[0], "item_type", types.declared[0])
    members = isinstance(item, sa.Enum) and item.enums != [member.value for member in item.enum_class or ()]
    array = isinstance(types.declared[0], sa.ARRAY) and (types.as_text or isinstance(item, sa.CHAR))
    return members or array or value == Unknown(DIMENSIONS)


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same, where a whole number may be written with a point."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, int | float) and isinstance(other, int | float):
        return isinstance(one, bool) == isinstance(other, bool) and one == other
    return repr(one) == repr(other)
