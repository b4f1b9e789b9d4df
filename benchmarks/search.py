"""Searching, as ratios of one run: the kit beside a kept connection with the same body, and the official client.

Contestants take turns within each round; of each search the best of all rounds counts, and a ratio is that of their
sums.

    python benchmarks/search.py --rows 30000 --home /var/tmp/bench

``--home`` keeps what was loaded for the next run. Services of yours are used where they are named, see ``stage``.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
import stage
from sqlalchemy.orm import Session
from stage.raw import raw_requests

import scrypath
from scrypath.config import Config
from scrypath.local.catalogue import City
from scrypath.meilisearch import client, version
from scrypath.query.facets import bodies
from scrypath.schema import registry
from scrypath.source.engine import engine

TEXTS = ["new", "san", "port", "saint", "villa", "lake", "berg", "north", "old", "la"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=30_000, help="documents to search (default: %(default)s)")
    parser.add_argument(
        "--rounds", type=int, default=40, help="rounds of ten searches (default: %(default)s)"
    )
    parser.add_argument("--home", type=Path, help="folder that keeps what was loaded for the next run")
    options = parser.parse_args()
    with (
        stage.services(options.home) as base,
        stage.side(base, options.rows, kept=options.home is not None) as side,
    ):
        print(
            f"Meilisearch {version.server_version(side.config).text}, {os.cpu_count()} cores, {side.rows:,} documents"
        )
        one_search(side.config, options.rounds)
        hydration(side.config, options.rounds)
        facets(side.config, options.rounds)
        many(side.config, options.rounds)


def one_search(config: Config, rounds: int) -> None:
    """A page of twenty hits, sorted and filtered."""
    schema = registry.find(City)
    index = schema.index_name(config)
    ask, official = raw_requests(config), client(config).index(index)
    requests = [scrypath.SearchRequest(schema, text, filter={"population": {"gt": 1000}}) for text in TEXTS]
    written = [orjson.dumps(request.body()) for request in requests]
    options = {"filter": '"population" > 1000', "page": 1, "hitsPerPage": 20}
    kit, raw, theirs, framed = taken(
        rounds,
        lambda n: scrypath.search(schema, TEXTS[n], filter={"population": {"gt": 1000}}, config=config),
        lambda n: orjson.loads(ask("POST", f"/indexes/{index}/search", written[n])),
        lambda n: official.search(TEXTS[n], options),
        lambda n: scrypath.search(requests[n], config=config).frame,
    )
    say("search", kit, "of the same body through a kept connection", raw, aim="≤ 1.15")
    say("index.search of the official client", theirs, "of search", kit, aim="≥ 2")
    say("search and its frame", framed, "of search", kit)


def hydration(config: Config, rounds: int) -> None:
    """A page of a thousand hits, and their records."""
    statements: list[str] = []
    sa.event.listen(engine(config), "before_cursor_execute", lambda *it: statements.append(it[2]))
    request = scrypath.SearchRequest(City, size=1_000)
    searches = max(1, rounds // 20) * len(TEXTS)

    def hydrated(_: int) -> Any:
        with Session(engine(config)) as session:
            return scrypath.search(request, session=session, config=config)

    with_rows, without = taken(
        searches // len(TEXTS), hydrated, lambda _: scrypath.search(request, config=config)
    )
    print(f"hydration of 1,000 hits: {len(statements) / searches:g} query a search (aim: 1)")
    say("search with 1,000 records", with_rows, "of the same without", without)


def facets(config: Config, rounds: int) -> None:
    """Four facets with something chosen in each, their counts without what is chosen."""
    known = ["country_name", "country_code", "time_zone", "population"]
    schema = replace(registry.find(City), faceting=scrypath.Faceting(attributes=known))
    plain = scrypath.search(schema, facets=known, config=config)
    first: dict[str, Any] = {
        name: plain.facets.filter(plain.facets["facet"] == name)["value"][0] for name in known
    }
    first["population"] = int(first["population"])
    requests = [scrypath.SearchRequest(schema, text, facet_filter=first, facets=known) for text in TEXTS]
    expression = requests[0].expression()
    assert expression is not None
    ask = raw_requests(config)
    path = f"/indexes/{schema.index_name(config)}/search"
    plain_bodies = [orjson.dumps(request.body()) for request in requests]
    print(f"disjunctive facets of {len(known)} groups: {len(bodies(requests[0]))} queries in one round trip")
    counted, single = taken(
        rounds,
        lambda n: scrypath.search(requests[n], config=config),
        lambda n: orjson.loads(ask("POST", path, plain_bodies[n])),
    )
    say("search with disjunctive facets", counted, "of a plain search", single, aim="≤ 1.5")


def many(config: Config, rounds: int) -> None:
    """Ten schemas at once."""
    schema = registry.find(City)
    ten = [replace(schema, name=f"City{number}") for number in range(10)]
    several, one = taken(
        max(1, rounds // 4),
        lambda n: scrypath.search_many(ten, TEXTS[n], config=config),
        lambda n: scrypath.search(schema, TEXTS[n], config=config),
    )
    say("search_many over ten schemas", several, "of one search", one, aim="≤ 2")


def taken(rounds: int, *contestants: Callable[[int], Any]) -> tuple[float, ...]:
    """Seconds that each contestant takes for a search, asked with each text, in turns."""
    best = [[float("inf")] * len(TEXTS) for _ in contestants]
    for _ in range(rounds):
        for number in range(len(TEXTS)):
            for place, contestant in enumerate(contestants):
                began = time.perf_counter()
                contestant(number)
                best[place][number] = min(best[place][number], time.perf_counter() - began)
    return tuple(sum(seconds) / len(TEXTS) for seconds in best)


def say(what: str, took: float, beside: str, other: float, *, aim: str = "") -> None:
    """One line: a ratio, and what it was made of."""
    print(
        f"{what}: {took / other:.2f} × {beside} ({took * 1000:.2f} ms, {other * 1000:.2f} ms)"
        + (f" (aim: {aim})" if aim else "")
    )


if __name__ == "__main__":
    main()
