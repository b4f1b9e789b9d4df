"""Import strings of schemas: what leads nowhere is a named error, whatever the module does."""

from __future__ import annotations

from pathlib import Path

import pytest

from scrypath.errors import SchemaError
from scrypath.schema import registry


@pytest.mark.parametrize(
    "path",
    ["nope", "scrypath.local.catalogue", "scrypath.local.catalogue:", ":", ":City", ".:City", ".shop:City"],
)
def test_what_names_no_model_in_a_module(path: str) -> None:
    with pytest.raises(SchemaError) as refused:
        registry.load(path)
    assert refused.value.message == f"{path!r} does not name a model in a module."
    assert refused.value.hint == "Write it as package.module:Model."


def test_a_module_without_the_model_says_what_there_is() -> None:
    registry.load("tests.support.shop:Product")
    with pytest.raises(SchemaError, match="has no 'Prodct'") as refused:
        registry.load("tests.support.shop:Prodct")
    assert refused.value.hint == "Did you mean 'Product'?"


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        (
            "raising",
            "raise RuntimeError('postgresql://shop:hunter2@db/shop')",
            "RuntimeError: postgresql://shop:***",
        ),
        ("unreadable", "def (:", "SyntaxError: "),
        ("leaving", "raise SystemExit(3)", "SystemExit: 3"),
        ("lacking", "import no_such_library_at_all", "No module named 'no_such_library_at_all'"),
    ],
)
def test_a_module_that_cannot_be_imported_is_a_named_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, code: str, said: str
) -> None:
    (tmp_path / f"scrypath_{name}_models.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SchemaError) as refused:
        registry.load(f"scrypath_{name}_models:City")
    assert said in refused.value.message
    assert "hunter2" not in str(refused.value)
    assert refused.value.hint
