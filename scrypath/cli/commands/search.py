"""``scrypath search`` and ``scrypath explain-search``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scrypath.cli import json_output
from scrypath.cli.configuration import load_config, registered_names
from scrypath.cli.exit import Exit, verdict
from scrypath.cli.options import AsJson, ExitZero

if TYPE_CHECKING:
    from scrypath import SearchRequest, SearchResult
    from scrypath.config import Config

Schema = Annotated[str, typer.Argument(help="Registered name or module:Class.", show_default=False)]
Text = Annotated[str, typer.Argument(help="What to look for; nothing matches everything.")]
Filter = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        help="A condition: population>100000, country_code=CH,AT, day=null. All of them must hold.",
        show_default=False,
    ),
]
Facet = Annotated[
    list[str] | None,
    typer.Option("--facet", help="A chosen value of a facet: country_code=CH,AT.", show_default=False),
]
Sort = Annotated[
    list[str] | None, typer.Option("--sort", help="population:desc, or :asc.", show_default=False)
]
Size = Annotated[int, typer.Option("--size", help="Hits of a page, at most 1000.")]


def search(
    schema: Schema,
    text: Text = "",
    filters: Filter = None,
    chosen: Facet = None,
    facets: Annotated[
        list[str] | None,
        typer.Option("--facets", help="Facets to count; several with commas.", show_default=False),
    ] = None,
    sort: Sort = None,
    page: Annotated[int, typer.Option("--page", help="Which page, from 1.")] = 1,
    size: Size = 20,
    check: Annotated[
        bool,
        typer.Option("--check", help="Read the hits' rows, and mark what is gone or says something else."),
    ] = False,
    as_json: AsJson = False,
    exit_zero: ExitZero = False,
) -> int:
    """Search a schema's index, and see what a user sees."""
    import scrypath

    config = load_config()
    counted = [name for item in facets or () for name in item.split(",") if name]
    request = _request(
        schema, text, filters, chosen, config, sort=sort or (), page=page, size=size, facets=counted
    )
    if check:
        from sqlalchemy.orm import Session

        from scrypath.database import engine, translated

        with translated(config), Session(engine(config)) as session:
            found = scrypath.search(request, session=session, check=True, config=config)
    else:
        found = scrypath.search(request, config=config)
    if as_json:
        json_output.write(_answer(found))
    else:
        from scrypath.cli.rendering.search import show_result

        show_result(found)
    return verdict(
        found=bool(found.missing_ids or found.stale_ids), complete=not found.unknown_ids, exit_zero=exit_zero
    )


def explain_search(
    schema: Schema,
    document_id: Annotated[str, typer.Argument(help="Of the document.", show_default=False)],
    text: Text = "",
    filters: Filter = None,
    chosen: Facet = None,
    sort: Sort = None,
    size: Size = 20,
    as_json: AsJson = False,
    exit_zero: ExitZero = False,
) -> int:
    """Say why a search finds a document, or does not; exit with 2 when it does not."""
    import scrypath

    config = load_config()
    request = _request(schema, text, filters, chosen, config, sort=sort or (), size=size)
    why = scrypath.explain_search(request, document_id, config=config)
    if as_json:
        json_output.write(
            {
                "schema": request.schema.name,
                "document_id": why.document_id,
                "found": why.found,
                "rank": why.rank,
                "headline": why.headline,
                "questions": why.frame,
            }
        )
    else:
        from scrypath.cli.rendering.search import show_explanation

        show_explanation(why)
    return (
        Exit.UNKNOWN
        if why.found is None
        else verdict(found=not why.found, complete=True, exit_zero=exit_zero)
    )


def _request(
    schema: str,
    text: str,
    filters: Sequence[str] | None,
    chosen: Sequence[str] | None,
    config: Config,
    **others: Any,
) -> SearchRequest:
    from scrypath import SearchRequest
    from scrypath.query.typed_text import condition
    from scrypath.schema import registry

    found = registry.find(registered_names([schema], config)[0])

    def merged(given: Sequence[str] | None, put: Callable[[str, dict[str, Any]], None]) -> None:
        for item in given or ():
            put(*condition(found, item))

    conditions: dict[str, dict[str, Any]] = {}
    values: dict[str, list[Any]] = {}
    merged(filters, lambda name, operators: conditions.setdefault(name, {}).update(operators))
    merged(chosen, lambda name, operators: values.setdefault(name, []).extend(_values(name, operators)))
    return SearchRequest(found, text, conditions, values, **others)


def _values(name: str, operators: dict[str, Any]) -> list[Any]:
    from scrypath.errors import InvalidOptions

    for operator, value in operators.items():
        if operator == "in_":
            return list(value)
        if operator == "eq":
            return [value]
    raise InvalidOptions(f"--facet {name} is a comparison.", hint=f"Write --facet {name}=value.")


def _answer(found: SearchResult) -> dict[str, Any]:
    return {
        "schema": found.schema.name,
        "text": found.request.text,
        "total": found.total,
        "capped": found.capped,
        "page": found.page,
        "pages": found.pages,
        "size": found.size,
        "hits": found.frame,
        "facets": found.facets,
        "facet_stats": found.facet_stats,
        "missing_ids": found.missing_ids,
        "stale_ids": found.stale_ids,
        "unknown_ids": found.unknown_ids,
    }
