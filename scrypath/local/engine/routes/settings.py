"""Settings: all at once, and each by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from scrypath.local.engine import experimental, settings
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


def _experimental(name: str) -> Iterator[Route]:
    def get(call: Call) -> Reply:
        call.engine.indexes.get(call.index_uid)
        return answer(experimental.VALUES[name])

    def put(call: Call) -> Reply:
        value = call.json()
        experimental.check(name, value, "")
        experimental.refuse({name: value})
        return _enqueue(call, {name: None}, deletion=False)

    def delete(call: Call) -> Reply:
        return _enqueue(call, {name: None}, deletion=True)

    path = f"{_ALL}/{'foreign-keys' if name == 'foreignKeys' else name}"
    yield Route("GET", path, "settings.get", get)
    yield Route(experimental.METHODS[name], path, "settings.update", put)
    yield Route("DELETE", path, "settings.update", delete)


ROUTES: Final = (
    Route("GET", _ALL, "settings.get", look),
    Route("PATCH", _ALL, "settings.update", change),
    Route("DELETE", _ALL, "settings.update", reset),
    *(route for setting in SETTINGS.values() for route in _routes(setting)),
    *(route for name in experimental.CHECKS for route in _experimental(name)),
)
