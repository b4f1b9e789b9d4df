"""What a search found: frozen data, shown as a frame, as text and as HTML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl

from scrypath import display
from scrypath.query import decoding, hit_frame, tenant
from scrypath.query.facets import SEPARATOR, counts, stats, tree
from scrypath.query.request import MOST_HITS, PER_QUERY, SearchRequest
from scrypath.schema import SearchSchema


@dataclass(frozen=True, eq=False)
class SearchResult:
    """One page of hits.

    Parameters
    ----------
    request
        What was searched for.
    documents
        The hits as the server gave them, in the order of their rank.
    total
        Documents that match, as far as the server counts: see :attr:`capped`.
    facets
        Frame ``FACET_COUNTS``.
    facet_stats
        Frame ``FACET_STATS``.
    records
        With a session: the model's records in the order of the hits.
    missing_ids
        With a session: hits whose row is gone. A stale hit is shown, not hidden.
    stale_ids
        With ``check=True``: hits whose document says something else than their row.
    unknown_ids
        With ``check=True``: hits whose row cannot be projected, so that nothing can be said.

    Examples
    --------
    >>> import scrypath
    >>> found = scrypath.search("Product", sort=["price:asc"], size=2)
    >>> found
    Product: 2 of 3 hits, page 1 of 2
    ...
    >>> found.pages, found.capped, found.ids
    (2, False, ('1', '3'))
    """

    request: SearchRequest
    documents: tuple[Mapping[str, Any], ...] = field(repr=False)
    total: int
    facets: pl.DataFrame = field(repr=False)
    facet_stats: pl.DataFrame = field(repr=False)
    records: tuple[Any, ...] = field(default=(), repr=False)
    missing_ids: tuple[str, ...] = ()
    stale_ids: tuple[str, ...] = ()
    unknown_ids: tuple[str, ...] = ()

    @property
    def schema(self) -> SearchSchema:
        """The schema that was searched."""
        return self.request.schema

    @property
    def page(self) -> int:
        """Which page this is, from 1."""
        return self.request.page

    @property
    def size(self) -> int:
        """How many hits a full page has."""
        return self.request.size

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return -(-self.total // self.size)

    @property
    def capped(self) -> bool:
        """Whether there may be more matches than ``total``: the server counts no further."""
        return self.total >= MOST_HITS

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Document ids in the order of the hits."""
        return tuple(str(document[self.schema.document_id]) for document in self.documents)

    @cached_property
    def frame(self) -> pl.DataFrame:
        """The documents as rows, in the dtypes of the declared fields, on an empty page too.

        A value that its column cannot hold is null here and stays in :attr:`documents`.
        """
        asked = {PER_QUERY[name] for name, value in self.request.per_query.items() if value is True}
        added = [hit_frame.SCORE] if PER_QUERY["show_ranking_score"] in asked else []
        added += [hit_frame.DETAILS] if PER_QUERY["show_ranking_score_details"] in asked else []
        added += (
            [hit_frame.DISTANCE] if any(item.startswith("_geoPoint(") for item in self.request.sort) else []
        )
        return hit_frame.frame(self.schema, self.documents, added)

    @property
    def hits(self) -> pl.DataFrame:
        """The same as :attr:`frame`."""
        return self.frame

    @property
    def cut_facets(self) -> tuple[str, ...]:
        """Facets that have as many values as the schema allows, and so may have more."""
        most = self.schema.faceting.max_values_per_facet
        return tuple(
            self.facets.group_by("facet", maintain_order=True).len().filter(pl.col("len") >= most)["facet"]
        )

    def facet_tree(self, base: str, separator: str = SEPARATOR) -> pl.DataFrame:
        """The counts of a hierarchical facet, each value below its parent.

        Parameters
        ----------
        base
            Name of the hierarchy, as :func:`scrypath.hierarchy` got it.
        separator
            Between the parts of a value.

        Returns
        -------
        polars.DataFrame
            Frame ``FACET_TREE``.
        """
        return tree(self.facets, base, separator)

    def pairs(self) -> Iterator[tuple[Mapping[str, Any], Any]]:
        """Each hit beside its record, None where the row is gone; in the order of the hits."""
        records = iter(self.records)
        gone = set(self.missing_ids)
        for key, document in zip(self.ids, self.documents, strict=True):
            yield document, None if key in gone else next(records, None)

    def to_pandas(self) -> Any:
        """The frame for pandas, which must be installed."""
        return self.frame.to_pandas()

    @property
    def headline(self) -> str:
        """In one line, what was found."""
        sought = f" for {self.request.text!r}" if self.request.text else ""
        total = f"{self.total:,}{' or more' if self.capped else ''}"
        where = f", page {self.page} of {self.pages}" if self.pages else ""
        return f"{self.schema.name}{sought}: {len(self.documents)} of {total} hits{where}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What must not be overlooked."""
        said = (
            (self.missing_ids, "Found, but the row is gone"),
            (self.stale_ids, "Found, but the row says something else"),
            (self.unknown_ids, "Found, but the row cannot be projected"),
            (self.cut_facets, "Facets that may have more values"),
        )
        return tuple(f"{what}: {', '.join(items)}" for items, what in said if items)

    def __repr__(self) -> str:
        return display.text(
            "\n".join((self.headline, *self.notes)), {"Hits": self.frame, "Facets": self.facets}
        )

    def _repr_html_(self) -> str:
        frames = {"Hits": self.frame} | ({"Facets": self.facets} if self.request.facets else {})
        return display.html(self.headline, frames, notes=self.notes, grouped=False)


def decoded(request: SearchRequest, replies: Sequence[Mapping[str, Any]]) -> SearchResult:
    """The result that the server's answers make, the request's own first.

    Raises
    ------
    TransportError
        When an answer is not Meilisearch's.
    SchemaError
        When it holds documents of a tenant that was not asked for.
    """
    hits = [hit for _, hit in decoding.keyed_hits(request.schema, replies[0])]
    tenant.check(request.schema, request.tenants(), hits)
    return SearchResult(
        request,
        tuple(hits),
        decoding.total(replies[0]),
        counts(request.facets, replies),
        stats(request.facets, replies),
    )
