"""Health, version, stats, and what is switched off."""

from __future__ import annotations

from typing import Any, Final

from scrypath.local.engine import deserr
from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.names import not_found
from scrypath.local.engine.routes.call import Call, Reply, Route, answer
from scrypath.local.engine.tasks import Kind

FEATURES: Final = (
    "metrics",
    "logsRoute",
    "editDocumentsByFunction",
    "containsFilter",
    "dynamicSearchRules",
    "network",
    "getTaskDocumentsRoute",
    "taskQueueCompactionRoute",
    "compositeEmbedders",
    "chatCompletions",
    "multimodal",
    "foreignKeys",
    "disableDocumentsFetchQueue",
    "legacySearch",
    "renderRoute",
)


def not_enabled(what: str, feature: str, where: str) -> ApiError:
    """Return the refusal of an experimental feature that is switched off."""
    return ApiError(
        "feature_not_enabled",
        f"{what} requires enabling the `{feature}` experimental feature. See https://github.com/{where}",
    )


def health(_call: Call) -> Reply:
    """Answer that the engine is there."""
    return answer({"status": "available"})


def running(_call: Call) -> Reply:
    """Answer a look at the root."""
    return answer({"status": "Meilisearch is running"})


def version(call: Call) -> Reply:
    """Answer with the version the engine follows."""
    return answer({"commitSha": "unknown", "commitDate": "unknown", "pkgVersion": call.engine.version})


def _size_format(call: Call) -> None:
    params = call.params("showInternalDatabaseSizes", "sizeFormat")
    params.boolean("showInternalDatabaseSizes", "invalid_stats_show_internal_database_sizes")
    asked = params.text("sizeFormat")
    if asked not in (None, "human", "raw"):
        message = f"Unknown value `{asked}` for parameter `sizeFormat`: expected one of `human`, `raw`"
        raise ApiError("invalid_stats_size_format", message)


def stats(call: Call) -> Reply:
    """Answer with the numbers of the whole engine."""
    _size_format(call)
    return answer(call.engine.stats(call.visible))


def index_stats(call: Call) -> Reply:
    """Answer with the numbers of one index."""
    _size_format(call)
    uid = call.index_uid
    return answer(call.engine.indexes.get(uid).stats(call.engine.is_busy(uid)))


def features(_call: Call) -> Reply:
    """Answer with the experimental features, all switched off."""
    return answer(dict.fromkeys(FEATURES, False))


def change_features(call: Call) -> Reply:
    """Refuse to switch a feature on that the engine does not have."""
    body: dict[str, Any] = deserr.expect_object(call.json())
    for name, value in body.items():
        if name not in FEATURES:
            raise deserr.unknown_field("bad_request", "", name, FEATURES)
        if value is not None and deserr.boolean(value, "bad_request", f".{name}"):
            message = f"The embedded engine does not have the `{name}` experimental feature; use a Meilisearch server."
            raise ApiError("feature_not_enabled", message)
    return features(call)


def dump(call: Call) -> Reply:
    """Enqueue a dump."""
    return answer(call.engine.enqueue(Kind.DUMP_CREATION, None, {}).summary(), 202)


def snapshot(call: Call) -> Reply:
    """Enqueue a snapshot."""
    return answer(call.engine.enqueue(Kind.SNAPSHOT_CREATION, None, {}).summary(), 202)


def webhooks(_call: Call) -> Reply:
    """Answer that there are no webhooks."""
    return answer({"results": []})


def no_webhook(call: Call) -> Reply:
    """Answer that a webhook does not exist."""
    raise ApiError("webhook_not_found", f"Webhook `{call.path['uuid']}` not found.")


def _off(method: str, path: str, action: str, error: ApiError, *, needs_index: bool = False) -> Route:
    def refuse(call: Call) -> Reply:
        if needs_index and not call.engine.indexes.exists(call.index_uid):
            raise not_found(call.index_uid)
        raise error

    return Route(method, path, action, refuse)


def _beyond(method: str, path: str, action: str, what: str) -> Route:
    message = f"The embedded engine does not support {what}; use a Meilisearch server."
    return _off(method, path, action, ApiError("feature_not_enabled", message))


_NETWORK: Final = not_enabled("Using the /network route", "network", "orgs/meilisearch/discussions/805")
_LOGS: Final = not_enabled(
    "Modifying logs through the `/logs/*` routes", "logs route", "orgs/meilisearch/discussions/721"
)
_METRICS: Final = not_enabled("Getting metrics", "metrics", "meilisearch/product/discussions/625")
_CHATS: Final = not_enabled("listing the chats", "chat completions", "orgs/meilisearch/discussions/835")
_EDIT: Final = not_enabled(
    "Using the documents edit route", "edit documents by function", "orgs/meilisearch/discussions/762"
)
_TASK_DOCUMENTS: Final = not_enabled(
    "Getting the documents of an enqueued task",
    "get task documents route",
    "orgs/meilisearch/discussions/808",
)

ROUTES: Final = (
    Route("GET", "/", None, running),
    Route("GET", "/health", None, health),
    Route("GET", "/version", "version", version),
    Route("GET", "/stats", "stats.get", stats),
    Route("GET", "/indexes/{index_uid}/stats", "stats.get", index_stats),
    Route("GET", "/experimental-features", "experimental.get", features),
    Route("PATCH", "/experimental-features", "experimental.update", change_features),
    Route("GET", "/webhooks", "webhooks.get", webhooks),
    Route("GET", "/webhooks/{uuid}", "webhooks.get", no_webhook),
    Route("DELETE", "/webhooks/{uuid}", "webhooks.delete", no_webhook),
    _beyond("POST", "/webhooks", "webhooks.create", "webhooks"),
    _beyond("PATCH", "/webhooks/{uuid}", "webhooks.update", "webhooks"),
    _off("GET", "/network", "network.get", _NETWORK),
    _off("PATCH", "/network", "network.update", _NETWORK),
    _off("GET", "/metrics", "metrics.get", _METRICS),
    _off("POST", "/logs/stream", "metrics.get", _LOGS),
    _off("DELETE", "/logs/stream", "metrics.get", _LOGS),
    _off("POST", "/logs/stderr", "metrics.get", _LOGS),
    _off("GET", "/chats", "chats.get", _CHATS),
    _off("POST", "/indexes/{index_uid}/documents/edit", "documents.*", _EDIT),
    _off("GET", "/tasks/{task_uid}/documents", "tasks.get", _TASK_DOCUMENTS),
    Route("POST", "/dumps", "dumps.create", dump),
    Route("POST", "/snapshots", "snapshots.create", snapshot),
    _beyond("POST", "/export", "export", "exports"),
    _beyond("POST", "/indexes/{index_uid}/compact", "indexes.compact", "compaction"),
)
