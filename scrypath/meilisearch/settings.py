"""Settings of an index: read, compare, change what differs, and change three of them while the index is in use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from scrypath.config import Config
from scrypath.errors import BackendRejected, InvalidOptions, did_you_mean
from scrypath.meilisearch import tasks
from scrypath.meilisearch.indexes import path
from scrypath.meilisearch.setting_values import COSTS, DEFAULTS, camel_case, restrict, same
from scrypath.meilisearch.wire import connect

__all__ = [
    "COSTS",
    "DEFAULTS",
    "HotApplied",
    "SettingDifference",
    "changes",
    "diff",
    "hot_apply",
    "patch",
    "read",
]

HOT: Mapping[str, str] = MappingProxyType(
    {"synonyms": "synonyms", "stop_words": "stopWords", "typo_tolerance": "typoTolerance"}
)


@dataclass(frozen=True, slots=True)
class SettingDifference:
    """One setting that differs from its declaration.

    Parameters
    ----------
    key
        The setting's wire name.
    declared
        As declared; ``None`` means the server's default.
    actual
        What the index has, cut down to what was declared.
    cost
        What bringing it in step costs the server.
    """

    key: str
    declared: Any
    actual: Any
    cost: str


@dataclass(frozen=True, slots=True)
class HotApplied:
    """What a hot apply did. ``previous`` given to another hot apply takes it back.

    Parameters
    ----------
    task_uid
        The task that did it; ``None`` when nothing differed and nothing was sent.
    previous
        Values before, of the keys that were changed, by wire name.
    applied
        Values read back afterwards, of the same keys.
    """

    index: str
    task_uid: int | None
    previous: dict[str, Any]
    applied: dict[str, Any]


def read(config: Config, uid: str) -> dict[str, Any]:
    """All settings of an index, by wire name.

    Raises
    ------
    IndexNotFound
        When the server has no index of this name.
    """
    return connect(config).request("GET", path(uid, "settings")).mapping()


def patch(config: Config, uid: str, changes: Mapping[str, Any]) -> int:
    """Enqueue one PATCH and return the task's uid. ``None`` as a value resets a setting.

    Even an equal PATCH costs a pass over every document of a full index: send only what ``diff`` found.

    Raises
    ------
    InvalidOptions
        For no change, or a setting that does not exist.
    """
    _require_known(changes)
    if not changes:
        raise InvalidOptions(
            f"There is nothing to change in the settings of {uid!r}.",
            hint="Send a PATCH only for what diff() found.",
        )
    return connect(config).request("PATCH", path(uid, "settings"), json=dict(changes)).task_uid()


def diff(declared: Mapping[str, Any], actual: Mapping[str, Any]) -> list[SettingDifference]:
    """What differs between declared settings and those read from an index, compared canonically.

    Only declared keys are compared, nested ones too. Sets are compared without order, numbers by value, ``None`` with
    the server's default, and a name with the object that means the same.

    Parameters
    ----------
    declared, actual
        Settings by wire name, such as ``schema.settings.desired`` and :func:`read` give.

    Returns
    -------
    list of SettingDifference
        In the order of the server's own listing; empty when everything is as declared.

    Raises
    ------
    InvalidOptions
        For a declared setting that does not exist.

    Examples
    --------
    >>> diff({"stopWords": ["the", "a"], "faceting": {"maxValuesPerFacet": 50}},
    ...      {"stopWords": ["a", "the"], "faceting": {"maxValuesPerFacet": 100, "sortFacetValuesBy": {"*": "alpha"}}})
    [SettingDifference(key='faceting', declared={'maxValuesPerFacet': 50}, actual={'maxValuesPerFacet': 100}, \
cost='one pass over every document')]
    """
    _require_known(declared)
    found = []
    for key in COSTS:
        if key in declared and not _same(key, declared[key], actual.get(key)):
            seen = restrict(key, actual.get(key), declared[key])
            found.append(SettingDifference(key, declared[key], seen, COSTS[key]))
    return found


def changes(differences: Sequence[SettingDifference]) -> dict[str, Any]:
    """The one PATCH that brings every difference in step."""
    return {difference.key: difference.declared for difference in differences}


def hot_apply(
    config: Config, uid: str, changes: Mapping[str, Any], *, acknowledge: bool, timeout: float | None = None
) -> HotApplied:
    """Change synonyms, stop words or typo tolerance of an index in use, wait, and read them back.

    Parameters
    ----------
    changes
        New values of ``synonyms``, ``stop_words``, ``typo_tolerance``; ``None`` resets one.
    acknowledge
        Must be true: the change is live at once, is not in the schema, and costs a pass over every document.
    timeout
        Seconds to wait; default: the configuration's ``task_timeout``.

    Raises
    ------
    InvalidOptions
        Without acknowledgement, or for any other setting.
    TaskFailed, TaskTimeout
        When the server's task failed, or is not finished in time.
    BackendRejected
        When what is read back is not what was sent.
    """
    wanted = _hot(changes)
    if acknowledge is not True:
        raise InvalidOptions(
            f"hot_apply on {uid!r} changes {', '.join(wanted)} at once for every searcher.",
            hint="Pass acknowledge=True, and change the schema accordingly afterwards.",
        )
    before = read(config, uid)
    differing = {difference.key: wanted[difference.key] for difference in diff(wanted, before)}
    if not differing:
        return HotApplied(uid, None, {}, {})
    task_uid = patch(config, uid, differing)
    tasks.wait(config, task_uid, timeout=timeout).require_success()
    after = read(config, uid)
    if left := diff(differing, after):
        raise BackendRejected(
            f"Task {task_uid} succeeded, but {left[0].key} of {uid!r} reads {left[0].actual!r} "
            f"instead of {left[0].declared!r}.",
            hint="Somebody else changed it meanwhile: read the settings, then decide which value is right.",
        )
    return HotApplied(
        uid, task_uid, {key: before.get(key) for key in differing}, {key: after.get(key) for key in differing}
    )


def _hot(changes: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(changes, Mapping):
        raise InvalidOptions(
            f"Settings cannot be a {type(changes).__name__}.", hint="Give a mapping: {setting: value}."
        )
    wire_names = dict(HOT) | {name: name for name in HOT.values()}
    if not changes:
        raise InvalidOptions("hot_apply got nothing to change.", hint=f"It takes {', '.join(HOT)}.")
    wanted: dict[str, Any] = {}
    for name, value in changes.items():
        if name not in wire_names:
            raise InvalidOptions(
                f"hot_apply does not change {name!r}.",
                hint=f"It takes {', '.join(HOT)}; declare anything else on the schema and reindex.",
            )
        key = wire_names[name]
        wanted[key] = camel_case(value) if key == "typoTolerance" else value
    return wanted


def _same(key: str, declared: Any, actual: Any) -> bool:
    try:
        return same(key, declared, actual)
    except (TypeError, AttributeError, ArithmeticError, RecursionError):
        # A set of what cannot be in one, an object where a list belongs: one of the two is no value of this setting.
        return False


def _require_known(given: Mapping[str, Any]) -> None:
    if not isinstance(given, Mapping):
        raise InvalidOptions(
            f"Settings cannot be a {type(given).__name__}.", hint="Give a mapping: {setting: value}."
        )
    for key in given:
        if key not in COSTS:
            raise InvalidOptions(f"Meilisearch has no setting {key!r}.", hint=did_you_mean(str(key), COSTS))
