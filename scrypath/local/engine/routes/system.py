"""Health, version, stats, experimental features, and copies of everything."""

from __future__ import annotations

from typing import Any, Final

from scrypath.local.engine import deserr
from scrypath.local.engine.checks import anything
from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.routes.call import Call, Reply, Route, answer
from scrypath.local.engine.routes.off import Fields, read
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


def export(call: Call) -> Reply:
    """Refuse to push documents to another server, which the engine does not do."""
    read(call.json(), _EXPORT)
    raise ApiError(
        "feature_not_enabled", "The embedded engine does not support exports; use a Meilisearch server."
    )


_EXPORT: Final[Fields] = {
    "url": (deserr.string, "invalid_export_url"),
    "apiKey": (deserr.string, "invalid_export_api_key"),
    "payloadSize": (anything, "invalid_export_payload_size"),
    "indexes": (deserr.expect_object, "invalid_export_indexes"),
}

ROUTES: Final = (
    Route("GET", "/", None, running),
    Route("GET", "/health", None, health),
    Route("GET", "/version", "version", version),
    Route("GET", "/stats", "stats.get", stats),
    Route("GET", "/indexes/{index_uid}/stats", "stats.get", index_stats),
    Route("GET", "/experimental-features", "experimental.get", features),
    Route("PATCH", "/experimental-features", "experimental.update", change_features),
    Route("POST", "/dumps", "dumps.create", dump),
    Route("POST", "/snapshots", "snapshots.create", snapshot),
    Route("POST", "/export", "export", export),
)
