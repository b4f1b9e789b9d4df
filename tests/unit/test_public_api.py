"""What is public: every option is spelled out, and the API reference has every name with its signature."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sphinx import addnodes
from sphinx.application import Sphinx

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
PAGES = ("api.md", "meilisearch.md")
LISTED = {
    page: re.findall(
        r"^\.\. auto(function|class|exception|data):: (\S+)$",
        (REFERENCE / page).read_text("utf-8"),
        re.MULTILINE,
    )
    for page in PAGES
}
ROOMS = ("scrypath", "scrypath.notebook", "scrypath.meilisearch")


def names_of(module: ModuleType) -> list[str]:
    """The public names of a module: those it lists, else those it defines."""
    listed = getattr(module, "__all__", None)
    return (
        list(listed)
        if listed is not None
        else [
            name
            for name, value in vars(module).items()
            if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
        ]
    )


def callables(module: ModuleType) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The public functions of a module, of its public modules, and of its classes."""
    for name in names_of(module):
        value = getattr(module, name)
        where = f"{module.__name__}.{name}"
        if isinstance(value, ModuleType):
            yield from callables(value)
        elif inspect.isclass(value):
            yield where, value
            methods = inspect.getmembers(value, inspect.isroutine)
            yield from (
                (f"{where}.{method}", found)
                for method, found in methods
                if not method.startswith("_") and str(getattr(found, "__module__", "")).startswith("scrypath")
            )
        elif callable(value) and str(getattr(value, "__module__", "")).startswith("scrypath"):
            yield where, value


PUBLIC = dict(item for room in ROOMS for item in callables(import_module(room)))


@pytest.mark.parametrize("name", PUBLIC)
def test_every_keyword_is_spelled_out(name: str) -> None:
    kinds = {parameter.kind for parameter in inspect.signature(PUBLIC[name]).parameters.values()}
    assert inspect.Parameter.VAR_KEYWORD not in kinds


@pytest.mark.parametrize("room", ["scrypath", "scrypath.notebook"])
def test_the_reference_has_every_public_name_and_no_other(room: str) -> None:
    listed = [name.rpartition(".")[2] for _, name in LISTED["api.md"] if name.rpartition(".")[0] == room]
    assert sorted(listed) == sorted(import_module(room).__all__)


def test_the_reference_has_every_name_of_the_servers_modules_and_no_other() -> None:
    room = import_module("scrypath.meilisearch")
    modules = [name for name in room.__all__ if isinstance(getattr(room, name), ModuleType)]
    public = {f"{room.__name__}.{name}" for name in room.__all__ if name not in modules}
    for name in modules:
        module = getattr(room, name)
        # What the package itself exports is listed under the package alone.
        own = [item for item in names_of(module) if item not in room.__all__]
        public |= {f"{module.__name__}.{item}" for item in own}
    assert sorted(name for _, name in LISTED["meilisearch.md"]) == sorted(public)


@pytest.mark.filterwarnings("ignore:The mapping interface")  # of Sphinx, which its own extension uses
def test_the_reference_shows_the_signatures(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text(
        'extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]\nautodoc_typehints = "none"\n',
        "utf-8",
    )
    (tmp_path / "index.md").write_text("# Reference\n\n```{toctree}\napi\nmeilisearch\n```\n", "utf-8")
    for page in PAGES:
        (tmp_path / page).write_text((REFERENCE / page).read_text("utf-8"), "utf-8")
    app = Sphinx(
        tmp_path, tmp_path, tmp_path / "built", tmp_path, "dummy", status=None, exception_on_warning=True
    )
    app.build()
    shown = {
        f"{signature['module']}.{signature['fullname']}": {
            part[0].astext() for part in signature.findall(addnodes.desc_parameter)
        }
        for page in PAGES
        for signature in app.env.get_doctree(page.removesuffix(".md")).findall(addnodes.desc_signature)
    }
    for kind, name in (item for page in PAGES for item in LISTED[page]):
        assert name in shown
        if kind in ("data", "exception"):
            continue
        module, _, bare = name.rpartition(".")
        parameters = inspect.signature(getattr(import_module(module), bare)).parameters.values()
        named = {item.name for item in parameters if item.kind is not item.VAR_POSITIONAL}
        assert named <= shown[name], name
