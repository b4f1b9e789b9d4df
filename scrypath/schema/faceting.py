"""Which fields are counted as facets, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scrypath.errors import SchemaError


@dataclass(frozen=True, slots=True)
class Faceting:
    """Facets of a schema.

    Parameters
    ----------
    attributes
        Fields to count; each must also be filterable. Wildcards are refused.
    max_values_per_facet
        Values counted per facet, at least 1.
    sort_facet_values_by
        ``{attribute: "alpha" | "count"}``.

    Examples
    --------
    >>> Faceting(attributes=["brand", "colour"], sort_facet_values_by={"brand": "count"}).max_values_per_facet
    100
    """

    attributes: Sequence[str] = ()
    max_values_per_facet: int = 100
    sort_facet_values_by: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "attributes", tuple(self.attributes))
        if wild := [name for name in self.attributes if "*" in name]:
            raise SchemaError(
                f"Faceting attribute {wild[0]!r} is a wildcard.", hint="Name each attribute that is counted."
            )
        if self.max_values_per_facet < 1:
            raise SchemaError(
                f"max_values_per_facet is {self.max_values_per_facet}.", hint="Give a number of at least 1."
            )
        for name, order in self.sort_facet_values_by.items():
            if order not in ("alpha", "count"):
                raise SchemaError(
                    f"sort_facet_values_by[{name!r}] is {order!r}.", hint="It takes 'alpha' or 'count'."
                )


def hierarchy(base: str, depth: int) -> tuple[str, ...]:
    """The attribute names of a hierarchical facet.

    Parameters
    ----------
    base
        Name of the facet.
    depth
        Number of levels, at least 1.

    Examples
    --------
    >>> hierarchy("categories", 2)
    ('categories.lvl0', 'categories.lvl1')
    """
    if depth < 1:
        raise SchemaError(f"hierarchy({base!r}) has depth {depth}.", hint="Give a depth of at least 1.")
    return tuple(f"{base}.lvl{level}" for level in range(depth))
