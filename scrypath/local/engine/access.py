"""Who may do what: master key, API keys and tenant tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from scrypath.local.engine.deserr import dumps
from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.keys import Key, Keys, covers

_HASHES: Final = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
_INVALID: Final = "The provided API key is invalid."


def _refused(message: str = _INVALID) -> ApiError:
    return ApiError("invalid_api_key", message)


def _listed(patterns: list[str]) -> str:
    return "[" + ", ".join(dumps(pattern) for pattern in patterns) + "]"


@dataclass(frozen=True, slots=True)
class Access:
    """What one request may reach.

    Parameters
    ----------
    key
        The key it was made with, None for the master key or an open engine.
    rules
        Indexes and filters of a tenant token, None without one.
    """

    key: Key | None = None
    rules: dict[str, Any] | None = None

    def _allowed(self, uid: str) -> bool:
        return self.rules is None or any(covers(pattern, uid) for pattern in self.rules)

    def check(self, uid: str) -> None:
        """Refuse an index that is out of reach."""
        if self.rules is not None and not self._allowed(uid):
            listed = _listed(sorted(self.rules))
            raise _refused(
                f"The provided tenant token cannot acces the index `{uid}`, allowed indexes are {listed}."
            )
        if self.key is not None and not self.key.reaches(uid):
            if self.rules is not None:
                raise _refused(
                    f"The API key used to generate this tenant token cannot acces the index `{uid}`."
                )
            listed = _listed(sorted(self.key.indexes))
            raise _refused(f"The API key cannot acces the index `{uid}`, authorized indexes are {listed}.")

    def sees(self, uid: str) -> bool:
        """Return whether an index is in reach."""
        return self._allowed(uid) and (self.key is None or self.key.reaches(uid))

    @property
    def everything(self) -> bool:
        """Whether no index is out of reach."""
        return (self.key is None or "*" in self.key.indexes) and self.rules is None

    def filter(self, uid: str) -> Any:
        """Return the filter a tenant token imposes on an index, None without one."""
        if self.rules is None:
            return None
        exact = self.rules.get(uid)
        patterns = sorted((pattern for pattern in self.rules if covers(pattern, uid)), key=len, reverse=True)
        rule = exact if uid in self.rules else self.rules[patterns[0]] if patterns else None
        return rule.get("filter") if isinstance(rule, dict) else None


def bearer(header: str | None) -> str | None:
    """Return the token of an Authorization header, None when there is none."""
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme != "Bearer":
        raise ApiError(
            "missing_authorization_header",
            "The Authorization header is missing. It must use the bearer authorization method.",
        )
    if not token:
        raise _refused()
    return token


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


class Guard:
    """Decides over requests.

    Parameters
    ----------
    keys
        The keys of the engine.
    master_key
        The secret above all keys, None for an open engine.
    """

    def __init__(self, keys: Keys, master_key: str | None) -> None:
        self._keys = keys
        self._master_key = master_key
        self.open = Access()

    def admit(self, header: str | None, action: str, index_uid: str | None = None) -> Access:
        """Return what a request may reach, refuse it when it may not do what it asks.

        Parameters
        ----------
        header
            Its Authorization header.
        action
            What it asks to do.
        index_uid
            On which index, None for none or several.
        """
        token = bearer(header)
        if self._master_key is None:
            if action.startswith("keys."):
                raise ApiError(
                    "missing_master_key",
                    "Meilisearch is running without a master key. To access this API endpoint, you must have set a"
                    " master key at launch.",
                )
            return self.open
        if token is None:
            raise ApiError(
                "missing_authorization_header",
                "The Authorization header is missing. It must use the bearer authorization method.",
            )
        if hmac.compare_digest(token.encode(), self._master_key.encode()):
            return self.open
        access = self._tenant(token) if action == "search" and token.count(".") == 2 else None
        if access is None:
            key = self._keys.find(token)
            if key is None or key.uid == token.lower():
                raise _refused()
            access = Access(key)
        if index_uid is not None:
            access.check(index_uid)
        if access.key is None or not access.key.allows(action):
            raise _refused()
        return access

    def _tenant(self, token: str) -> Access | None:
        head, payload, signature = token.split(".")
        try:
            header = json.loads(_decode(head))
            text = _decode(payload)
            claims = json.loads(text)
            hasher = _HASHES[header["alg"]]
            signed = _decode(signature)
        except (ValueError, KeyError, TypeError):
            return None
        try:
            uid = str(UUID(claims["apiKeyUid"]))
            rules = claims["searchRules"]
        except KeyError as missing:
            problem = f"missing field `{missing.args[0]}` at line 1 column {len(text)}"
            raise _refused(f"Could not decode tenant token, JSON error: {problem}.") from None
        except (ValueError, TypeError):
            return None
        secret = self._keys.secret(uid).encode()
        expected = hmac.new(secret, f"{head}.{payload}".encode(), hasher).digest()
        if not hmac.compare_digest(expected, signed):
            raise _refused("Could not decode tenant token, InvalidSignature.")
        now, end = int(time.time()), claims.get("exp")
        if isinstance(end, int) and now > end:
            raise _refused(f"Tenant token expired. Was valid up to `{end}` and we're now `{now}`.")
        key = self._keys.find(uid)
        if key is None or not isinstance(rules, (list, dict)):
            raise _refused()
        return Access(key, dict.fromkeys(rules) if isinstance(rules, list) else rules)
