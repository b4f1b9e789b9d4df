"""A model that has something of everything to search by: numbers, texts, dates, lists, a hierarchy, places, tenants."""

from __future__ import annotations

import enum
import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from scrypath.schema import Faceting, SearchSchema, hierarchy
from tests.support.schemas import build


class Base(DeclarativeBase):
    pass


class Colour(enum.Enum):
    RED = "rouge"
    BLUE = "bleu"
    GREEN = "vert"


class Author(Base):
    __tablename__ = "authors"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Article(Base):
    __tablename__ = "articles"

    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    title: Mapped[str]
    stars: Mapped[int | None] = mapped_column(sa.BigInteger)
    price: Mapped[Decimal | None] = mapped_column(sa.Numeric(12, 2))
    ratio: Mapped[float | None] = mapped_column(sa.Double)
    colour: Mapped[Colour | None]
    published: Mapped[bool | None]
    at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    day: Mapped[date | None]
    token: Mapped[UUID | None]
    label: Mapped[str | None]
    tags: Mapped[list[str] | None] = mapped_column(sa.ARRAY(sa.Text))
    categories: Mapped[Any] = mapped_column(sa.JSON, nullable=True)
    latitude: Mapped[float | None] = mapped_column(sa.Double)
    longitude: Mapped[float | None] = mapped_column(sa.Double)
    tenant: Mapped[str] = mapped_column(default="acme")
    hidden: Mapped[bool] = mapped_column(default=False)
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("authors.id"))
    author: Mapped[Author | None] = relationship()

    @property
    def _geo(self) -> dict[str, float] | None:
        return None if self.latitude is None else {"lat": self.latitude, "lng": self.longitude or 0.0}


PLAIN = ["stars", "price", "ratio", "colour", "published", "at", "day", "token", "label", "tags"]
LEVELS = hierarchy("categories", 3)
FIELDS = ["id", "title", *PLAIN, "categories", "_geo"]


def articles(**options: Any) -> SearchSchema:
    """A schema over :class:`Article`, not registered."""
    given: dict[str, Any] = {
        "name": "Article",
        "fields": FIELDS,
        "filterable": [*PLAIN, *LEVELS, "_geo", "id"],
        "sortable": ["stars", "price", "title", "_geo"],
        "faceting": Faceting(
            attributes=["colour", "stars", "published", "tags", "label", *LEVELS],
            sort_facet_values_by={"tags": "count"},
        ),
        "query": lambda statement: statement.where(Article.hidden.is_(False)),
    }
    return build(Article, given | options)


def tenanted(**options: Any) -> SearchSchema:
    """The same for tenants, in the same table but in an index of its own."""
    return articles(name="TenantArticle", tenant_field="tenant", **options)


def row(number: int, chance: random.Random) -> Mapping[str, Any]:
    """An article."""
    top = chance.choice(["Books", "Music"])
    middle = f"{top} > {chance.choice(['Old', 'New'])}"
    return {
        "id": number,
        "title": f"{chance.choice(['Blue', 'Red', 'Old', 'Quiet'])} {chance.choice(['river', 'mountain'])} {number}",
        "stars": chance.choice([None, 1, 2, 3, 4, 5]),
        "price": chance.choice([None, Decimal(chance.randrange(0, 10_000)) / 100]),
        "ratio": chance.choice([0.1, -0.0, 1e300, 5e-324, None]),
        "colour": chance.choice([None, *Colour]),
        "published": chance.choice([True, False]),
        "at": datetime(2026, 1, 1, tzinfo=UTC)
        + timedelta(seconds=chance.randrange(10**7), microseconds=number),
        "day": date(2026, 1, 1) + timedelta(days=chance.randrange(300)),
        "token": UUID(int=chance.getrandbits(128)),
        "label": chance.choice(
            [None, "", "plain", 'with "quotes"', "back\\slash", "ends with \\", "a OR b", "Zürich"]
        ),
        "tags": chance.sample(["new", "sale", "rare", "heavy"], chance.randrange(4)),
        "categories": {"lvl0": top, "lvl1": middle, "lvl2": f"{middle} > {chance.choice(['A', 'B'])}"},
        "latitude": 47.0 + chance.random(),
        "longitude": 8.0 + chance.random(),
        "tenant": chance.choice(["acme", "bolt"]),
        "hidden": False,
        "author_id": 1,
    }
