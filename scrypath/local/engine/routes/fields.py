"""The fields of an index, and what its settings make of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from scrypath.local.engine import deserr
from scrypath.local.engine.checks import Check, object_of
from scrypath.local.engine.routes.call import Call, Reply, Route, answer
from scrypath.local.engine.search.fields import Filterable, covered, displayed, matches, searchable_weight
from scrypath.local.engine.search.indexer import field_ids
from scrypath.local.engine.search.locales import name as language

_ABILITIES: Final = ("displayed", "searchable", "sortable", "distinct", "rankingRule", "filterable")
_CODE: Final = "invalid_index_fields_filter"


def _coded(check: Check, code: str) -> Check:
    return lambda value, _code, where: check(value, code, where)


_FILTER: Final = object_of(
    {
        "attributePatterns": _coded(deserr.strings, f"{_CODE}_attribute_patterns"),
        **{
            name: _coded(deserr.boolean, f"{_CODE}_{'ranking_rule' if name == 'rankingRule' else name}")
            for name in _ABILITIES
        },
    }
)
_ACCEPTED: Final = ("offset", "limit", "filter")


def _order(settings: Mapping[str, Any], field: str) -> dict[str, Any]:
    for rule in settings["rankingRules"]:
        name, colon, direction = rule.rpartition(":")
        if colon and name == field:
            return {"enabled": True, "order": direction}
    return {"enabled": False}


def _locales(settings: Mapping[str, Any], field: str) -> list[str]:
    for rule in settings["localizedAttributes"] or ():
        if any(matches(pattern, field) for pattern in rule["attributePatterns"]):
            return [language(code) for code in rule["locales"]]
    return []


def _view(settings: Mapping[str, Any], filterable: Filterable, field: str) -> dict[str, Any]:
    rule = filterable.rule(field)
    sorts = settings["faceting"]["sortFacetValuesBy"]
    searched, equality, comparison = (
        (rule.facet_search, rule.equality, rule.comparison) if rule is not None else (False, False, False)
    )
    geo = field == "_geo" or field.startswith("_geo.")
    return {
        "name": field,
        "displayed": {"enabled": displayed(settings, field)},
        "searchable": {"enabled": not geo and searchable_weight(settings, field) is not None},
        "sortable": {"enabled": covered(settings["sortableAttributes"], field)},
        "distinct": {"enabled": settings["distinctAttribute"] == field},
        "rankingRule": _order(settings, field),
        "filterable": {
            "enabled": searched or equality or comparison,
            "sortBy": sorts.get(field, sorts["*"]),
            "facetSearch": searched,
            "equality": equality,
            "comparison": comparison,
        },
        "localized": {"locales": _locales(settings, field)},
    }


def _wanted(view: Mapping[str, Any], chosen: Mapping[str, Any]) -> bool:
    patterns = chosen.get("attributePatterns")
    if patterns is not None and not any(matches(pattern, view["name"]) for pattern in patterns):
        return False
    return all(chosen.get(name) in (None, view[name]["enabled"]) for name in _ABILITIES)


def listing(call: Call) -> Reply:
    """Answer with a page of the fields that a filter wants."""
    body = deserr.expect_object(call.json())
    offset, limit = 0, 20
    chosen: dict[str, Any] = {}
    for key, value in body.items():
        match key:
            case "offset":
                offset = deserr.unsigned(value, "invalid_index_offset", ".offset")
            case "limit":
                limit = deserr.unsigned(value, "invalid_index_limit", ".limit")
            case "filter":
                chosen = {} if value is None else _FILTER(value, _CODE, ".filter")
            case _:
                raise deserr.unknown_field("bad_request", "", key, _ACCEPTED)
    with call.engine.indexes.get(call.index_uid).read() as (conn, facts):
        names = sorted(name for name in field_ids(conn) if not name.startswith("_vectors."))
        settings = facts.settings
    filterable = Filterable(settings)
    views = [view for name in names if _wanted(view := _view(settings, filterable, name), chosen)]
    page = views[offset : offset + limit]
    return answer({"results": page, "offset": offset, "limit": limit, "total": len(views)})


ROUTES: Final = (Route("POST", "/indexes/{index_uid}/fields", "fields.post", listing),)
