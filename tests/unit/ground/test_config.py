"""The cascade: defaults, file, environment, ``configure``, the call; and what bad input gets."""

from __future__ import annotations

import inspect
import pickle
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from scrypath.config import Config, check_option, configure, resolve
from scrypath.errors import ConfigError, InvalidOptions
from scrypath.redaction import MASK, Secret
from scrypath.vocabulary import SyncMode

KEY = "a-very-secret-key"


@pytest.fixture(autouse=True)
def _own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("scrypath.config._configured", {})


def test_each_source_is_stronger_than_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolve().batch_size == Config().batch_size
    (tmp_path / "pyproject.toml").write_text("[tool.scrypath]\nbatch_size = 11\nindex_prefix = 'file'\n")
    assert resolve().batch_size == 11
    monkeypatch.setenv("SCRYPATH_BATCH_SIZE", "22")
    assert resolve().batch_size == 22
    configure(batch_size=33)
    assert resolve().batch_size == 33
    assert resolve(batch_size=44).batch_size == 44
    assert resolve(batch_size=None).batch_size == 33
    configure(batch_size=None)
    assert resolve().batch_size == 22
    assert resolve().index_prefix == "file"


def test_the_nearest_file_counts_and_scrypath_toml_before_pyproject(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scrypath.toml").write_text('index_prefix = "far"\nschemas = ["a:B", "c:D"]\n')
    below = tmp_path / "one" / "two"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert resolve().index_prefix == "far"
    assert resolve().schemas == ("a:B", "c:D")
    (below / "pyproject.toml").write_text('[tool.scrypath]\nindex_prefix = "near"\n')
    assert resolve().index_prefix == "near"
    (below / "scrypath.toml").write_text('index_prefix = "nearest"\n')
    assert resolve().index_prefix == "nearest"


def test_a_given_configuration_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRYPATH_INDEX_PREFIX", "environment")
    given = Config(index_prefix="given")
    assert resolve(given) is given
    assert resolve(given, index_prefix="call").index_prefix == "call"


def test_values_come_as_text_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "SYNC_MODE": "oban", "COMPRESS": "yes", "TASK_TIMEOUT": "1.5", "SCHEMAS": "a:B, c:D,", "HOME": "x/y",
        "MEILISEARCH_KEY": KEY,
    }.items():  # fmt: skip
        monkeypatch.setenv(f"SCRYPATH_{name}", value)
    found = resolve()
    assert (found.sync_mode, found.compress, found.task_timeout) == (SyncMode.OBAN, True, 1.5)
    assert (found.schemas, found.home) == (("a:B", "c:D"), Path("x/y"))
    assert found.store_path == Path("x/y/memory.duckdb")
    assert found.meilisearch_key == Secret(KEY)


def test_an_empty_variable_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRYPATH_MEILISEARCH_URL", "")
    assert resolve().meilisearch_url is None


def test_the_key_comes_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    monkeypatch.setenv("SCRYPATH_MEILISEARCH_KEY_FILE", str(tmp_path / "key"))
    assert resolve().meilisearch_key == Secret(KEY)
    monkeypatch.setenv("SCRYPATH_MEILISEARCH_KEY_FILE", str(tmp_path / "none"))
    with pytest.raises(ConfigError, match="cannot be read"):
        resolve()


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ({"batch_size": "many"}, "batch_size cannot be 'many'", "type int"),
        ({"batch_size": 0}, "batch_size is 0", "at least 1"),
        ({"task_timeout": -1}, "task_timeout is -1.0", "at least 0"),
        ({"compress": "perhaps"}, "compress cannot be 'perhaps'", "bool"),
        ({"sync_mode": "async"}, "sync_mode cannot be 'async'", "SyncMode"),
        ({"meilisearch_url": "localhost"}, "'localhost', which is not a URL", "http://127.0.0.1:7700"),
        ({"database_url": "shop"}, "'shop', which is not a URL", "postgresql://"),
        (
            {"meilisearch_url": "localhost:7700"},
            "'localhost:7700', which is not a URL",
            "http://127.0.0.1:7700",
        ),
    ],
)
def test_bad_input_is_named_and_changes_nothing(options: dict[str, Any], message: str, hint: str) -> None:
    configure(index_prefix="kept")
    with pytest.raises(ConfigError) as caught:
        configure(**options)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert resolve().index_prefix == "kept"
    assert resolve().batch_size == Config().batch_size


def test_configure_spells_out_every_option() -> None:
    assert list(inspect.signature(configure).parameters) == [field.name for field in fields(Config)]
    with pytest.raises(TypeError, match="bach_size"):
        configure(bach_size=1)  # type: ignore[call-arg]
    with pytest.raises(ConfigError, match=r"unknown option 'bach_size'\. Did you mean 'batch_size'\?"):
        resolve(bach_size=1)


def test_bad_files_and_variables_say_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scrypath.toml").write_text("index_prefix = \n")
    with pytest.raises(ConfigError, match=r"scrypath\.toml cannot be read"):
        resolve()
    (tmp_path / "scrypath.toml").write_text("index_prefx = 'x'\n")
    with pytest.raises(
        ConfigError, match=r"scrypath.toml names an unknown option 'index_prefx'.*'index_prefix'"
    ):
        resolve()
    (tmp_path / "scrypath.toml").unlink()
    monkeypatch.setenv("SCRYPATH_PAGE_SIZE", "big")
    with pytest.raises(ConfigError, match="SCRYPATH_PAGE_SIZE: page_size cannot be 'big'"):
        resolve()


