"""Labels: rows whose documents are named by a text that nothing keeps unique, sound or present."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from scrypath.schema import searchable


class Base(DeclarativeBase):
    pass


@searchable(fields=["code", "words"], document_id="code", name="Label")
class Label(Base):
    __tablename__ = "labels"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str | None]
    words: Mapped[str | None]
