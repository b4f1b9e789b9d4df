"""Notes and memos: rows that say when they changed, and may be withdrawn."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from scrypath.schema import searchable

PRIVATE = {"draft", "secret", "internal", "review", "later"}


class Base(DeclarativeBase):
    pass


@searchable(
    fields=["id", "body"],
    updated_at="changed_at",
    query=lambda statement: statement.where(Note.withdrawn.is_(False), Note.body.not_in(PRIVATE)),
)
class Note(Base):
    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str]
    withdrawn: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))


@searchable(
    fields=["id", "body"],
    updated_at="changed_at",
    query=lambda statement: statement.where(sa.text("NOT withdrawn")),  # which nobody can look into
)
class Memo(Base):
    __tablename__ = "memos"

    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str]
    withdrawn: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