def test_what_is_missing_says_how_to_give_it() -> None:
    for name, need in (
        ("DATABASE_URL", Config().need_database_url),
        ("MEILISEARCH_URL", Config().need_meilisearch_url),
    ):
        with pytest.raises(ConfigError, match=f"Set SCRYPATH_{name}.*scrypath local up"):
            need()


def test_options_are_checked_against_their_words() -> None:
    assert check_option("mode", "oban", SyncMode) is SyncMode.OBAN
    with pytest.raises(InvalidOptions, match=r"mode cannot be 'obann'\. Did you mean 'oban'\?"):
        check_option("mode", "obann", SyncMode)


def test_the_key_and_passwords_show_nowhere() -> None:
    config = Config(
        meilisearch_key=Secret(KEY), database_url="postgresql://u:pass@w@h/d", meilisearch_url="http://a:b@h"
    )
    for shown in (repr(config), str(config), f"{config}", f"{[config]}"):
        assert KEY not in shown
        assert "pass" not in shown
        assert MASK in shown
    with pytest.raises(ConfigError) as caught:
        configure(database_url="u:hunter2@host/x", meilisearch_key=KEY)
    assert KEY not in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert pickle.loads(pickle.dumps(config)) == config


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("keep_snapshots", 0, "keep_snapshots is 0. Give a number of at least 1."),
        ("keep_snapshots_days", 0, "keep_snapshots_days is 0. Give a number of at least 1."),
        ("keep_snapshots_days", 36_501, "keep_snapshots_days is 36501. Give at most 36500 days"),
        ("keep_snapshots", "all", "keep_snapshots cannot be 'all'"),
        ("keep_snapshots", True, "keep_snapshots cannot be True"),
        ("keep_snapshots", 2.5, "keep_snapshots cannot be 2.5"),
    ],
)
def test_how_long_snapshots_are_kept(
    name: str, value: object, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert getattr(resolve(), name) is None
    monkeypatch.setenv(f"SCRYPATH_{name.upper()}", "30")
    assert getattr(resolve(), name) == 30
    with pytest.raises(ConfigError, match=message):
        resolve(**{name: value})


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("batch_size = 1.5", "batch_size cannot be 1.5", "type int"),
        ("batch_size = true", "batch_size cannot be True", "type int"),
        ("task_timeout = inf", "task_timeout cannot be inf", "finite"),
        ("request_timeout = nan", "request_timeout cannot be nan", "finite"),
        ("index_prefix = 5", "index_prefix cannot be 5", "type str"),
        ("schemas = [5]", "schemas cannot be [5]", "package.module:Model"),
        ("schemas = 5", "schemas cannot be 5", "package.module:Model"),
        ("sync_mode = 'obn'", "sync_mode cannot be 'obn'", "inline, manual, oban"),
        (f"meilisearch_key = ['{KEY}']", f"meilisearch_key cannot be {MASK}", "text"),
    ],
)
def test_a_value_of_another_kind_is_refused_and_never_bent(
    tmp_path: Path, text: str, message: str, hint: str
) -> None:
    (tmp_path / "scrypath.toml").write_text(text)
    with pytest.raises(ConfigError) as refused:
        resolve()
    assert refused.value.message.startswith(f"scrypath.toml: {message}")
    assert hint in refused.value.hint
    assert KEY not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("scrypath.toml", b"\xff\xfe", "scrypath.toml cannot be read: "),
        ("scrypath.toml", b"schemas = [", "scrypath.toml cannot be read: "),
        ("pyproject.toml", b"tool = 5", "pyproject.toml: tool is 5."),
        ("pyproject.toml", b"[tool]\nscrypath = 5", "pyproject.toml: scrypath is 5."),
    ],
)
def test_a_file_that_does_not_hold_is_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        resolve()
    assert refused.value.message.startswith(message)
    assert refused.value.hint


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("SCRYPATH_MEILISERCH_URL", "SCRYPATH_MEILISEARCH_URL"),
        ("SCRYPATH_SCHEMA", "SCRYPATH_SCHEMAS"),
        ("SCRYPATH_MEILISEARCH_KEYFILE", "SCRYPATH_MEILISEARCH_KEY_FILE"),
    ],
)
def test_a_misspelt_variable_is_not_passed_over(
    monkeypatch: pytest.MonkeyPatch, variable: str, meant: str
) -> None:
    monkeypatch.setenv(variable, "x")
    with pytest.raises(ConfigError) as refused:
        resolve()
    assert variable in refused.value.message
    assert refused.value.hint == f"Did you mean {meant}?"


@pytest.mark.parametrize(
    "variable",
    ["SCRYPATH_PORT", "SCRYPATH_SERVICE_HOST", "SCRYPATH_MEILISEARCH_BIN", "SCRYPATH_TEST_MEILISEARCH_URL"],
)
def test_variables_of_others_are_left_alone(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "tcp://10.0.0.1:80")
    assert resolve().meilisearch_url is None
