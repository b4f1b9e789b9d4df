"""The body of a multi-search, checked in the words of Meilisearch's deserializer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from scrypath.local.engine import deserr
from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.search import request
from scrypath.local.engine.search.request import Search

PAGINATION: Final = ("offset", "limit", "page", "hits_per_page")
NULLABLE: Final = ("offset", "limit", "show_performance_details")
FEDERATION_OFF: Final = (
    "Performing a remote federated search requires enabling the `network` experimental feature."
    " See https://github.com/orgs/meilisearch/discussions/805"
)


@dataclass(frozen=True, slots=True)
class Options:
    """What a search has to say about its place in a merged list."""

    weight: float = 1.0
    remote: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One search of a multi-search."""

    uid: str
    search: Search
    options: Options | None


@dataclass(frozen=True, slots=True)
class Federation:
    """How the hits of several searches are merged."""

    limit: int = 20
    offset: int = 0
    page: int | None = None
    hits_per_page: int | None = None
    facets_by_index: dict[str, list[str] | None] = field(default_factory=dict)
    merge_facets: bool = False
    max_values_per_facet: int | None = None
    distinct: str | None = None

    @property
    def window(self) -> Search:
        """The part of the merged list that is asked for."""
        return Search(limit=self.limit, offset=self.offset, page=self.page, hits_per_page=self.hits_per_page)


def _uid(value: Any, _: str, where: str) -> str:
    uid = deserr.string(value, "invalid_index_uid", where)
    if (
        not uid
        or len(uid.encode()) > 400
        or not all(char.isascii() and (char.isalnum() or char in "-_") for char in uid)
    ):
        raise deserr.value_error(
            "invalid_index_uid",
            where,
            f"`{uid}` is not a valid index uid. Index uid can be an integer or a string containing only"
            " alphanumeric characters, hyphens (-) and underscores (_), and can not be more than 512 bytes.",
        )
    return uid


def _options(value: Any, code: str, where: str) -> Options | None:
    if value is None:
        return None
    weight, remote = 1.0, None
    for key, item in deserr.expect_object(value, code, where).items():
        at = f"{where}.{key}"
        if key == "weight":
            weight = request.number(item, "invalid_multi_search_weight", at)
            if weight < 0:
                raise deserr.value_error(
                    "invalid_multi_search_weight",
                    at,
                    "the value of `weight` is invalid, expected a positive float (>= 0.0).",
                )
        elif key == "remote":
            remote = None if item is None else deserr.string(item, "invalid_multi_search_remote", at)
        elif key == "queryPosition":
            if item is not None:
                deserr.unsigned(item, "invalid_multi_search_query_position", at)
        else:
            raise deserr.unknown_field(code, where, key, ["weight", "remote", "queryPosition"])
    return Options(weight, remote)


def read(body: Any) -> tuple[list[Asked], Federation | None]:
    """Return the searches of a multi-search, and how to merge them if they are to be merged."""
    found: list[Asked] | None = None
    merged: Federation | None = None
    for key, value in deserr.expect_object(body).items():
        if key == "queries":
            if not isinstance(value, list):
                raise deserr.type_error("bad_request", ".queries", deserr.ARRAY, value)
            found = [_asked(item, f".queries[{index}]") for index, item in enumerate(value)]
        elif key == "federation":
            merged = None if value is None else _federation(value)
        else:
            raise deserr.unknown_field("bad_request", "", key, ["queries", "federation"])
    if found is None:
        raise ApiError("bad_request", "Missing field `queries`")
    return found, merged


def _asked(body: Any, where: str) -> Asked:
    search, rest = request.read(
        body,
        where=where,
        others=("indexUid", "", "federationOptions"),
        optional=NULLABLE,
        extra={"indexUid": _uid, "federationOptions": _options},
    )
    if "indexUid" not in rest:
        raise ApiError("missing_index_uid", f"Missing field `indexUid` inside `{where}`")
    return Asked(rest["indexUid"], search, rest.get("federationOptions"))


