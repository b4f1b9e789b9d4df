"""A project has one configuration, one memory and its own modules, from whatever folder of it one starts."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from scrypath.config import resolve
from scrypath.errors import ConfigError


@pytest.fixture
def below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of a project, with the configuration in ``tmp_path``; the working directory."""
    monkeypatch.setattr("scrypath.config._configured", {})
    folder = tmp_path / "runbooks" / "night"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize(
    ("name", "heading"), [("scrypath.toml", ""), ("pyproject.toml", "[tool.scrypath]\n")]
)
def test_paths_in_a_file_are_relative_to_it(tmp_path: Path, below: Path, name: str, heading: str) -> None:
    (tmp_path / name).write_text(f'{heading}home = "var/state"\nstore = "../shared.duckdb"\n')
    found = resolve()
    assert found.home == tmp_path / "var/state"
    assert found.store_path.resolve() == tmp_path.parent / "shared.duckdb"
    (tmp_path / name).write_text(f'{heading}home = "/srv/state"\n')
    assert resolve().home == Path("/srv/state")


def test_the_memory_is_beside_the_file_when_none_is_named(tmp_path: Path, below: Path) -> None:
    (tmp_path / "scrypath.toml").write_text("")
    assert resolve().home == tmp_path / ".scrypath"
    assert resolve().store_path == tmp_path / ".scrypath" / "memory.duckdb"


def test_without_a_file_the_project_s_memory_is_found_and_no_one_else_s(tmp_path: Path, below: Path) -> None:
    (tmp_path / ".scrypath").mkdir()
    assert resolve().home == tmp_path / ".scrypath"
    (tmp_path / "runbooks" / "pyproject.toml").write_text("[project]\n")
    assert resolve().home == Path(".scrypath")  # another project's folder begins below it


def test_what_the_environment_and_a_call_name_is_taken_as_it_is(
    tmp_path: Path, below: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scrypath.toml").write_text('home = "state"\n')
    monkeypatch.setenv("SCRYPATH_HOME", "elsewhere")
    assert resolve().home == Path("elsewhere")
    assert resolve(home="here").home == Path("here")


def test_modules_named_in_a_file_are_importable_from_its_folder(tmp_path: Path, below: Path) -> None:
    (tmp_path / "scrypath.toml").write_text('schemas = ["case_eleven.search:Lamp"]\n')
    (tmp_path / "case_eleven").mkdir()
    (tmp_path / "case_eleven" / "search.py").write_text(
        "import sqlalchemy.orm as orm, scrypath\n"
        "class Base(orm.DeclarativeBase): pass\n"
        '@scrypath.searchable(fields=["id"])\n'
        "class Lamp(Base):\n"
        '    __tablename__ = "lamps"\n'
        "    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)\n"
    )
    script = (
        "from scrypath.config import resolve\n"
        "from scrypath.schema import registry\n"
        "print([schema.name for schema in registry.every(resolve())], resolve().home)"
    )
    # A kernel starts in the folder of its notebook: a process of its own, which imports nothing of ours by chance.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SCRYPATH_")}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=below,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == f"['Lamp'] {tmp_path / '.scrypath'}", done.stderr


def test_a_file_is_read_once_and_again_when_it_changes(
    tmp_path: Path, below: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "scrypath.toml"
    file.write_text('index_prefix = "one"\n')
    parsed: list[str] = []
    parse = tomllib.loads
    monkeypatch.setattr(tomllib, "loads", lambda text: parsed.append(text) or parse(text))
    for _ in range(20):
        assert resolve().index_prefix == "one"
    assert len(parsed) == 1
    for value in ("two", "six"):  # of the same length
        file.write_text(f'index_prefix = "{value}"\n')
        assert resolve().index_prefix == value
    file.unlink()
    assert resolve().index_prefix == ""


def test_a_file_without_end_and_a_folder_that_is_gone_are_named(tmp_path: Path, below: Path) -> None:
    (tmp_path / "scrypath.toml").write_text("x = " + "[" * 100_000 + "\n")
    with pytest.raises(ConfigError, match=r"scrypath.toml cannot be read: it is nested too deeply"):
        resolve()
    below.rmdir()
    with pytest.raises(ConfigError, match="The working directory does not exist any more"):
        resolve()
