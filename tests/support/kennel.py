"""Animals of a kennel: models that inherit in both ways, attributes named otherwise than columns, relationships."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    aliased,
    contains_eager,
    mapped_column,
    relationship,
    selectinload,
    with_loader_criteria,
)

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


class Base(DeclarativeBase):
    pass


class Kennel(Base):
    __tablename__ = "kennels"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    is_open: Mapped[bool] = mapped_column("open")


class Tag(Base):
    __tablename__ = "animal_tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    animal_id: Mapped[int] = mapped_column(sa.ForeignKey("animals.id"))
    word: Mapped[str]


class Animal(Base):
    __tablename__ = "animals"
    __mapper_args__: Mapping[str, Any] = {"polymorphic_on": "species", "polymorphic_identity": "animal"}

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    hidden: Mapped[bool] = mapped_column("is_hidden", default=False)
    species: Mapped[str]
    born: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), default=LONG_AGO)
    updated_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), default=LONG_AGO)
    kennel_id: Mapped[int | None] = mapped_column(sa.ForeignKey("kennels.id"))
    mother_id: Mapped[int | None] = mapped_column(sa.ForeignKey("animals.id"))
    about: Mapped[Any] = mapped_column(JSONB, nullable=True)

    kennel: Mapped[Kennel | None] = relationship()
    tags: Mapped[list[Tag]] = relationship(order_by=Tag.word)
    mother: Mapped[Animal | None] = relationship(remote_side="Animal.id")

    @property
    def kennel_name(self) -> str | None:
        return None if self.kennel is None else self.kennel.name

    @property
    def words(self) -> list[str]:
        return [tag.word for tag in self.tags]


class Dog(Animal):
    __mapper_args__: Mapping[str, Any] = {"polymorphic_identity": "dog"}


class Cat(Animal):
    __tablename__ = "cats"
    __mapper_args__: Mapping[str, Any] = {"polymorphic_identity": "cat"}

    id: Mapped[int] = mapped_column(sa.ForeignKey("animals.id"), primary_key=True)
    lives: Mapped[int] = mapped_column(default=9)


class Visit(Base):
    """Two columns tell one from another; the document is named by a third."""

    __tablename__ = "visits"

    animal: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column("visit_code", unique=True)
    paid: Mapped[bool]
    updated_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), default=LONG_AGO)


notes = sa.Table(
    "animal_notes",
    Base.metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("note", sa.Text, key="said"),
    sa.Column("animal_id", sa.Integer),
    sa.Column("updated_at", sa.DateTime(timezone=True)),
)


def load(session: Session) -> None:
    """Sixteen animals, and what belongs to them: every query below shows some of them and not all."""
    session.add_all(
        [Kennel(id=1, name="North", is_open=True), Kennel(id=2, name="100% 'South'", is_open=False)]
    )
    session.flush()
    made: dict[int, type[Animal]] = {n: (Dog, Cat, Animal, Dog)[n % 4] for n in range(1, 17)}
    for number, model in made.items():
        session.add(
            model(
                id=number,
                name=f"{'100% ' if number % 5 == 0 else ''}{model.__name__}'s {number}",
                hidden=number % 3 == 0,
                kennel_id=(1, 2, None)[number % 3 - 1],
                born=LONG_AGO + timedelta(days=number),
                about={"n": number},
            )
        )
    session.flush()
    for number in made:
        session.get_one(Animal, number).mother_id = number - 1 if number % 2 == 0 else None
        for word in ["good", "loud", "small"][: number % 4]:
            session.add(Tag(animal_id=number, word=word))
        session.add(Visit(animal=number, number=1, code=f"V-{number}", paid=number % 2 == 0))
        session.add(Visit(animal=number, number=2, code=f"W-{number}", paid=number % 4 == 0))
        values = {"id": number, "said": f"note {number}", "animal_id": number, "updated_at": LONG_AGO}
        session.execute(notes.insert(), values)
    session.commit()


MOTHER = aliased(Animal)
type Query = Callable[[sa.Select[Any]], Any]
PLAIN = ["id", "name", "hidden"]

# What it is called -> the model or table, its fields, its query.
QUERIES: dict[str, tuple[Any, list[str], Query | None]] = {
    "every row": (Animal, PLAIN, None),
    "a class of a single table": (Dog, PLAIN, None),
    "a class of a single table, narrowed": (Dog, PLAIN, lambda q: q.filter_by(hidden=False)),
    "a class of two tables": (Cat, [*PLAIN, "lives"], None),
    "a class of two tables, narrowed": (Cat, [*PLAIN, "lives"], lambda q: q.where(Cat.name.like("%1%"))),
    "an attribute that is not named as its column": (Animal, PLAIN, lambda q: q.filter_by(hidden=False)),
    "a comparison with a moment": (
        Animal,
        PLAIN,
        lambda q: q.where(Animal.born < LONG_AGO + timedelta(days=9)),
    ),
    "literals of quotes and percents": (Animal, PLAIN, lambda q: q.where(Animal.name.like("100\\% %'s%"))),
    "a join to one": (Animal, PLAIN, lambda q: q.join(Animal.kennel).where(Kennel.is_open)),
    "a join to many": (Animal, PLAIN, lambda q: q.join(Animal.tags)),
    "a join to many, distinct": (
        Dog,
        PLAIN,
        lambda q: q.join(Dog.tags).where(Tag.word != "good").distinct(),
    ),
    "a join without saying so": (Animal, PLAIN, lambda q: q.where(Tag.animal_id == Animal.id)),
    "an outer join": (Animal, PLAIN, lambda q: q.outerjoin(Animal.kennel).where(Kennel.id.is_(None))),
    "any of many": (Animal, PLAIN, lambda q: q.where(Animal.tags.any(Tag.word == "loud"))),
    "one that has": (Animal, PLAIN, lambda q: q.where(Animal.kennel.has(is_open=False))),
    "none of many": (Dog, PLAIN, lambda q: q.where(~Dog.tags.any())),
    "its own kind": (Animal, PLAIN, lambda q: q.where(Animal.mother.has(hidden=False))),
    "an alias of its own": (Animal, PLAIN, lambda q: q.join(MOTHER, Animal.mother).where(~MOTHER.hidden)),
    "a list of another table": (
        Animal,
        PLAIN,
        lambda q: q.where(
            Animal.id.in_(sa.select(Tag.animal_id).group_by(Tag.animal_id).having(sa.func.count() > 1))
        ),
    ),
    "an order": (Animal, PLAIN, lambda q: q.where(~Animal.hidden).order_by(Animal.name.desc())),
    "distinct": (Visit, ["code", "paid"], lambda q: q.where(Visit.paid).distinct()),
    "a union": (
        Visit,
        ["code", "paid"],
        lambda q: q.where(Visit.paid).union(sa.select(Visit).where(Visit.number == 2)),
    ),
    "criteria of the loader": (
        Dog,
        PLAIN,
        lambda q: q.options(with_loader_criteria(Animal, Animal.hidden.is_(False), include_aliases=True)),
    ),
    "a key of two columns": (Visit, ["code", "paid"], lambda q: q.filter_by(paid=True)),
    "a key of two columns, joined": (
        Visit,
        ["code", "paid"],
        lambda q: q.join(Animal, Animal.id == Visit.animal).where(~Animal.hidden),
    ),
    "a table": (notes, ["id", "said"], None),
    "a table, joined": (
        notes,
        ["id", "said"],
        lambda q: q.join(Animal.__table__, Animal.__table__.c.id == notes.c.animal_id).where(
            Animal.__table__.c.is_hidden.is_(False)
        ),
    ),
    "records": (Animal, ["id", "kennel_name", "words"], lambda q: q.where(~Animal.hidden)),
    "records, loaded with": (
        Dog,
        ["id", "kennel_name", "words"],
        lambda q: q.filter_by(hidden=False).options(selectinload(Dog.tags)),
    ),
    "records, joined": (
        Animal,
        ["id", "kennel_name", "words"],
        lambda q: q.join(Animal.tags).where(Tag.word != "good"),
    ),
    "records, filled by a join": (
        Animal,
        ["id", "words"],
        lambda q: q.join(Animal.tags).where(Tag.word != "good").options(contains_eager(Animal.tags)),
    ),
}
