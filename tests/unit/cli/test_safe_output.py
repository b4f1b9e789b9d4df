"""What data, servers and exceptions say neither steers a terminal nor shows a secret, in text and in JSON."""

from __future__ import annotations

import json
import logging

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrypath import display
from scrypath.cli import json_output
from scrypath.cli.error_output import write_error
from scrypath.cli.rendering.table import Column, show_table
from scrypath.cli.rendering.text import say
from scrypath.control_characters import escaped
from scrypath.errors import ScrypathError
from scrypath.redacting_log import RedactingFormatter
from scrypath.redaction import MASK, Secret

STEERING = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp.exe\u2066"
PASSWORD = 'it\'s; a "pass" with\\odd & <chars>'


@pytest.fixture(autouse=True)
def _a_secret() -> None:
    Secret(PASSWORD)


def ways(text: str) -> None:
    say(f"The server said: {text}")
    show_table([{"name": text, "count": 3}], [Column("Name", "name"), Column("Count", "count", right=True)])
    json_output.write({"reason": text, text: [text], "frame": pl.DataFrame({"name": [text]})})
    for as_json in (False, True):
        write_error(ScrypathError(text, hint=text), as_json=as_json)
        write_error(ValueError(text), as_json=as_json)


def test_no_output_steers_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    ways(STEERING)
    out, err = capsys.readouterr()
    for written in (
        out,
        err,
        display.escape(STEERING),
        display.text(STEERING, {"x": pl.DataFrame({"a": [STEERING]})}),
    ):
        assert escaped(written) == written
        assert "owned" in written


def test_json_says_what_the_data_says(capsys: pytest.CaptureFixture[str]) -> None:
    json_output.write({"id": STEERING})
    assert json.loads(capsys.readouterr().out) == {"id": STEERING}


def test_an_argument_that_is_no_text_is_written_by_its_number(capsys: pytest.CaptureFixture[str]) -> None:
    write_error(ScrypathError("No schema is named '\udcff'."), as_json=True)
    assert json.loads(capsys.readouterr().err)["message"] == r"No schema is named '\udcff'."


def test_no_output_shows_a_secret(capsys: pytest.CaptureFixture[str]) -> None:
    for text in (PASSWORD, repr(PASSWORD), json.dumps(PASSWORD), f"x{PASSWORD}y"):
        ways(text)
        out, err = capsys.readouterr()
        for written in (
            out,
            err,
            display.escape(text),
            display.text("h", {"x": pl.DataFrame({"a": ["z" * 70 + text]})}),
        ):
            assert "odd" not in written
            assert MASK[:5] in written


def test_a_number_that_reads_like_a_password_stays_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    Secret("12345")
    json_output.write({"count": 12345, "note": "with 12345 and 912345"})
    assert json.loads(capsys.readouterr().out) == {"count": 12345, "note": f"with {MASK} and 912345"}


def test_a_log_shows_neither(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise ValueError(PASSWORD + STEERING)
    except ValueError as error:
        record = logging.LogRecord(
            "x", logging.ERROR, "", 0, "%s", (PASSWORD,), (ValueError, error, error.__traceback__)
        )
    written = RedactingFormatter().format(record)
    assert "odd" not in written
    assert escaped(written) == written
    assert "Traceback" in written


@given(st.text())
def test_any_text_is_printed(text: str) -> None:
    assert escaped(display.escape(text)) == display.escape(text)
    json.loads(json_output.text({"text": text, "tree": {text: (text, None, 1.5)}}))
