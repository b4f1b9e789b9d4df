"""The tenant of a search: no request reaches the server without one where the schema has a tenant field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from scrypath.errors import InvalidOptions, SchemaError
from scrypath.query.values import field_of, literal
from scrypath.schema import SearchSchema
from scrypath.schema.fields import Kind


def tenants(schema: SearchSchema, given: Mapping[str, Any]) -> frozenset[Any] | None:
    """The tenants that a filter lets through, None where the schema has no tenant field.

    Parameters
    ----------
    schema
        Whose tenant field must be filtered on.
    given
        The filter of the merged request, as it goes to the server.

    Raises
    ------
    InvalidOptions
        When nothing of the filter, in all cases, limits the search to named tenants.
    """
    name = schema.tenant_field
    if name is None:
        return None
    allowed = next(_allowed(name, given), None)
    if not allowed or any(value is None or value == "" for value in allowed):
        raise InvalidOptions(
            f"A search of {schema.name} needs a filter by its tenant field {name!r}.",
            hint=f"Pass filter={{{name!r}: the tenant}}; inside of or_ and not_ it does not count, "
            "nor with another operator than eq and in_.",
        )
    return frozenset(literal(schema, name, value).value for value in allowed)


def check(
    schema: SearchSchema, allowed: frozenset[Any] | None, documents: Iterable[Mapping[str, Any]]
) -> None:
    """Refuse an answer with documents of a tenant that the search did not name.

    The server compares texts without case and without blanks around them: it cannot distinguish ``Acme`` from ``acme``.

    Raises
    ------
    SchemaError
        When there is one.
    """
    name = schema.tenant_field
    if name is None or allowed is None or field_of(schema, name).kind is not Kind.TEXT:
        return
    for document in documents:
        if isinstance(value := document.get(name), str) and value not in allowed:
            raise SchemaError(
                f"{schema.name}: the search found documents of a tenant whose {name!r} differs from the one "
                "asked for by case or blanks only.",
                hint="The server cannot distinguish them: name tenants by numbers, UUIDs or lower-case texts.",
            )


def _allowed(name: str, given: Any) -> Iterator[list[Any]]:
    """Lists of values of the tenant field, each of which limits the whole filter."""
    if not isinstance(given, Mapping):
        return
    condition = given.get(name)
    operators = condition if isinstance(condition, Mapping) else {"eq": condition}
    if name in given and operators.get("eq") is not None:
        yield [operators["eq"]]
    elif isinstance(several := operators.get("in_"), Sequence | frozenset | set) and several:
        yield list(several)
    for part in given.get("and_") or ():
        yield from _allowed(name, part)
