"""The body of a search, checked in the words of Meilisearch's deserializer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

from scrypath.local.engine import deserr
from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.search.locales import LOCALES

BOUNDED: Final = "expected a float between `0.0` and `1.0`."
STRATEGIES: Final = ("last", "all", "frequency")


def strategy(value: Any, code: str, where: str) -> str:
    """Return a matching strategy, refuse anything else."""
    found = deserr.string(value, code, where)
    if found not in STRATEGIES:
        raise deserr.unknown_value(code, where, found, STRATEGIES)
    return found


def locales(value: Any, code: str, where: str) -> list[str]:
    """Return a list of languages, refuse anything else."""
    found = deserr.strings(value, code, where)
    for index, name in enumerate(found):
        if name not in LOCALES:
            raise deserr.unknown_value(code, f"{where}[{index}]", name, LOCALES)
    return found


def number(value: Any, code: str, where: str) -> float:
    """Return a number, refuse anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise deserr.type_error(code, where, deserr.NUMBER, value)
    return float(value)


def share(name: str) -> Callable[[Any, str, str], float]:
    """Return a reader of a number between 0 and 1 that is called `name` in messages."""

    def read(value: Any, code: str, where: str) -> float:
        found = number(value, code, where)
        if not 0 <= found <= 1:
            raise deserr.value_error(code, where, f"the value of `{name}` is invalid, {BOUNDED}")
        return found

    return read


def anything(value: Any, _code: str, _where: str) -> Any:
    """Return the value as it is: it is checked where it is used."""
    return value


def vector(value: Any, code: str, where: str) -> list[float]:
    """Return a list of numbers, refuse anything else."""
    if not isinstance(value, list):
        raise deserr.type_error(code, where, deserr.ARRAY, value)
    return [number(item, code, f"{where}[{index}]") for index, item in enumerate(value)]


def hybrid(value: Any, code: str, where: str) -> dict[str, Any]:
    """Return the hybrid part of a search, refuse anything else."""
    found = deserr.expect_object(value, code, where)
    result: dict[str, Any] = {"semanticRatio": 0.5}
    readers: dict[str, tuple[str, Callable[[Any, str, str], Any]]] = {
        "semanticRatio": ("invalid_search_semantic_ratio", share("semanticRatio")),
        "embedder": ("invalid_search_embedder", deserr.string),
    }
    for key, item in found.items():
        if key not in readers:
            raise deserr.unknown_field(code, where, key, list(readers))
        inner, read = readers[key]
        result[key] = read(item, inner, f"{where}.{key}")
    if "embedder" not in result:
        raise ApiError(code, f"Missing field `embedder` inside `{where}`")
    return result


def personalize(value: Any, code: str, where: str) -> dict[str, Any]:
    """Return the personalization of a search, refuse anything else."""
    found = deserr.expect_object(value, code, where)
    for key, item in found.items():
        if key != "userContext":
            raise deserr.unknown_field(code, where, key, ["userContext"])
        deserr.string(item, "invalid_search_personalize_user_context", f"{where}.{key}")
    if "userContext" not in found:
        raise ApiError(code, f"Missing field `userContext` inside `{where}`")
    return found


@dataclass(frozen=True, slots=True)
class Search:
    """A search as asked for; names and defaults are those of the wire, in snake case."""

    q: str | None = None
    offset: int = 0
    limit: int = 20
    page: int | None = None
    hits_per_page: int | None = None
    attributes_to_retrieve: list[str] | None = None
    attributes_to_crop: list[str] | None = None
    crop_length: int = 10
    crop_marker: str = "…"
    attributes_to_highlight: list[str] | None = None
    highlight_pre_tag: str = "<em>"
    highlight_post_tag: str = "</em>"
    show_matches_position: bool = False
    filter: Any = None
    sort: list[str] | None = None
    distinct: str | None = None
    facets: list[str] | None = None
    matching_strategy: str = "last"
    attributes_to_search_on: list[str] | None = None
    ranking_score_threshold: float | None = None
    locales: list[str] | None = None
    hybrid: dict[str, Any] | None = None
    vector: list[float] | None = None
    retrieve_vectors: bool = False
    media: Any = None
    personalize: dict[str, Any] | None = None
    use_network: bool | None = None
    show_ranking_score: bool = False
    show_ranking_score_details: bool = False
    show_performance_details: bool = False
    given: frozenset[str] = field(default=frozenset())

    @property
    def paged(self) -> bool:
        """Whether pages were asked for, and with them an exact number of hits."""
        return self.page is not None or self.hits_per_page is not None


def camel(name: str) -> str:
    """Return a snake-case name as it is on the wire.

    Examples
    --------
    >>> camel("hits_per_page")
    'hitsPerPage'
    """
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


type Reader = Callable[[Any, str, str], Any]

_READERS: Final[dict[str, Reader]] = {
    "q": deserr.string,
    "offset": deserr.unsigned,
    "limit": deserr.unsigned,
    "page": deserr.unsigned,
    "hits_per_page": deserr.unsigned,
    "crop_length": deserr.unsigned,
    "crop_marker": deserr.string,
    "highlight_pre_tag": deserr.string,
    "highlight_post_tag": deserr.string,
    "show_matches_position": deserr.boolean,
    "filter": anything,
    "distinct": deserr.string,
    "matching_strategy": strategy,
    "ranking_score_threshold": share("rankingScoreThreshold"),
    "locales": locales,
    "hybrid": hybrid,
    "vector": vector,
    "retrieve_vectors": deserr.boolean,
    "media": anything,
    "personalize": personalize,
    "use_network": deserr.boolean,
    "show_ranking_score": deserr.boolean,
    "show_ranking_score_details": deserr.boolean,
    "show_performance_details": deserr.boolean,
}
_OPTIONAL: Final = frozenset(item.name for item in fields(Search) if item.default is None)
_CODES: Final = {"hybrid": "invalid_search_hybrid_query"}
_NAMES: Final = {camel(item.name): item.name for item in fields(Search) if item.name != "given"}
FIELDS: Final = tuple(_NAMES)


def read(
    body: Any,
    *,
    where: str = "",
    others: Sequence[str] = (),
    optional: Sequence[str] = (),
    extra: Mapping[str, Reader] | None = None,
) -> tuple[Search, dict[str, Any]]:
    """Return the search a JSON body asks for.

    Parameters
    ----------
    body
        Decoded JSON.
    where
        Path of the body in the request, for messages.
    others
        Names of the wire that may stand before or after those of a search, in the order in which messages
        list them: before the first ``""`` and after it.
    optional
        Names in snake case that may be null here although a plain search refuses it.
    extra
        Readers of the other names.

    Returns
    -------
    tuple
        The search, and the values of the other names.

    Raises
    ------
    ApiError
        An unknown field, or a value of the wrong type.
    """
    values: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    split = list(others).index("") if "" in others else 0
    accepted = [*others[:split], *FIELDS, *others[split + 1 :]]
    for key, value in deserr.expect_object(body, where=where).items():
        at = f"{where}.{key}"
        if extra is not None and key in extra:
            rest[key] = extra[key](value, "bad_request", at)
            continue
        name = _NAMES.get(key)
        if name is None:
            raise deserr.unknown_field("bad_request", where, key, accepted)
        if value is None and (name in _OPTIONAL or name in optional):
            continue
        reader = _READERS.get(name, deserr.strings)
        values[name] = reader(value, _CODES.get(name, f"invalid_search_{name}"), at)
    return Search(**values, given=frozenset(values)), rest
