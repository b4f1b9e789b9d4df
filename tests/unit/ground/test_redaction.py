"""A secret never shows: not in a repr, not in a format, not inside any text that quotes it."""

from __future__ import annotations

import json
import logging
import traceback

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scrypath.redaction import MASK, Secret, redact

# Long enough not to be part of an ordinary sentence.
secrets = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEF0123456789_-.+~"), min_size=8, max_size=40)
words = st.text(st.sampled_from("xyz ,.;:\n'\"{}[]"), max_size=15)


@given(secrets)
def test_a_secret_shows_itself_only_by_name(value: str) -> None:
    secret = Secret(value)
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret!r:>40}", f"{[secret]}", "%s" % secret):  # noqa: UP031
        assert value not in shown
    assert secret.reveal() == value
    assert not hasattr(secret, "__dict__")
    with pytest.raises(TypeError):
        json.dumps(secret)


@given(words, secrets, words)
def test_a_known_secret_is_taken_out_wherever_it_stands(before: str, value: str, after: str) -> None:
    assert value not in redact(before + value + after + value, Secret(value), None)


PLACES = [
    "postgresql://shop:{}@db:5432/shop",
    "postgresql+psycopg://shop:{}@/shop?host=/tmp",
    "could not connect to http://root:{}@host/indexes: refused",
    "amqp://:{}@host",
    "host=db user=shop password={} dbname=shop",
    "host=db user=shop password='{}' dbname=shop",
    "PGPASSWORD={}",
    "postgresql://db/shop?user=a&password={}&sslmode=require",
    "postgresql://db/shop?sslpassword={}",
    "Authorization: Bearer {}",
    '{{"Authorization": "Bearer {}"}}',
    "X-Meili-API-Key: {}",
    '{{"api_key": "{}"}}',
    "{{'apiKey': '{}'}}",
    "Config(master_key='{}')",
    "masterKey={}",
    "token: {}",
    "secret={};",
    'password = "{}"',
]


@pytest.mark.parametrize("place", PLACES)
@given(secrets)
def test_a_secret_in_a_known_place_is_taken_out(place: str, value: str) -> None:
    assume(value not in place)  # "postgres" stays in postgresql://
    shown = redact(place.format(value))
    assert value not in shown
    assert MASK in shown


@pytest.mark.parametrize("place", PLACES)
def test_redacting_twice_changes_nothing(place: str) -> None:
    once = redact(place.format("hunter2hunter2"))
    assert redact(once) == once


@pytest.mark.parametrize("password", ["p@ss@word1", "a:b:c:d:e:f", "p%40ss%2Fword", "päßwörd99", "sla/sh/ed"])
def test_passwords_that_look_like_other_parts_of_a_url(password: str) -> None:
    shown = redact(f"postgresql://shop:{password}@db/shop")
    assert password not in shown
    assert all(len(piece) < 3 or piece not in shown for piece in password.replace(":", "@").split("@"))
    assert shown.endswith("@db/shop")


@pytest.mark.parametrize(
    "text",
    [
        "index cities has 34006 documents",
        "http://127.0.0.1:7700/indexes/cities/documents?limit=20",
        "postgresql://postgres@/shop?host=/tmp/x",
        "the key of the task is a uid",
        "at 12:30:00 user a@b.example wrote",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


def test_a_traceback_and_a_log_line_of_a_configuration(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret("hunter2hunter2")
    try:
        raise ValueError(secret, {"key": secret})
    except ValueError as error:
        logging.getLogger("scrypath.test").warning("failed with %s %r", secret, error)
        shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "hunter2" not in shown.replace('Secret("hunter2hunter2")', "")
    assert "hunter2" not in caplog.text
