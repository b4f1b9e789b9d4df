"""Rows whose projection ends the process of a worker, or that are declared differently there."""

from __future__ import annotations

import os
from typing import Any

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from scrypath.schema import searchable

HOME = "SCRYPATH_TEST_PROCESS"  # environment: the process in which nothing happens


def elsewhere() -> bool:
    return os.environ.get(HOME, str(os.getpid())) != str(os.getpid())


class Base(DeclarativeBase):
    pass


@searchable(fields=["id", "name"])
class Mortal(Base):
    __tablename__ = "mortals"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

    def search_document(self) -> dict[str, Any]:
        if elsewhere():
            os._exit(1)
        return {"id": self.id, "name": self.name}


@searchable(fields=["id", "name"] if elsewhere() else ["id"])
class Changeling(Base):
    __tablename__ = "changelings"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
