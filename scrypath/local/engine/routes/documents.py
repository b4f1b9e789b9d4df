"""Documents: written, deleted, read back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from scrypath.local.engine import deserr, payload, serde
from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.identity import invalid_id, text_id
from scrypath.local.engine.reading import Browse, one, page
from scrypath.local.engine.routes.call import Call, Reply, Route, answer, content_type
from scrypath.local.engine.search import filters, sorting
from scrypath.local.engine.tasks import Kind, Task

_WRITTEN: Final = (payload.JSON, payload.NDJSON, payload.CSV)
_BROWSED: Final = ("offset", "limit", "fields", "retrieveVectors", "ids", "filter", "sort", "useNetwork")


# -- writing -------------------------------------------------------------------------------------


def _delimiter(text: str | None, refuse: Callable[[str, str, str], ApiError]) -> str | None:
    if text is None:
        return None
    code = "invalid_document_csv_delimiter"
    if len(text) != 1:
        found = "an empty string" if not text else f"the following string of {len(text)} characters: `{text}`"
        raise refuse("csvDelimiter", code, f"expected a string of one character, but found {found}")
    if not text.isascii():
        raise ApiError(code, f"csv delimiter must be an ascii character. Found: `{text}`")
    return text


def _write(call: Call, method: str) -> Reply:
    params = call.params("primaryKey", "csvDelimiter", "customMetadata", "skipCreation")
    delimiter = _delimiter(params.text("csvDelimiter"), params.invalid)
    skip = params.text("skipCreation")
    if skip is not None and skip.lower() not in ("true", "false"):
        message = f"skipCreation must be either `true` or `false`. Found: `{skip}`"
        raise ApiError("invalid_skip_creation", message)
    uid = call.index_uid
    media = content_type(call.headers, _WRITTEN)
    if delimiter is not None and media != payload.CSV:
        message = (
            f"The Content-Type `{media}` does not support the use of a csv delimiter. The csv delimiter can only be"
            " used with the Content-Type `text/csv`."
        )
        raise ApiError("invalid_content_type", message)
    count = 0

    def lines() -> Iterator[bytes]:
        nonlocal count
        for documents in payload.read(media, call.body, delimiter or ","):
            count += len(documents)
            yield from map(payload.line, documents)

    file = call.engine.queue.store_payload(lines())
    content = {
        "method": method,
        "primaryKey": params.text("primaryKey"),
        "skipCreation": (skip or "").lower() == "true",
        "file": file,
        "count": count,
    }
    metadata = params.text("customMetadata")
    return answer(call.engine.enqueue(Kind.DOCUMENT_ADDITION, uid, content, metadata).summary(), 202)


def replace(call: Call) -> Reply:
    """Enqueue documents that take the place of others."""
    return _write(call, "replace")


def update(call: Call) -> Reply:
    """Enqueue fields that are added to documents."""
    return _write(call, "update")


def _enqueue_deletion(call: Call, content: dict[str, Any], metadata: str | None) -> Reply:
    task: Task = call.engine.enqueue(Kind.DOCUMENT_DELETION, call.index_uid, content, metadata)
    return answer(task.summary(), 202)


def delete_one(call: Call) -> Reply:
    """Enqueue the deletion of one document."""
    metadata = call.params("customMetadata").text("customMetadata")
    return _enqueue_deletion(call, {"ids": [call.path["document_id"]]}, metadata)


def clear(call: Call) -> Reply:
    """Enqueue the deletion of every document."""
    metadata = call.params("customMetadata").text("customMetadata")
    return _enqueue_deletion(call, {}, metadata)


_SERDE_KINDS: Final = {deserr.OBJECT: "map", deserr.NULL: "null"}


def _list_of_ids(call: Call) -> list[Any]:
    """Return the body of a deletion by ids, which another parser reads than all other bodies."""
    content_type(call.headers, (payload.JSON,))
    if not call.body:
        raise ApiError("missing_payload", "A json payload is missing.")
    try:
        value = payload.loads(call.body)
    except ValueError:
        reason = serde.complaint(call.body)
        raise ApiError("malformed_payload", f"The json payload provided is malformed. `{reason}`.") from None
    if isinstance(value, list):
        return value
    kind = deserr.kind(value)
    if isinstance(value, dict):
        found, column = "map", 0
    elif value is None:
        found, column = "null", 4
    else:
        name = {deserr.STRING: "string", deserr.BOOLEAN: "boolean", deserr.NUMBER: "floating point"}.get(
            kind, "integer"
        )
        shown = f'"{value}"' if isinstance(value, str) else deserr.dumps(value)
        found, column = f"{name} {shown}" if isinstance(value, str) else f"{name} `{shown}`", len(call.body)
    message = f"Json deserialize error: invalid type: {found}, expected a sequence at line 1 column {column}"
    raise ApiError("bad_request", message)


def delete_batch(call: Call) -> Reply:
    """Enqueue the deletion of documents by id."""
    value = _list_of_ids(call)
    metadata = call.params("customMetadata").text("customMetadata")
    ids = [item if isinstance(item, str) else deserr.dumps(item) for item in value]
    return _enqueue_deletion(call, {"ids": ids}, metadata)


def _filter_shape(value: Any) -> ApiError:
    message = (
        f"Invalid syntax for the filter parameter: `expected String, Array, found: {deserr.dumps(value)}`."
    )
    return ApiError("invalid_document_filter", message)


def _parsed(value: Any) -> Any:
    try:
        return filters.parse(value)
    except filters.FilterError as error:
        raise ApiError(error.code or "invalid_document_filter", error.message) from None


def delete_by_filter(call: Call) -> Reply:
    """Enqueue the deletion of documents by filter."""
    body = deserr.expect_object(call.json())
    deserr.known_keys(body, ("filter",))
    if "filter" not in body:
        raise ApiError("missing_document_filter", "Missing field `filter`")
    metadata = call.params("customMetadata").text("customMetadata")
    asked = body["filter"]
    if not isinstance(asked, (str, list)):
        raise _filter_shape(asked)
    if _parsed(asked) is None:
        raise ApiError("invalid_document_filter", "Sending an empty filter is forbidden.")
    return _enqueue_deletion(call, {"filter": asked}, metadata)


# -- reading -------------------------------------------------------------------------------------


def _no_network(params: deserr.Params) -> None:
    text = params.text("useNetwork")
    if text is not None:
        message = "Invalid value type for parameter `useNetwork`: expected a string, but found a string"
        raise ApiError("invalid_document_use_network", f"{message}: `{text}`")


def get_one(call: Call) -> Reply:
    """Answer with one document."""
    params = call.params("fields", "retrieveVectors", "useNetwork")
    _no_network(params)
    vectors = params.boolean("retrieveVectors", "invalid_document_retrieve_vectors")
    index = call.engine.indexes.get(call.index_uid)
    return Reply(one(index, call.path["document_id"], params.words("fields"), vectors))


def _ids(values: Sequence[Any], where: str) -> list[str]:
    ids = []
    for n, value in enumerate(values):
        try:
            ids.append(text_id(value))
        except ApiError:
            message = f"In `{where}[{n}]`: {invalid_id(value).message}"
            raise ApiError("invalid_document_ids", message) from None
    return ids


def _page(call: Call, browse: Browse) -> Reply:
    if browse.sort:
        try:
            sorting.read(list(browse.sort))
        except ApiError as error:
            raise ApiError("invalid_document_sort", error.message) from None
    index = call.engine.indexes.get(call.index_uid)
    if browse.filter is not None:
        if not isinstance(browse.filter, (str, list)):
            raise _filter_shape(browse.filter)
        _parsed(browse.filter)
    return Reply(page(index, browse))


def _filter(text: str | None) -> Any:
    """Return a filter of a query string, which may be JSON."""
    if not text:
        return None
    try:
        return payload.loads(text)
    except ValueError:
        return text


def _browse(params: deserr.Params) -> Browse:
    _no_network(params)
    ids = params.text("ids")
    sort = params.text("sort")
    return Browse(
        offset=params.unsigned("offset", "invalid_document_offset", 0),
        limit=params.unsigned("limit", "invalid_document_limit", 20),
        fields=params.words("fields"),
        vectors=params.boolean("retrieveVectors", "invalid_document_retrieve_vectors"),
        ids=None if ids is None else [id_ for id_ in ids.split(",") if id_],
        filter=_filter(params.text("filter")),
        sort=None if sort is None else split_sort(sort),
    )


def browse(call: Call) -> Reply:
    """Answer with a page of documents."""
    asked = call.asked(_browse, *_BROWSED)
    call.index_uid  # noqa: B018 - the name is looked at before the ids
    if asked.ids is not None:
        _ids(asked.ids, ".ids")
    return _page(call, asked)


def split_sort(text: str) -> list[str]:
    """Return the criteria of a comma-separated list, in which a place has a comma of its own.

    Examples
    --------
    >>> split_sort("price:asc,_geoPoint(1,2):desc")
    ['price:asc', '_geoPoint(1,2):desc']
    """
    criteria: list[str] = []
    for part in text.split(","):
        if criteria and criteria[-1].startswith("_geoPoint(") and ")" not in criteria[-1]:
            criteria[-1] += f",{part}"
        else:
            criteria.append(part)
    return criteria


def _plain(value: Any, _code: str, _where: str) -> Any:
    return value


def _list(value: Any, code: str, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise deserr.type_error(code, where, deserr.ARRAY, value)
    return value


_READERS: Final[dict[str, tuple[str, Callable[[Any, str, str], Any]]]] = {
    "offset": ("offset", deserr.unsigned),
    "limit": ("limit", deserr.unsigned),
    "fields": ("fields", deserr.strings),
    "retrieveVectors": ("retrieve_vectors", deserr.boolean),
    "ids": ("ids", _list),
    "filter": ("filter", _plain),
    "sort": ("sort", deserr.strings),
    "useNetwork": ("use_network", deserr.boolean),
}
_OPTIONAL: Final = ("fields", "ids", "filter", "sort", "useNetwork")


def fetch(call: Call) -> Reply:
    """Answer with documents asked for in a body."""
    body = deserr.expect_object(call.json())
    read: dict[str, Any] = {}
    for name, value in body.items():
        if name not in _READERS:
            raise deserr.unknown_field("bad_request", "", name, _BROWSED)
        code, reader = _READERS[name]
        if value is None and name in _OPTIONAL:
            continue
        read[name] = reader(value, f"invalid_document_{code}", f".{name}")
    if "useNetwork" in read:
        message = (
            "passing `useNetwork` in a search query requires enabling the `network` experimental feature."
        )
        raise ApiError(
            "feature_not_enabled", f"{message} See https://github.com/orgs/meilisearch/discussions/805"
        )
    read["vectors"] = read.pop("retrieveVectors", False)
    call.index_uid  # noqa: B018 - the name is looked at before the ids
    if "ids" in read:
        read["ids"] = _ids(read["ids"], ".ids")
    return _page(call, Browse(**read))


_DOCUMENTS: Final = "/indexes/{index_uid}/documents"

ROUTES: Final = (
    Route("GET", _DOCUMENTS, "documents.get", browse),
    Route("POST", _DOCUMENTS, "documents.add", replace),
    Route("PUT", _DOCUMENTS, "documents.add", update),
    Route("DELETE", _DOCUMENTS, "documents.delete", clear),
    Route("POST", f"{_DOCUMENTS}/delete-batch", "documents.delete", delete_batch),
    Route("POST", f"{_DOCUMENTS}/delete", "documents.delete", delete_by_filter),
    Route("POST", f"{_DOCUMENTS}/fetch", "documents.get", fetch),
    Route("GET", _DOCUMENTS + "/{document_id}", "documents.get", get_one),
    Route("DELETE", _DOCUMENTS + "/{document_id}", "documents.delete", delete_one),
)
