from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scrypath.local.engine.access import Guard
from scrypath.local.engine.engine import Engine
from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.keys import Key, parse

MASTER = "a-master-key-of-sixteen"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Engine(tmp_path, master_key=MASTER) as engine:
        yield engine


def make(engine: Engine, *actions: str, indexes: tuple[str, ...] = ("*",)) -> Key:
    key = parse({"actions": list(actions), "indexes": list(indexes), "expiresAt": None})
    engine.keys.create(key)
    return key


def token(secret: str, claims: dict[str, Any]) -> str:
    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    signed = (
        f"{part(json.dumps({'alg': 'HS256', 'typ': 'JWT'}).encode())}.{part(json.dumps(claims).encode())}"
    )
    return f"{signed}.{part(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())}"


def test_without_a_master_key_everything_is_open_but_the_keys(tmp_path: Path) -> None:
    with Engine(tmp_path) as engine:
        assert engine.guard.admit(None, "documents.add", "films").everything
        with pytest.raises(ApiError) as refused:
            engine.guard.admit(None, "keys.get")
        assert refused.value.code == "missing_master_key"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "missing_authorization_header"),
        ("Basic x", "missing_authorization_header"),
        ("Bearer", "invalid_api_key"),
        ("Bearer nope", "invalid_api_key"),
        ("Bearer é", "invalid_api_key"),
    ],
)
def test_who_shows_no_key_is_refused(engine: Engine, header: str | None, code: str) -> None:
    with pytest.raises(ApiError) as refused:
        engine.guard.admit(header, "indexes.get")
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("actions", "allowed", "refused"),
    [
        (("*",), "documents.add", "keys.get"),
        (("documents.*",), "documents.get", "indexes.get"),
        (("*.get",), "settings.get", "settings.update"),
        (("keys.get",), "keys.get", "keys.create"),
        (("search",), "search", "documents.get"),
    ],
)
def test_a_key_allows_what_its_actions_say(
    engine: Engine, actions: tuple[str, ...], allowed: str, refused: str
) -> None:
    header = f"Bearer {engine.keys.secret(make(engine, *actions).uid)}"
    assert engine.guard.admit(header, allowed).key is not None
    with pytest.raises(ApiError):
        engine.guard.admit(header, refused)


def test_a_key_reaches_its_indexes_only(engine: Engine) -> None:
    header = f"Bearer {engine.keys.secret(make(engine, 'search', indexes=('films', 'doc*')).uid)}"
    assert engine.guard.admit(header, "search", "documents").sees("films")
    with pytest.raises(ApiError, match=r'authorized indexes are \["doc\*", "films"\]'):
        engine.guard.admit(header, "search", "secret")


class TestTenants:
    @pytest.fixture
    def guard(self, engine: Engine) -> Guard:
        return engine.guard

    def test_rules_narrow_what_is_found(self, engine: Engine, guard: Guard) -> None:
        key = make(engine, "search")
        rules = {"films": {"filter": "year > 3"}, "other*": None}
        header = f"Bearer {token(engine.keys.secret(key.uid), {'apiKeyUid': key.uid, 'searchRules': rules})}"
        access = guard.admit(header, "search", "films")
        assert access.filter("films") == "year > 3"
        assert access.filter("others") is None
        with pytest.raises(ApiError, match="tenant token cannot acces the index `secret`"):
            guard.admit(header, "search", "secret")
        with pytest.raises(ApiError, match="The provided API key is invalid"):
            guard.admit(header, "documents.get", "films")

    @pytest.mark.parametrize(
        ("claims", "secret", "message"),
        [
            ({"exp": 1}, None, "Tenant token expired. Was valid up to `1`"),
            ({}, "wrong", "InvalidSignature"),
        ],
    )
    def test_what_is_expired_or_forged_is_refused(
        self, engine: Engine, guard: Guard, claims: dict[str, Any], secret: str | None, message: str
    ) -> None:
        key = make(engine, "search")
        whole = {"apiKeyUid": key.uid, "searchRules": ["*"], **claims}
        with pytest.raises(ApiError, match=message):
            guard.admit(f"Bearer {token(secret or engine.keys.secret(key.uid), whole)}", "search", "films")

    def test_a_token_dies_with_its_key(self, engine: Engine, guard: Guard) -> None:
        key = make(engine, "search")
        claims = {"apiKeyUid": key.uid, "searchRules": ["*"], "exp": int(time.time()) + 60}
        header = f"Bearer {token(engine.keys.secret(key.uid), claims)}"
        assert guard.admit(header, "search", "films").sees("films")
        engine.keys.delete(key.uid)
        with pytest.raises(ApiError):
            guard.admit(header, "search", "films")