def _federation(value: Any) -> Federation:
    names = [
        "limit",
        "offset",
        "page",
        "hitsPerPage",
        "facetsByIndex",
        "mergeFacets",
        "distinct",
        "showPerformanceDetails",
        "personalize",
    ]
    values: dict[str, Any] = {}
    for key, item in deserr.expect_object(value, where=".federation").items():
        at = f".federation.{key}"
        if key in {"limit", "offset"}:
            values[key] = deserr.unsigned(item, f"invalid_search_{key}", at)
        elif key in {"page", "hitsPerPage"}:
            name = "page" if key == "page" else "hits_per_page"
            values[name] = None if item is None else deserr.unsigned(item, f"invalid_search_{name}", at)
        elif key == "facetsByIndex":
            code = "invalid_multi_search_facets_by_index"
            values["facets_by_index"] = {
                uid: None if listed is None else deserr.strings(listed, code, f"{at}.{uid}")
                for uid, listed in deserr.expect_object(item, code, at).items()
            }
        elif key == "mergeFacets":
            values["merge_facets"], values["max_values_per_facet"] = _merge_facets(item, at)
        elif key == "distinct":
            values["distinct"] = None if item is None else deserr.string(item, "invalid_search_distinct", at)
        elif key == "showPerformanceDetails":
            deserr.boolean(item, "invalid_search_show_performance_details", at)
        elif key == "personalize":
            if item is not None:
                request.personalize(item, "invalid_search_personalize", at)
        else:
            raise deserr.unknown_field("bad_request", ".federation", key, names)
    return Federation(**values)


def _merge_facets(value: Any, where: str) -> tuple[bool, int | None]:
    code = "invalid_multi_search_merge_facets"
    if value is None:
        return False, None
    most: int | None = None
    for key, item in deserr.expect_object(value, code, where).items():
        if key != "maxValuesPerFacet":
            raise deserr.unknown_field(code, where, key, ["maxValuesPerFacet"])
        if item is not None:
            most = deserr.unsigned(item, "invalid_multi_search_max_values_per_facet", f"{where}.{key}")
    return True, most


def refused(asked: Asked, merged: Federation) -> ApiError | None:
    """Return why a search may not take part in a merged list, None when it may."""
    search = asked.search
    paged = next((name for name in PAGINATION if name in search.given), None)
    if paged is not None:
        return ApiError(
            "invalid_multi_search_query_pagination",
            "Using pagination options is not allowed in federated queries.\n"
            f" - Hint: remove `{request.camel(paged)}` from the query or remove `federation` from the request\n"
            " - Hint: pass `federation.limit` and `federation.offset` for pagination in federated search",
        )
    if search.facets:
        listed = orjson.dumps(search.facets).decode().replace('","', '", "')
        return ApiError(
            "invalid_multi_search_query_facets",
            "Using facet options is not allowed in federated queries.\n"
            " - Hint: remove `facets` from the query or remove `federation` from the request\n"
            f" - Hint: pass `federation.facetsByIndex.{asked.uid}: {listed}` for facets in federated search",
        )
    if search.personalize is not None:
        return ApiError(
            "invalid_multi_search_query_personalization",
            "Using `.personalize` is not allowed in federated queries.\n"
            " - Hint: remove `personalize` from the query or remove `federation` from the request\n"
            " - Hint: pass `federation.personalize` for personalization in federated search",
        )
    if "show_performance_details" in search.given:
        return ApiError(
            "invalid_multi_search_query_show_performance_details",
            "Using `.showPerformanceDetails` is not allowed in federated queries.\n"
            " - Hint: remove `showPerformanceDetails` from the query or remove `federation` from the request",
        )
    if search.distinct is not None and merged.distinct is not None:
        return ApiError(
            "invalid_multi_search_distinct",
            "Using `distinct` options is not allowed in federated queries when it also appears in"
            " `.federation.distinct`.\n"
            " - Hint: remove `distinct` from the query or remove `federation` from the request\n"
            "  - Note: `distinct` at the query level is discouraged in federated search.",
        )
    if asked.options is not None and asked.options.remote is not None:
        return ApiError("feature_not_enabled", FEDERATION_OFF)
    return None
