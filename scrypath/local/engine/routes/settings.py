"""Settings: all at once, and each by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from scrypath.local.engine import settings
from scrypath.local.engine.routes.call import Call, Reply, Route, answer
from scrypath.local.engine.settings import SETTINGS, Setting
from scrypath.local.engine.tasks import Kind

_ALL: Final = "/indexes/{index_uid}/settings"


def _enqueue(call: Call, change: dict[str, Any], *, deletion: bool) -> Reply:
    content = {"settings": change, "isDeletion": deletion}
    return answer(call.engine.enqueue(Kind.SETTINGS_UPDATE, call.index_uid, content).summary(), 202)


def look(call: Call) -> Reply:
    """Answer with all settings."""
    return answer(call.engine.indexes.get(call.index_uid).facts().settings)


def change(call: Call) -> Reply:
    """Enqueue a change of some settings."""
    checked = settings.check(call.json())
    return _enqueue(call, checked, deletion=False)


def reset(call: Call) -> Reply:
    """Enqueue the reset of all settings."""
    return _enqueue(call, settings.reset(), deletion=True)


def _routes(setting: Setting) -> Iterator[Route]:
    def get(call: Call) -> Reply:
        return answer(call.engine.indexes.get(call.index_uid).facts().settings[setting.name])

    def put(call: Call) -> Reply:
        value = settings.check_value(setting.name, call.json(), "")
        if setting.name == "rankingRules":
            settings.check_rules(value)
        return _enqueue(call, {setting.name: value}, deletion=False)

    def delete(call: Call) -> Reply:
        return _enqueue(call, {setting.name: settings.check_value(setting.name, None, "")}, deletion=True)

    path = f"{_ALL}/{setting.slug}"
    yield Route("GET", path, "settings.get", get)
    yield Route(setting.method, path, "settings.update", put)
    yield Route("DELETE", path, "settings.update", delete)


ROUTES: Final = (
    Route("GET", _ALL, "settings.get", look),
    Route("PATCH", _ALL, "settings.update", change),
    Route("DELETE", _ALL, "settings.update", reset),
    *(route for setting in SETTINGS.values() for route in _routes(setting)),
)
