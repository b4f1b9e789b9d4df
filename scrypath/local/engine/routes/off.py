"""What a server refuses as long as an experimental feature is not switched on; the engine has none of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from scrypath.local.engine import checks, deserr
from scrypath.local.engine.checks import Check, anything, snake
from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.routes.call import Call, Reply, Route

type Fields = Mapping[str, tuple[Check, str]]
"""By name, what a field of a body must be, and the code of its refusal."""


def not_enabled(what: str, feature: str, page: str) -> ApiError:
    """Return the refusal of an experimental feature that is switched off."""
    return ApiError(
        "feature_not_enabled",
        f"{what} requires enabling the `{feature}` experimental feature. See https://github.com/{page}",
    )


def read(
    body: Any, fields: Fields, required: Mapping[str, str] | None = None, *, immutable: Iterable[str] = ()
) -> dict[str, Any]:
    """Return a body of a route that would do something with it, refuse what the server refuses first.

    Parameters
    ----------
    body
        Decoded JSON.
    fields
        The fields it may have; each may be null.
    required
        Those it must have, with the code of the refusal when one is missing.
    immutable
        Fields that exist but cannot be changed.
    """
    found = deserr.expect_object(body)
    for key, value in found.items():
        if key in immutable:
            raise ApiError(
                f"immutable_webhook_{snake(key)}", f"Immutable field `{key}`: {deserr.one_of(fields)}"
            )
        if key not in fields:
            raise deserr.unknown_field("bad_request", "", key, tuple(fields))
        check, code = fields[key]
        if value is not None:
            check(value, code, f".{key}")
    for key, code in (required or {}).items():
        if key not in found:
            raise ApiError(code, f"Missing field `{key}`")
    return found


def _fields(body: Fields, required: Mapping[str, str] | None = None) -> Callable[[Call], object]:
    return lambda call: read(call.json(), body, required)


def _off(
    method: str, path: str, action: str, error: ApiError, check: Callable[[Call], object] | None = None
) -> Route:
    def refuse(call: Call) -> Reply:
        if check is not None:
            check(call)
        raise error

    return Route(method, path, action, refuse)


_ORGS: Final = "orgs/meilisearch/discussions"
_NETWORK: Final = not_enabled("Using the /network route", "network", f"{_ORGS}/805")
_LOGS: Final = not_enabled("Modifying logs through the `/logs/*` routes", "logs route", f"{_ORGS}/721")
_METRICS: Final = not_enabled("Getting metrics", "metrics", "meilisearch/product/discussions/625")
_EDIT: Final = not_enabled("Using the documents edit route", "edit documents by function", f"{_ORGS}/762")
_TASK_DOCUMENTS: Final = not_enabled(
    "Getting the documents of an enqueued task", "get task documents route", f"{_ORGS}/808"
)
_TASKS: Final = not_enabled("Using the /tasks/compact route", "task queue compaction route", f"{_ORGS}/883")
_TEMPLATES: Final = not_enabled("calling the /render-template route", "render_route", f"{_ORGS}/888")


def _chats(what: str) -> ApiError:
    return not_enabled(what, "chat completions", f"{_ORGS}/835")


def _rules(what: str) -> ApiError:
    return not_enabled(what, "dynamic search rules", f"{_ORGS}/884")


_REMOTE: Final = checks.object_of(
    {"url": deserr.string, "searchApiKey": deserr.string, "writeApiKey": deserr.string}
)
_NETWORK_BODY: Final[Fields] = {
    "remotes": (checks.map_of(_REMOTE), "invalid_network_remotes"),
    "shards": (checks.map_of(anything), "invalid_network_shards"),
    "previousShards": (anything, "bad_request"),
    "self": (deserr.string, "invalid_network_self"),
    "leader": (deserr.string, "invalid_network_leader"),
    "previousRemotes": (anything, "bad_request"),
}
_CHAT_BODY: Final[Fields] = {
    "source": (checks.choice("openAi", "mistral", "azureOpenAi", "vLlm"), "bad_request"),
    **dict.fromkeys(
        ("orgId", "projectId", "apiVersion", "deploymentId", "baseUrl", "apiKey"),
        (deserr.string, "bad_request"),
    ),
    "prompts": (anything, "bad_request"),
}
_RULES_BODY: Final[Fields] = {
    "offset": (checks.unsigned, "invalid_dynamic_search_rule_offset"),
    "limit": (checks.unsigned, "invalid_dynamic_search_rule_limit"),
    "filter": (deserr.expect_object, "invalid_dynamic_search_rule_filter"),
}
_RULE_BODY: Final[Fields] = {
    "description": (deserr.string, "invalid_dynamic_search_rule_description"),
    "precedence": (checks.unsigned, "invalid_dynamic_search_rule_priority"),
    "active": (deserr.boolean, "invalid_dynamic_search_rule_active"),
    "conditions": (deserr.expect_object, "invalid_dynamic_search_rule_conditions"),
    "actions": (checks.list_of(anything), "invalid_dynamic_search_rule_actions"),
}
_TEMPLATE_BODY: Final[Fields] = {
    "template": (
        lambda value, code, where: _kind(deserr.expect_object(value, code, where), code, where),
        "invalid_render_template",
    ),
    "input": (deserr.expect_object, "invalid_render_input"),
}
_EDIT_BODY: Final[Fields] = {
    "filter": (anything, "invalid_document_filter"),
    "context": (anything, "invalid_document_edition_context"),
    "function": (deserr.string, "invalid_document_edition_function_filter"),
}
_LOG_TARGET: Final[Fields] = {"target": (deserr.string, "bad_request")}
_LOG_STREAM: Final[Fields] = {
    **_LOG_TARGET,
    "mode": (checks.choice("human", "json", "profile"), "bad_request"),
    "profileMemory": (deserr.boolean, "bad_request"),
}


def _kind(found: dict[str, Any], code: str, where: str) -> dict[str, Any]:
    if "kind" not in found:
        raise ApiError(code, f"Missing field `kind` inside `{where}`")
    return found


def _serde(*required: str) -> Callable[[Call], object]:
    """Return the check of a body that another parser reads than most others."""

    def check(call: Call) -> None:
        found = deserr.expect_object(call.json())
        for name in required:
            if name not in found:
                place = f"at line 1 column {len(call.body)}"
                raise ApiError("bad_request", f"Json deserialize error: missing field `{name}` {place}")

    return check


def _edited(call: Call) -> None:
    read(call.json(), _EDIT_BODY, {"function": "missing_document_edition_function"})


_RULES: Final = "/dynamic-search-rules"
_ONE_RULE: Final = _RULES + "/{rule_uid}"
_ANY_RULE: Final = _rules("Using the `/dynamic-search-rules` routes")

ROUTES: Final = (
    _off("GET", "/network", "network.get", _NETWORK),
    _off("PATCH", "/network", "network.update", _NETWORK, _fields(_NETWORK_BODY)),
    _off("POST", "/network/control", "network.update", _NETWORK, _serde("origin")),
    _off("GET", "/metrics", "metrics.get", _METRICS),
    _off("POST", "/logs/stream", "metrics.get", _LOGS, _fields(_LOG_STREAM)),
    _off("DELETE", "/logs/stream", "metrics.get", _LOGS),
    _off("POST", "/logs/stderr", "metrics.get", _LOGS, _fields(_LOG_TARGET)),
    _off("GET", "/chats", "chats.get", _chats("listing the chats")),
    _off("GET", "/chats/{workspace_uid}", "chats.get", _chats("displaying a chat")),
    _off("DELETE", "/chats/{workspace_uid}", "chats.delete", _chats("deleting a chat")),
    *(
        _off(
            method,
            "/chats/{workspace_uid}/settings",
            f"chatsSettings.{verb}",
            _chats("using the /chats/settings route"),
            check,
        )
        for method, verb, check in (
            ("GET", "get", None),
            ("PATCH", "update", _fields(_CHAT_BODY)),
            ("DELETE", "update", None),
        )
    ),
    _off(
        "POST",
        "/chats/{workspace_uid}/chat/completions",
        "chatCompletions",
        _chats("using the /chats chat completions route"),
        _serde("messages", "model"),
    ),
    _off(
        "POST",
        _RULES,
        "dynamicSearchRules.get",
        _rules("Calling the `POST /dynamic-search-rules` route"),
        _fields(_RULES_BODY),
    ),
    _off("DELETE", _RULES, "dynamicSearchRules.delete", _ANY_RULE),
    _off(
        "GET",
        _ONE_RULE,
        "dynamicSearchRules.get",
        _rules("Calling the `GET /dynamic-search-rules/{:ruleUid}` route"),
    ),
    _off("PATCH", _ONE_RULE, "dynamicSearchRules.update", _ANY_RULE, _fields(_RULE_BODY)),
    _off("DELETE", _ONE_RULE, "dynamicSearchRules.delete", _ANY_RULE),
    _off(
        "POST",
        "/render-template",
        "settings.get",
        _TEMPLATES,
        _fields(_TEMPLATE_BODY, {"template": "bad_request"}),
    ),
    _off("POST", "/tasks/compact", "tasks.compact", _TASKS),
    _off("POST", "/indexes/{index_uid}/documents/edit", "documents.*", _EDIT, _edited),
    _off("GET", "/tasks/{task_uid}/documents", "tasks.get", _TASK_DOCUMENTS),
)
