"""Says at the end of a run how far the engine agrees with the recorded server, and where it does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

TITLES = {"outside": "outside search", "search": "in search"}
MEASURED = ("status", "code", "body", "hits")


def _properties(reporter: pytest.TerminalReporter, wanted: str) -> Iterator[Any]:
    for outcome in ("passed", "failed"):
        for report in reporter.stats.get(outcome, ()):
            yield from (
                value for name, value in report.user_properties if name == wanted and report.when == "call"
            )


def _row(title: str, steps: int, shares: dict[str, float], floor: dict[str, float] | None = None) -> str:
    cells = [
        f"{shares[name]:.1f} %" + (f" (at least {floor[name]} %)" if floor is not None else "")
        for name in MEASURED
    ]
    width = 24 if floor is not None else 10
    return f"{title:<34}{steps:>6}  " + "".join(f"{cell:>{width}}" for cell in cells)


def write(reporter: pytest.TerminalReporter) -> None:
    """Print the figures of the recordings that were played, and the steps that were answered differently."""
    recordings = list(_properties(reporter, "recording"))
    if not recordings:
        return
    reporter.section("agreement with recordings of Meilisearch 1.50")
    reporter.write_line(f"{'recording':<34}{'steps':>6}  " + "".join(f"{name:>10}" for name in MEASURED))
    for name, steps, shares, _ in recordings:
        reporter.write_line(_row(name, steps, shares))
    for part, steps, shares, floor in _properties(reporter, "together"):
        reporter.write_line(_row(TITLES[part], steps, shares, floor), bold=True)
    for name, _, _, differences in recordings:
        for step, what in differences:
            reporter.write_line(f"{name}, step {step}: another {what}")
