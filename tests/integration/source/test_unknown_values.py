"""A row that holds what no document can is unknown in a report, which names field, value and reason."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

import scrypath
from scrypath.config import Config
from scrypath.errors import ProjectionError
from scrypath.source.engine import engine
from tests.support.schemas import build

pytestmark = pytest.mark.integration


def test_a_report_names_field_and_value_and_a_write_refuses_the_same_row(config: Config) -> None:
    offers = sa.Table(
        "offers",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("stock", sa.Integer),
        sa.Column("until", sa.Date),
        sa.Column("seen", sa.DateTime(timezone=True)),
    )
    schema = build(offers, {"fields": ["id", "stock", "until", "seen"], "name": "Offer"})
    with engine(config).begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE offers (id int, stock numeric, until date, seen timestamptz)"
        )
        connection.exec_driver_sql(
            "INSERT INTO offers VALUES (1, 19.99, NULL, NULL), (2, 20, 'infinity', NULL), (3, 20, NULL, '-infinity'), "
            "(4, 20, '2026-11-28', now())"
        )
    report = scrypath.reconcile_sync(schema, config=config)
    found = {row["document_id"]: (row["drift"], row["detail"]) for row in report.documents.to_dicts()}
    assert {key: drift for key, (drift, _) in found.items()} == {
        "1": "unknown",
        "2": "unknown",
        "3": "unknown",
        "4": "missing",
    }
    assert "'stock' holds 19.99, which is not a whole number of 64 bits" in found["1"][1]
    assert "'until' holds infinity, which is not a date of the years 1 to 9999" in found["2"][1]
    assert "'seen' holds -infinity, which is not a moment of the years 1 to 9999" in found["3"][1]
    with engine(config).connect() as connection:
        row = connection.execute(sa.select(offers).where(offers.c.id == 1)).mappings().one()
    with pytest.raises(ProjectionError, match=r"'stock' holds 19\.99, which is not a whole number"):
        scrypath.sync_record(schema, dict(row), config=config)
