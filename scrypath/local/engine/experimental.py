"""Settings that belong to experimental features: read as their defaults, reset, and never set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from scrypath.local.engine import checks, deserr
from scrypath.local.engine.checks import Check
from scrypath.local.engine.errors import ApiError


def _share(value: Any, code: str, where: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise deserr.type_error(code, where, deserr.NUMBER, value)
    return value


_CHAT: Final = checks.object_of(
    {
        "description": deserr.string,
        "documentTemplate": deserr.string,
        "documentTemplateMaxBytes": checks.unsigned,
        "searchParameters": checks.object_of(
            {
                "hybrid": checks.anything,
                "limit": checks.unsigned,
                "sort": deserr.strings,
                "distinct": deserr.string,
                "matchingStrategy": checks.choice("last", "all", "frequency"),
                "attributesToSearchOn": deserr.strings,
                "rankingScoreThreshold": _share,
            }
        ),
    }
)
_FOREIGN_KEY: Final = checks.object_of(
    {"foreignIndexUid": deserr.string, "fieldName": deserr.string},
    required=("foreignIndexUid", "fieldName"),
)

CHECKS: Final[Mapping[str, tuple[Check, str]]] = {
    "chat": (_CHAT, "invalid_settings_index_chat"),
    "foreignKeys": (checks.list_of(_FOREIGN_KEY), "invalid_settings_foreign_keys"),
}
VALUES: Final[Mapping[str, Any]] = {
    "chat": {
        "description": "",
        "documentTemplate": "{% for field in fields %}{% if field.is_searchable and field.value != nil %}"
        "{{ field.name }}: {{ field.value }}\n{% endif %}{% endfor %}",
        "documentTemplateMaxBytes": 400,
        "searchParameters": {},
    },
    "foreignKeys": [],
}
METHODS: Final = {"chat": "PATCH", "foreignKeys": "PUT"}
_FEATURES: Final = {"chat": ("chat completions", "835"), "foreignKeys": ("foreign_keys", "873")}


def check(name: str, value: Any, where: str) -> None:
    """Refuse a value of the wrong shape; null, which resets, is fine."""
    if value is not None:
        inner, code = CHECKS[name]
        inner(value, code, where)


def refuse(changes: Mapping[str, Any]) -> None:
    """Refuse to set anything for which a feature would have to be switched on."""
    for name, (feature, page) in _FEATURES.items():
        if changes.get(name) is not None:
            raise ApiError(
                "feature_not_enabled",
                f"setting `{name}` in the index settings requires enabling the `{feature}` experimental feature."
                f" See https://github.com/orgs/meilisearch/discussions/{page}",
            )
