"""The fence for writes: a document is never left as an older row than the database holds.

Rows are read, documents made of them and posted. Meanwhile somebody else may commit a newer row and post its
document: ours, older, would be the last one. So once our post is accepted, the rows are checked again, and what
has another token than when it was read is sent again. A writer who commits after that question, and posts after its
commit, has the last word.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from scrypath.errors import ReplicaSource
from scrypath.schema.documents import Documents, nothing
from scrypath.schema.index_ref import IndexRef
from scrypath.source import row_tokens, rows
from scrypath.source.adbc import Connection, connected
from scrypath.source.selection import Part
from scrypath.sync.current_documents import portions, stamped_portions
from scrypath.wording import counted

if TYPE_CHECKING:
    import pyarrow as pa

ROUNDS = 5  # writes of one row that keeps changing, before it is left to the next write


@dataclass(frozen=True, slots=True)
class Reading:
    """Rows as they were read.

    Parameters
    ----------
    documents
        Of the rows there are.
    vanished
        Ids without a row.
    tokens
        What distinguishes one version of a row from another, by document id, as of the moment at which it was read:
        with the last of the rows, of all of them; none for what has no row.
    read_at
        When, in seconds of this machine's monotonic clock.
    """

    documents: Documents
    vanished: tuple[str, ...]
    tokens: Mapping[str, str]
    read_at: float


@dataclass(frozen=True, slots=True)
class Fence:
    """Reads rows, and checks them again.

    Parameters
    ----------
    ref
        Whose rows.
    over
        The connection for columns; none where rows are read as records.
    by_version
        The token of a row is PostgreSQL's stamp of its version; otherwise the fingerprint of its document.
    """

    ref: IndexRef
    over: Connection | None
    by_version: bool

    def read(self, ids: Sequence[str]) -> Generator[Reading]:
        """The rows behind these ids, as many at a time as are held at once; the last ones are those that are gone.

        Raises
        ------
        ProjectionError
            When one of the rows cannot be projected.
        """
        present: set[str] = set()
        read_at = None
        tokens: dict[str, str] = {}
        stamped: list[pa.Table] = []
        for documents, stamps in self._portions(ids):
            if stamps is None:
                tokens |= zip(documents.ids, documents.fingerprints, strict=True)
            else:
                stamped.append(stamps)
            present.update(documents.ids)
            # What was read after others were sent is as old as those.
            yield Reading(documents, (), {}, read_at or monotonic())
            read_at = monotonic()
        vanished = tuple(dict.fromkeys(item for item in ids if item not in present))
        tokens |= row_tokens.tokens_of(stamped)
        yield Reading(nothing(), vanished, tokens, read_at or monotonic())

    def _portions(self, ids: Sequence[str]) -> Iterator[tuple[Documents, pa.Table | None]]:
        if self.by_version:
            assert self.over is not None, "versions are read over a connection for columns"
            return stamped_portions(self.ref, ids, over=self.over)
        return ((documents, None) for documents in portions(self.ref, ids, over=self.over))

    def tokens(self, part: Part) -> Mapping[str, str] | None:
        """The tokens of a part's rows before they are read; none where only reading them shows it."""
        return self._stamps(part) if self.by_version else None

    def overtaken(self, ids: Sequence[str], tokens: Mapping[str, str]) -> tuple[str, ...]:
        """Those of the ids whose row is another than when it was read: changed, gone, or there again."""
        now: dict[str, str] = {}
        if self.by_version:
            now = self._stamps(Part(ids=ids))
        else:
            for reading in self.read(ids):
                now.update(reading.tokens)
        return tuple(item for item in dict.fromkeys(ids) if now.get(item) != tokens.get(item))

    def _stamps(self, part: Part) -> dict[str, str]:
        assert self.over is not None, "versions are read over a connection for columns"
        return row_tokens.tokens(self.ref, part, self.over)


@contextmanager
def fenced(ref: IndexRef) -> Iterator[Fence]:
    """A fence for writes to one index, with a connection of its own.

    Raises
    ------
    ReplicaSource
        When the database is in recovery.
    DatabaseError
        When it cannot be reached, or refuses in the block.
    """
    if not rows.in_columns(ref):
        _refuse(ref, row_tokens.replica(ref))
        yield Fence(ref, None, by_version=False)
        return
    with connected(ref.config) as over:
        storage = row_tokens.row_storage(ref, over)
        _refuse(ref, storage.replica)
        yield Fence(ref, over, by_version=storage.heap and row_tokens.suffices(ref.schema))


def kept_changing(ids: Sequence[str]) -> str:
    """The documents whose row changed during each of the writes, for a message."""
    shown = f"{', '.join(ids[:5])}{' …' if len(ids) > 5 else ''}"
    return f"the rows of {counted(len(ids), 'document')} changed during each of {ROUNDS} writes: {shown}"


def _refuse(ref: IndexRef, replica: bool) -> None:
    if replica:
        raise ReplicaSource(
            f"The database that {ref.schema.name} is read from is a replica (in recovery): it may be behind, and older "
            "documents would replace newer ones.",
            hint="Set database_url to the primary; a replica is good for comparisons and searches.",
        )
