"""Whatever is given to a call that reaches no service: an error of the kit with its next step, or a sound result."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import scrypath
from scrypath.config import Config, resolve
from scrypath.errors import ConfigError, InvalidOptions, ScrypathError
from scrypath.meilisearch import batches, documents, indexes, raw, tasks
from scrypath.meilisearch import settings as index_settings
from scrypath.query.typed_text import condition
from scrypath.schema import Faceting
from scrypath.service_url import ServiceUrl
from tests.support.hostile import DIGITS
from tests.support.schemas import build

CASES = int(os.environ.get("SCRYPATH_TEST_HOSTILE", "1200"))  # 20 000 in the long run
NOTE = build(
    sa.Table(
        "notes",
        sa.MetaData(),
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("title", sa.Text),
        sa.Column("stars", sa.BigInteger),
        sa.Column("price", sa.Numeric(12, 2)),
        sa.Column("at", sa.DateTime),
        sa.Column("day", sa.Date),
        sa.Column("token", sa.Uuid),
        sa.Column("flag", sa.Boolean),
        sa.Column("tags", sa.ARRAY(sa.Text)),
        sa.Column("attrs", sa.JSON),
    ),
    {
        "name": "Note",
        "fields": ["id", "title", "stars", "price", "at", "day", "token", "flag", "tags", "attrs"],
        "filterable": ["title", "stars", "price", "at", "day", "token", "flag", "tags", "attrs"],
        "sortable": ["stars", "at"],
        "faceting": Faceting(attributes=["title", "tags"]),
    },
)
FIELDS = [
    "title",
    "stars",
    "price",
    "at",
    "day",
    "token",
    "flag",
    "tags",
    "attrs",
    "attrs.colour",
    "id",
    "_geo",
    "",
]
OPERATORS = ["eq", "ne", "gt", "gte", "lt", "lte", "in_", "exists", "is_null", "radius", "box", "like", ""]
ENDLESS: list[Any] = []
ENDLESS.append(ENDLESS)
NESTED: Any = "x"
for _ in range(400):
    NESTED = [NESTED]
ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    2**63,
    10**400,
    0.5,
    float("nan"),
    float("inf"),
    Decimal("NaN"),
    Decimal("1e400"),
    "",
    "\ud800",
    "x\udfffy",
    "\x00",
    "\x1b[2J",
    "a:asc",
    "stars:desc",
    "_geoPoint(1, 2):asc",
    "_geoPoint(1e999, nan):asc",
    DIGITS,
    b"bytes",
    bytearray(b"x"),
    date(1, 1, 1),
    datetime(9999, 12, 31, tzinfo=UTC),
    UUID(int=0),
    Path("/dev/null"),
    object(),
    object,
    len,
    [],
    {},
    (),
    set(),
    [1, None],
    {"eq": []},
    {1: 2},
    {"and_": [{"or_": [{"not_": {}}]}]},
    {"in_": ["\ud800"]},
    range(3),
    iter([1]),
    ENDLESS,
    NESTED,
)


def anything() -> st.SearchStrategy[Any]:
    plain = (
        st.sampled_from(ODD)
        | st.integers()
        | st.floats()
        | st.text(st.characters(exclude_categories=[]), max_size=8)
        | st.binary(max_size=4)
        | st.decimals()
        | st.datetimes()
    )
    return (
        plain
        | st.lists(plain, max_size=3)
        | st.dictionaries(st.sampled_from(FIELDS + OPERATORS) | plain.filter(_hashable), plain, max_size=3)
    )


def _hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def filters() -> st.SearchStrategy[Any]:
    condition = anything() | st.dictionaries(st.sampled_from(OPERATORS), anything(), max_size=2)
    entry = st.dictionaries(st.sampled_from(FIELDS), condition, max_size=2)
    grouped = st.dictionaries(
        st.sampled_from(["and_", "or_", "not_"]), st.lists(entry, max_size=2) | entry, max_size=2
    )
    return anything() | entry | grouped


def usually(sound: Any, odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.just(sound) | odd


SEARCHES = st.fixed_dictionaries(
    {},
    optional={
        "text": usually("lamp", anything()),
        "filter": usually({"stars": 1}, filters()),
        "facet_filter": usually({"title": "x"}, filters()),
        "facets": usually(["title"], anything()),
        "sort": usually(["stars:asc"], anything()),
        "page": usually(1, anything()),
        "size": usually(20, anything()),
        "per_query": usually(
            {},
            anything()
            | st.dictionaries(st.sampled_from(["ranking_score_threshold", "show_ranking_score"]), anything()),
        ),
    },
)
NOWHERE = Config(meilisearch_url="http://127.0.0.1:1")


def judged(call: Callable[[], Any], *kinds: type[ScrypathError]) -> Any:
    """What a call gives: its result, or an error of the kit; anything else fails the test."""
    try:
        found = call()
    except ScrypathError as error:
        found = error
    if isinstance(found, ScrypathError):
        assert found.message
        assert found.hint, repr(found)
        assert not kinds or isinstance(found, kinds), repr(found)
        str(found).encode("utf-8", "backslashreplace")
    return found


long = settings(max_examples=CASES // 10, suppress_health_check=list(HealthCheck))


@given(asked=SEARCHES)
@long
def test_a_request_is_refused_by_name_or_is_json(asked: dict[str, Any]) -> None:
    def made() -> bytes:
        import orjson

        request = scrypath.SearchRequest(NOTE, **asked)
        return orjson.dumps(request.body())

    judged(made, InvalidOptions)


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scrypath.meilisearch.wire.RETRY_PAUSES", ())


@given(asked=SEARCHES, other=anything())
@long
def test_searches_of_anything(asked: dict[str, Any], other: Any) -> None:
    kept = {
        name: value
        for name, value in asked.items()
        if name not in ("size", "page", "sort", "facets", "per_query")
    }
    within = {name: value for name, value in asked.items() if name != "text"}
    judged(lambda: scrypath.search(NOTE, config=NOWHERE, **asked))
    judged(lambda: scrypath.search_within_facet(NOTE, "", other, config=NOWHERE, **within))
    judged(lambda: scrypath.search_within_facet(NOTE, "", ("title", other), config=NOWHERE, **within))
    judged(lambda: scrypath.search_facet_values(NOTE, other, config=NOWHERE, **kept))
    judged(lambda: scrypath.search_facet_values(NOTE, "title", other, config=NOWHERE, **kept))
    judged(lambda: scrypath.search_many([(NOTE, "x", asked)], config=NOWHERE))
    judged(lambda: scrypath.search_many(other, config=NOWHERE))
    judged(lambda: scrypath.search_many([NOTE], deadline=other, config=NOWHERE))
    judged(lambda: scrypath.search_many([NOTE], other, schemas=other, config=NOWHERE))
    judged(lambda: scrypath.search(other, config=NOWHERE))
    judged(lambda: scrypath.search(NOTE, session=other, check=bool(asked), config=NOWHERE))
    judged(lambda: scrypath.explain_search(NOTE, other, config=NOWHERE))
    judged(lambda: scrypath.relevance(NOTE, other, config=NOWHERE))
    judged(lambda: scrypath.relevance(NOTE, {"x": [1]}, indexes=other, config=NOWHERE))
    judged(lambda: scrypath.Federation(weights=other), InvalidOptions)
    judged(lambda: scrypath.Federation(page=other), InvalidOptions)
    judged(lambda: scrypath.Federation(size=other), InvalidOptions)


@given(fragment=SEARCHES | anything(), fixed=SEARCHES | anything(), defaults=SEARCHES | anything())
@long
def test_compositions_of_anything(fragment: Any, fixed: Any, defaults: Any) -> None:
    judged(
        lambda: scrypath.Composition(NOTE, defaults=defaults, fixed=fixed).add(fragment).request(),
        InvalidOptions,
    )


texts = st.text(st.characters(exclude_categories=[]), max_size=12) | st.sampled_from(
    ["\ud800", "\x00", DIGITS, "9" * 20, "1e999", "-0", "٣", "2026-13-45", "true", "%ff%00", "+", "null"]
)
names = st.sampled_from(["q", "page", "size", "sort", "facet[title]", "facet[title", "x"]) | st.builds(
    "filter[{}][{}]".format, st.sampled_from(FIELDS), st.sampled_from(OPERATORS)
)


@given(
    given_=st.lists(st.tuples(names, texts), max_size=5)
    | texts
    | anything()
    | st.dictionaries(names, texts | st.lists(texts) | anything(), max_size=3)
)
@long
def test_parameters_of_anything(given_: Any) -> None:
    found = judged(lambda: scrypath.QueryParams.parse(NOTE, given_), InvalidOptions)
    if isinstance(found, scrypath.QueryParams):
        judged(found.request, InvalidOptions)
        judged(found.query_string, InvalidOptions)


@given(
    text=st.builds("{}{}{}".format, st.sampled_from(FIELDS), st.sampled_from(["=", ">", ":gt=", ":"]), texts)
)
@long
def test_conditions_of_a_command_line(text: str) -> None:
    judged(lambda: condition(NOTE, text), InvalidOptions)


@given(odd=anything())
@long
def test_the_server_s_own_power_with_anything(odd: Any) -> None:
    judged(lambda: indexes.path(odd), InvalidOptions)
    for call in (
        indexes.get,
        indexes.stats,
        indexes.delete,
        index_settings.read,
        raw.search,
        documents.delete_all,
    ):
        judged(lambda call=call: call(NOWHERE, odd))
    judged(lambda: indexes.create(NOWHERE, "x", odd))
    judged(lambda: indexes.swap(NOWHERE, odd))
    judged(lambda: indexes.swap(NOWHERE, [odd]))
    judged(lambda: raw.search(NOWHERE, "x", odd))
    judged(lambda: raw.multi_search(NOWHERE, {"queries": odd}))
    judged(lambda: index_settings.patch(NOWHERE, "x", odd))
    judged(lambda: index_settings.patch(NOWHERE, "x", {"stopWords": odd}))
    judged(lambda: index_settings.hot_apply(NOWHERE, "x", {"synonyms": odd}, acknowledge=True))
    judged(
        lambda: index_settings.diff({"synonyms": odd, "stopWords": odd}, {"synonyms": odd}), InvalidOptions
    )
    judged(lambda: documents.get_many(NOWHERE, "x", odd))
    judged(lambda: documents.get_many(NOWHERE, "x", ["1"], fields=odd))
    judged(lambda: documents.delete(NOWHERE, "x", odd))
    judged(lambda: documents.write(NOWHERE, "x", odd))
    judged(lambda: documents.write(NOWHERE, "x", [odd]))
    judged(lambda: documents.write(NOWHERE, "x", [{"id": odd}], primary_key=odd, reference=odd, content=odd))
    judged(lambda: list(documents.pages(NOWHERE, "x", page_size=odd)))
    judged(lambda: list(documents.pages(NOWHERE, "x", start=odd, stop=odd, ahead=odd)))
    judged(lambda: tasks.get(NOWHERE, odd))
    judged(lambda: tasks.wait(NOWHERE, odd, timeout=0.01))
    judged(lambda: tasks.wait_all(NOWHERE, odd, timeout=0.01))
    judged(lambda: batches.get(NOWHERE, odd))
    for name in ("limit", "from_uid", "uids", "statuses", "before_enqueued_at"):
        judged(lambda name=name: tasks.listing(NOWHERE, **{name: odd}))
    judged(lambda: batches.listing(NOWHERE, limit=odd))
    judged(lambda: tasks.cancel(NOWHERE, uids=odd))


OPTIONS = sorted(Config.__dataclass_fields__)


@given(name=st.sampled_from(OPTIONS), odd=anything())
@long
def test_options_of_anything(name: str, odd: Any) -> None:
    judged(lambda: resolve(Config(), **{name: odd}), ConfigError)
    judged(lambda: repr(resolve(Config(), **{name: odd})), ConfigError)
    judged(lambda: scrypath.configure(**{name: odd}), ConfigError)
    scrypath.configure(**{name: None})


@given(
    text=texts | st.builds("postgresql://{}:{}@{}/{}?{}={}".format, texts, texts, texts, texts, texts, texts)
)
@long
def test_urls_of_anything(text: str) -> None:
    assert isinstance(ServiceUrl(text), str)
    judged(lambda: scrypath.preflight(NOTE, config=Config(database_url=text)))
    judged(lambda: indexes.listing(Config(meilisearch_url=text, connect_timeout=0.01)))


@given(
    toml=st.binary(max_size=30)
    | st.text(max_size=30).map(lambda it: it.encode())
    | st.builds(
        lambda name, value: f"{name} = {value}".encode(),
        st.sampled_from(OPTIONS),
        st.sampled_from(
            [
                "[" * 5_000 + "]" * 5_000,
                "{a=" * 3_000 + "1" + "}" * 3_000,
                DIGITS,
                "1e999",
                "nan",
                '"\\u0000"',
                "[[[]]]",
                "1979-05-27",
                "[1, 2]",
            ]
        ),
    )
)
@long
def test_files_of_anything(toml: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("project")
    (folder / "scrypath.toml").write_bytes(toml)
    here = Path.cwd()
    os.chdir(folder)
    try:
        judged(lambda: repr(resolve()), ConfigError)
    finally:
        os.chdir(here)
