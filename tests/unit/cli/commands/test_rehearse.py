"""``scrypath rehearse``: its incidents by name."""

from __future__ import annotations

import json
from collections.abc import Callable

Run = Callable[..., tuple[int, str, str]]


def test_rehearse_without_a_name_lists_the_incidents(run: Run) -> None:
    code, out, _ = run("rehearse")
    assert code == 0
    assert {"failed-validation", "queue-outage", "stale-documents", "orphans"} <= set(out.split())
    code, out, _ = run("rehearse", "--json")
    assert "queue-outage" in json.loads(out)


def test_an_unknown_incident_is_a_named_error(run: Run) -> None:
    code, _, err = run("rehearse", "queue-outrage")
    assert code == 1
    assert "Did you mean 'queue-outage'?" in err
