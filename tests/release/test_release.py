"""What is released: version, changelog and tag agree, wheel and source build, a clean environment can use them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

import scrypath

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.release, pytest.mark.timeout(600)]
NOTES = """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from scrypath import searchable

class Base(DeclarativeBase): ...

@searchable(fields=["id", "text"], sortable=["id"])
class Note(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
"""


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheel and the source distribution, built as they are released."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,), (source,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return {"wheel": wheel, "source": source}


@pytest.fixture(scope="session")
def consumer(built: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python of its own that has the wheel and nothing that it does not ask for."""
    folder = tmp_path_factory.mktemp("consumer") / "venv"
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    install = [
        sys.executable,
        "-m",
        "uv",
        "pip",
        "install",
        "-q",
        "--python",
        str(python),
        str(built["wheel"]),
    ]
    subprocess.run(install, check=True, capture_output=True)
    return python


def run(python: Path, code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run some code as a consumer does: in a project of its own, with nothing of this checkout on its path."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "TZ": "UTC"}
    return subprocess.run(
        [python, "-W", "error::DeprecationWarning:scrypath", "-c", code],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_version_changelog_and_tag_agree() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert declared == scrypath.__version__
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)
    assert newest is not None
    assert newest[1] == declared
    if (ROOT / ".git").exists():
        tags = subprocess.run(
            ["git", "tag", "--points-at", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout.split()
        assert [tag for tag in tags if tag.startswith("v")] in ([], [f"v{declared}"])


def test_the_wheel_holds_the_package_whole_and_nothing_else(built: dict[str, Path]) -> None:
    with zipfile.ZipFile(built["wheel"]) as wheel:
        names = set(wheel.namelist())
    package = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "scrypath").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert package <= names
    assert "scrypath/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    outside = {name for name in names if not name.startswith("scrypath")}
    assert outside == set()


def test_the_source_can_be_tested(built: dict[str, Path]) -> None:
    with tarfile.open(built["source"]) as source:
        names = {name.partition("/")[2] for name in source.getnames()}
    assert {"LICENSE", "README.md", "CHANGELOG.md", "pyproject.toml", "tests/README.md"} <= names
    assert {"docs/index.md", "runbooks/00_first_response.ipynb"} <= names


def test_a_clean_environment_declares_a_schema_and_runs_the_command(consumer: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.py").write_text(NOTES)
    code = "import notes, scrypath; print(scrypath.__version__, scrypath.schema_fields('Note'))"
    done = run(consumer, code, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(scrypath.__version__)
    command = consumer.with_name("scrypath")
    shown = subprocess.run([command, "--version"], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert shown.stdout.strip() == f"scrypath {scrypath.__version__}"


def test_every_public_name_can_be_imported_without_extras(consumer: Path, tmp_path: Path) -> None:
    code = (
        "import json, scrypath; "
        "print(json.dumps([name for name in scrypath.__all__ if getattr(scrypath, name, None) is None]))"
    )
    done = run(consumer, code, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == []


@pytest.mark.parametrize(
    ("command", "extra"),
    [(("worker",), "oban"), (("local", "up"), "local"), (("rehearse", "orphans"), "local")],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value,
)
def test_a_missing_extra_is_named_by_the_command_that_needs_it(
    consumer: Path, tmp_path: Path, command: tuple[str, ...], extra: str
) -> None:
    script = consumer.with_name("scrypath")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "SCRYPATH_DATABASE_URL": "postgresql://127.0.0.1:9/none",
        "SCRYPATH_MEILISEARCH_URL": "http://127.0.0.1:9",
    }
    done = subprocess.run(
        [script, *command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert f"pip install 'scrypath[{extra}]'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "code",
    [
        "from scrypath.notebook import charts; charts.drift_by_kind(None)",
        "from scrypath import notebook; notebook.RetryPanel('oban:1').view()",
    ],
)
def test_a_missing_extra_is_named_by_the_notebook(consumer: Path, tmp_path: Path, code: str) -> None:
    done = run(consumer, code, tmp_path)
    assert done.returncode == 1
    assert "scrypath[notebook]" in done.stderr.strip().splitlines()[-1]


def test_frames_are_readable_without_the_notebook_extra(consumer: Path, tmp_path: Path) -> None:
    code = (
        "import polars as pl; from scrypath.notebook import readable_frames; readable_frames(); "
        "print(pl.DataFrame({'schema': ['City']}))"
    )
    done = run(consumer, code, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "City" in done.stdout
