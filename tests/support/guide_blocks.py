"""The code blocks of the pages that tell how to do something."""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from typing import Any

from tests.support.docstring_examples import FLAGS

PAGES = Path(__file__).parents[2] / "docs" / "howto"


def block(page: str, language: str, number: int = 0) -> str:
    """One code block of a page."""
    return blocks(page, language)[number]


def blocks(page: str, language: str) -> list[str]:
    """All code blocks of a page in one language."""
    text = (PAGES / f"{page}.md").read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def do(page: str, number: int, names: dict[str, Any]) -> None:
    """Run one Python block of a page."""
    source = block(page, "python", number)
    exec(compile(source, f"{page}.md, block {number + 1}", "exec", dont_inherit=True), names)


def converse(page: str, names: dict[str, Any]) -> None:
    """Run all that a page types at Python's prompt, and fail with what it answered instead."""
    answered: list[str] = []
    source = "\n".join(blocks(page, "pycon"))
    test = doctest.DocTestParser().get_doctest(source, names, page, f"{page}.md", 0)
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    failed = runner.run(test, out=answered.append, clear_globs=False).failed
    assert not failed, "".join(answered)
