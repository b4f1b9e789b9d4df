"""The models of the integration tests: products of a brand, with a value of every kind."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from scrypath.schema import Faceting, FanOut, searchable


class Base(DeclarativeBase):
    pass


class Colour(enum.Enum):
    RED = "rouge"
    BLUE = "bleu"


def products_of(session: Session, brand_ids: Sequence[int]) -> list[int]:
    return list(session.scalars(sa.select(Product.id).where(Product.brand_id.in_(brand_ids))))


@searchable(fields=["id", "name"], fan_outs={"products": FanOut("Product", products_of)})
class Brand(Base):
    __tablename__ = "brands"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


@searchable(
    fields=["id", "name", "price", "stock", "brand_id"],
    filterable=["brand_id", "price"],
    sortable=["price"],
    faceting=Faceting(attributes=["brand_id"]),
    query=lambda statement: statement.where(Product.hidden.is_(False)),
)
class Product(Base):
    __tablename__ = "products"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    price: Mapped[Decimal] = mapped_column(sa.Numeric(12, 2), default=Decimal("1.00"))
    stock: Mapped[int] = mapped_column(default=0)
    brand_id: Mapped[int | None] = mapped_column(default=None)
    hidden: Mapped[bool] = mapped_column(default=False)


KINDS = [
    "whole",
    "small",
    "ratio",
    "short_ratio",
    "amount",
    "flag",
    "title",
    "code",
    "colour",
    "token",
    "at",
    "at_zone",
    "day",
    "words",
    "numbers",
    "ratios",
    "tokens",
    "tags",
    "anything",
    "binary_anything",
    "bag",
]


class Everything(Base):
    """One column of every kind that the kit reads as columns."""

    __tablename__ = "everything"

    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    whole: Mapped[int | None] = mapped_column(sa.BigInteger)
    small: Mapped[int | None] = mapped_column(sa.SmallInteger)
    ratio: Mapped[float | None] = mapped_column(sa.Double)
    short_ratio: Mapped[float | None] = mapped_column(sa.REAL)
    amount: Mapped[Decimal | None] = mapped_column(sa.Numeric(30, 10))
    flag: Mapped[bool | None]
    title: Mapped[str | None]
    code: Mapped[str | None] = mapped_column(sa.CHAR(12))
    colour: Mapped[Colour | None]
    token: Mapped[UUID | None]
    at: Mapped[datetime | None]
    at_zone: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    day: Mapped[date | None]
    words: Mapped[list[str | None] | None] = mapped_column(sa.ARRAY(sa.Text))
    numbers: Mapped[list[int | None] | None] = mapped_column(sa.ARRAY(sa.BigInteger))
    ratios: Mapped[list[float | None] | None] = mapped_column(sa.ARRAY(sa.Double))
    tokens: Mapped[list[UUID | None] | None] = mapped_column(sa.ARRAY(sa.Uuid))
    tags: Mapped[list[str | None] | None] = mapped_column(sa.ARRAY(sa.Text))
    anything: Mapped[Any] = mapped_column(sa.JSON, nullable=True)
    binary_anything: Mapped[Any] = mapped_column(postgresql.JSONB, nullable=True)
    bag: Mapped[Any] = mapped_column(postgresql.JSONB, nullable=True)


def everything() -> Any:
    """A schema over :class:`Everything`, not registered: its columns are only read."""
    from tests.support.schemas import build

    return build(Everything, {"fields": ["id", *KINDS], "set_like": ["tags", "bag"]})
