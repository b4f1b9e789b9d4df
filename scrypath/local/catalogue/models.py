"""Two searchable models and the relation between them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, DateTime, Float, Index, Select, Text, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from scrypath.schema import Faceting, FanOut, searchable


class Base(DeclarativeBase):
    """Where the catalogue's tables are declared."""


def visible(rows: Select[Any]) -> Select[Any]:
    """A hidden city is not a row of the search schema."""
    return rows.where(City.hidden.is_(False))


def cities_of(session: Session, countries: Sequence[str]) -> Sequence[int]:
    """Ids of the cities whose documents name these countries."""
    return session.scalars(select(City.id).where(City.country_code.in_(countries)).order_by(City.id)).all()


@searchable(
    fields=[
        "id",
        "name",
        "alternate_names",
        "country_code",
        "country_name",
        "admin1_code",
        "population",
        "latitude",
        "longitude",
        "time_zone",
    ],
    filterable=["country_code", "country_name", "population", "time_zone"],
    sortable=["name", "population"],
    faceting=Faceting(
        attributes=["country_name", "time_zone"], sort_facet_values_by={"country_name": "count"}
    ),
    settings={
        "searchable_attributes": ["name", "alternate_names", "country_name"],
        "synonyms": {"st": ["saint"], "saint": ["st"]},
    },
    document_id="id",
    set_like=["alternate_names"],
    query=visible,
    updated_at="updated_at",
)
class City(Base):
    """A populated place."""

    __tablename__ = "cities"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text)
    alternate_names: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    country_code: Mapped[str] = mapped_column(Text, index=True)
    # Kept on the row, so that a city's document needs no second table; a renamed country fans out.
    country_name: Mapped[str] = mapped_column(Text)
    admin1_code: Mapped[str] = mapped_column(Text, server_default="")
    population: Mapped[int] = mapped_column(BigInteger, server_default="0")
    latitude: Mapped[float] = mapped_column(Float(53))
    longitude: Mapped[float] = mapped_column(Float(53))
    time_zone: Mapped[str] = mapped_column(Text)
    hidden: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
    )

    # With what decides whether a city is a row, the index alone tells how many rows there are.
    __table_args__ = (Index("ix_cities_updated_at", "updated_at", postgresql_include=["hidden"]),)


@searchable(
    fields=[
        "code",
        "name",
        "iso3",
        "capital",
        "continent",
        "population",
        "area_km2",
        "currency_code",
        "currency_name",
        "languages",
        "neighbours",
        "_geo",
    ],
    filterable=["continent", "currency_code", "languages", "neighbours", "population", "_geo"],
    sortable=["name", "population", "area_km2", "_geo"],
    faceting=Faceting(attributes=["continent", "currency_code", "languages"]),
    settings={"searchable_attributes": ["name", "capital", "code", "iso3", "currency_name"]},
    document_id="code",
    set_like=["languages", "neighbours"],
    updated_at="updated_at",
    fan_outs={"cities": FanOut("City", cities_of)},
)
class Country(Base):
    """A country, placed at its capital."""

    __tablename__ = "countries"

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    iso3: Mapped[str] = mapped_column(Text)
    capital: Mapped[str] = mapped_column(Text)
    continent: Mapped[str] = mapped_column(Text)
    population: Mapped[int] = mapped_column(BigInteger)
    area_km2: Mapped[float] = mapped_column(Float(53))
    currency_code: Mapped[str] = mapped_column(Text)
    currency_name: Mapped[str] = mapped_column(Text)
    languages: Mapped[list[str]] = mapped_column(ARRAY(Text))
    neighbours: Mapped[list[str]] = mapped_column(ARRAY(Text))
    # Meilisearch's own name for a place: {"lat": degrees, "lng": degrees}
    _geo: Mapped[dict[str, Any] | None] = mapped_column("_geo", JSONB(none_as_null=True))
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
    )
