"""API keys: how they are made, stored and shown."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import sqlite3
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

from scrypath.local.engine import clock, deserr
from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.store import Database

ACTIONS: Final = (
    "*",
    "search",
    "documents.*",
    "documents.add",
    "documents.get",
    "documents.delete",
    "indexes.*",
    "indexes.create",
    "indexes.get",
    "indexes.update",
    "indexes.delete",
    "indexes.swap",
    "tasks.*",
    "tasks.cancel",
    "tasks.delete",
    "tasks.get",
    "settings.*",
    "settings.get",
    "settings.update",
    "stats.*",
    "stats.get",
    "metrics.*",
    "metrics.get",
    "dumps.*",
    "dumps.create",
    "snapshots.*",
    "snapshots.create",
    "version",
    "keys.create",
    "keys.get",
    "keys.update",
    "keys.delete",
    "experimental.get",
    "experimental.update",
    "export",
    "network.get",
    "network.update",
    "chatCompletions",
    "chats.*",
    "chats.get",
    "chats.delete",
    "chatsSettings.*",
    "chatsSettings.get",
    "chatsSettings.update",
    "*.get",
    "webhooks.get",
    "webhooks.update",
    "webhooks.delete",
    "webhooks.create",
    "webhooks.*",
    "indexes.compact",
    "fields.post",
    "tasks.compact",
    "dynamicSearchRules.get",
    "dynamicSearchRules.create",
    "dynamicSearchRules.update",
    "dynamicSearchRules.delete",
    "dynamicSearchRules.*",
)

FIELDS: Final = ("description", "name", "uid", "actions", "indexes", "expiresAt")
IMMUTABLE: Final = ("uid", "actions", "indexes", "expiresAt", "createdAt", "updatedAt")

# Name, description and actions of the keys a fresh database gets, oldest first.
DEFAULT_KEYS: Final = (
    ("Default Chat API Key", "Use it to chat and search from the frontend", ["chatCompletions", "search"]),
    (
        "Default Read-Only Admin API Key",
        "Use it to read information across the whole database. Caution! Do not expose this key on a public frontend",
        ["*.get", "keys.get"],
    ),
    (
        "Default Admin API Key",
        "Use it for anything that is not a search operation. Caution! Do not expose it on a public frontend",
        ["*"],
    ),
    ("Default Search API Key", "Use it to search from the frontend", ["search"]),
)

_PATTERN: Final = re.compile(r"[A-Za-z0-9_-]+\*?|\*")
_DATES: Final = (
    (re.compile(r"\d{4}-\d\d-\d\d"), "{}T00:00:00Z"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"), "{}Z"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"), "{}Z"),
)


@dataclass(frozen=True, slots=True)
class Key:
    """What is stored of a key; times are nanoseconds."""

    uid: str
    name: str | None
    description: str | None
    actions: list[str]
    indexes: list[str]
    expires_at: int | None
    created_at: int
    updated_at: int

    def allows(self, action: str) -> bool:
        """Return whether the key may do something, wherever it is."""
        if self.expires_at is not None and clock.now() >= self.expires_at:
            return False
        group, _, verb = action.partition(".")
        wide = {action, f"{group}.*"} if verb else {action}
        if not action.startswith("keys."):
            wide.add("*")
            if verb == "get":
                wide.add("*.get")
        return not wide.isdisjoint(self.actions)

    def reaches(self, index_uid: str) -> bool:
        """Return whether the key is good for an index."""
        return any(covers(pattern, index_uid) for pattern in self.indexes)


def covers(pattern: str, index_uid: str) -> bool:
    """Return whether a pattern of index uids covers one.

    Examples
    --------
    >>> covers("film*", "films"), covers("films", "film")
    (True, False)
    """
    return index_uid.startswith(pattern[:-1]) if pattern.endswith("*") else pattern == index_uid


def not_found(name: str) -> ApiError:
    """Return the refusal of a key that does not exist."""
    return ApiError("api_key_not_found", f"API key `{name}` not found.")


def _uid(value: Any) -> str:
    text = deserr.string(value, "invalid_api_key_uid", ".uid")
    try:
        return str(UUID(text))
    except ValueError:
        wrong = re.search(r"[^0-9a-fA-F-]", text)
        reason = f"invalid length: expected length 32 for simple format, found {len(text)}"
        if wrong:
            reason = f"invalid character: found `{wrong[0]}` at {wrong.start()}"
        raise deserr.value_error("invalid_api_key_uid", ".uid", reason) from None


def _expires_at(value: Any) -> int | None:
    if value is None:
        return None
    text = deserr.string(value, "invalid_api_key_expires_at", ".expiresAt")
    moment = clock.parse_rfc3339(text)
    for pattern, form in _DATES:
        if pattern.fullmatch(text):
            moment = clock.parse_rfc3339(form.format(text))
    if moment is None or moment <= clock.now():
        raise deserr.value_error(
            "invalid_api_key_expires_at",
            ".expiresAt",
            f"`{text}` is not a valid date. It should follow the RFC 3339 format to represents a date or datetime in"
            " the future or specified as a null value. e.g. 'YYYY-MM-DD' or 'YYYY-MM-DD HH:MM:SS'.\n",
        )
    return moment


def _actions(value: Any) -> list[str]:
    code = "invalid_api_key_actions"
    actions = deserr.strings(value, code, ".actions")
    for n, action in enumerate(actions):
        if action not in ACTIONS:
            raise deserr.unknown_value(code, f".actions[{n}]", action, ACTIONS)
    return actions


def _indexes(value: Any) -> list[str]:
    code = "invalid_api_key_indexes"
    indexes = deserr.strings(value, code, ".indexes")
    for n, pattern in enumerate(indexes):
        if _PATTERN.fullmatch(pattern) is None:
            message = (
                f"`{pattern}` is not a valid index uid pattern. Index uid patterns can be an integer or a string"
                " containing only alphanumeric characters, hyphens (-), underscores (_), and optionally end with a"
                " star (*)."
            )
            raise deserr.value_error(code, f".indexes[{n}]", message)
    return indexes


def _text(body: dict[str, Any], name: str) -> str | None:
    value = body.get(name)
    return None if value is None else deserr.string(value, f"invalid_api_key_{name}", f".{name}")


def parse(body: Any) -> Key:
    """Return the key a client wants created."""
    found = deserr.expect_object(body)
    deserr.known_keys(found, FIELDS)
    readers = {"uid": _uid, "actions": _actions, "indexes": _indexes, "expiresAt": _expires_at}
    read: dict[str, Any] = {}
    for name in found:
        if name in readers and (name != "uid" or found[name] is not None):
            read[name] = readers[name](found[name])
        elif name not in readers:
            read[name] = _text(found, name)
    for name, code in (("actions", "actions"), ("indexes", "indexes"), ("expiresAt", "expires_at")):
        if name not in read:
            raise ApiError(f"missing_api_key_{code}", f"Missing field `{name}`")
    now = clock.now()
    return Key(
        read.get("uid") or str(uuid4()),
        read.get("name"),
        read.get("description"),
        read["actions"],
        read["indexes"],
        read["expiresAt"],
        now,
        now,
    )


class Keys:
    """The keys of an engine.

    Parameters
    ----------
    database
        Where they are stored.
    master_key
        The secret all keys are derived from, None for an open engine.
    """

    def __init__(self, database: Database, master_key: str | None) -> None:
        self._database = database
        self._master_key = master_key
        if master_key is not None:
            self._create_defaults()

    def _create_defaults(self) -> None:
        with self._database.write() as conn:
            (count,) = conn.execute("SELECT count(*) FROM keys").fetchone()
            if count:
                return
            for name, description, actions in DEFAULT_KEYS:
                now = clock.now()
                self._insert(conn, Key(str(uuid4()), name, description, actions, ["*"], None, now, now))

    @staticmethod
    def _insert(conn: sqlite3.Connection, key: Key) -> None:
        conn.execute(
            "INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                key.uid,
                key.name,
                key.description,
                json.dumps(key.actions),
                json.dumps(key.indexes),
                key.expires_at,
                key.created_at,
                key.updated_at,
            ),
        )

    def secret(self, uid: str) -> str:
        """Return the text clients send for a key."""
        assert self._master_key is not None
        return hmac.new(self._master_key.encode(), uid.encode(), hashlib.sha256).hexdigest()

    def all(self) -> list[Key]:
        """Return every key, newest first."""
        with self._database.read() as conn:
            rows = conn.execute("SELECT * FROM keys ORDER BY created_at DESC, uid").fetchall()
        return [
            Key(uid, name, description, json.loads(actions), json.loads(indexes), *times)
            for uid, name, description, actions, indexes, *times in rows
        ]

    def find(self, name: str) -> Key | None:
        """Return a key by uid or by its text."""
        for key in self.all():
            if key.uid == name.lower() or hmac.compare_digest(self.secret(key.uid).encode(), name.encode()):
                return key
        return None

    def get(self, name: str) -> Key:
        """Return a key by uid or by its text.

        Raises
        ------
        ApiError
            ``api_key_not_found``.
        """
        key = self.find(name)
        if key is None:
            raise not_found(name)
        return key

    def create(self, key: Key) -> None:
        """Store a new key."""
        if any(other.uid == key.uid for other in self.all()):
            message = f"`uid` field value `{key.uid}` is already an existing API key."
            raise ApiError("api_key_already_exists", message)
        with self._database.write() as conn:
            self._insert(conn, key)

    def change(self, name: str, body: Any) -> Key:
        """Change name or description of a key."""
        found = deserr.expect_object(body)
        for field in found:
            if field in IMMUTABLE:
                snake = re.sub("([A-Z])", lambda match: "_" + match[1].lower(), field)
                message = f"Immutable field `{field}`: expected one of `description`, `name`"
                raise ApiError(f"immutable_api_key_{snake}", message)
            if field not in ("description", "name"):
                raise deserr.unknown_field("bad_request", "", field, ("description", "name"))
            _text(found, field)
        key = self.get(name)
        new = {field: found.get(field, getattr(key, field)) for field in ("name", "description")}
        with self._database.write() as conn:
            conn.execute(
                "UPDATE keys SET name = ?, description = ?, updated_at = ? WHERE uid = ?",
                (new["name"], new["description"], clock.now(), key.uid),
            )
        return self.get(key.uid)

    def delete(self, name: str) -> None:
        """Remove a key."""
        key = self.get(name)
        with self._database.write() as conn:
            conn.execute("DELETE FROM keys WHERE uid = ?", (key.uid,))

    def view(self, key: Key) -> dict[str, Any]:
        """Return what clients see of a key."""
        return {
            "name": key.name,
            "description": key.description,
            "key": self.secret(key.uid),
            "uid": key.uid,
            "actions": key.actions,
            "indexes": key.indexes,
            "expiresAt": None if key.expires_at is None else clock.rfc3339(key.expires_at),
            "createdAt": clock.rfc3339(key.created_at),
            "updatedAt": clock.rfc3339(key.updated_at),
        }
