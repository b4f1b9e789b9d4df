"""Plays a recording against a server and compares the answers."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import urllib3

from tests.contract.masking import hits, mask

RECORDINGS = Path(__file__).with_name("recordings")
PATIENCE = 60.0


@dataclass
class Scenario:
    """A recording: how the server is started, and the steps."""

    name: str
    master_key: str | None
    options: list[str]
    timed: bool
    steps: list[dict[str, Any]]

    @property
    def is_search(self) -> bool:
        """Whether the scenario is mostly about ranking and filtering."""
        return self.name in (
            "search-basics",
            "search-facets",
            "search-filters",
            "multi-search",
            "settings-effects",
        )


@dataclass
class Difference:
    """One step that the server answered differently."""

    step: int
    request: str
    what: str
    expected: Any
    got: Any

    def __str__(self) -> str:
        return f"\n  {self.step} {self.request}\n    {self.what} expected {self.expected}\n    got {self.got}"


@dataclass
class Figures:
    """How many steps of a scenario agree."""

    steps: int = 0
    statuses: int = 0
    codes: int = 0
    bodies: int = 0
    searches: int = 0
    same_hits: int = 0
    differences: list[Difference] = field(default_factory=list)

    def shares(self) -> dict[str, float]:
        """Return the shares of agreement, in percent."""
        steps = max(self.steps, 1)
        return {
            "status": 100 * self.statuses / steps,
            "code": 100 * self.codes / steps,
            "body": 100 * self.bodies / steps,
            "hits": 100 * self.same_hits / self.searches if self.searches else 100.0,
        }

    def summary(self) -> list[tuple[str, str]]:
        """Return the steps that were answered differently, each with what differed."""
        steps: dict[str, list[str]] = {}
        for one in self.differences:
            steps.setdefault(f"{one.step} {one.request[:60].strip()}", []).append(one.what)
        return [(step, ", ".join(what)) for step, what in steps.items()]

    def __add__(self, other: Figures) -> Figures:
        """Return the figures of two scenarios taken together."""
        return Figures(*(getattr(self, item.name) + getattr(other, item.name) for item in fields(self)))


def scenarios() -> Iterator[Scenario]:
    """Yield every recording."""
    for path in sorted(RECORDINGS.glob("*.jsonl")):
        first, *rest = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        yield Scenario(
            first["scenario"], first.get("master_key"), first.get("options", []), "timing" in first, rest
        )


def _body(request: dict[str, Any]) -> bytes | None:
    if "json" in request:
        return json.dumps(request["json"]).encode()
    if "base64" in request:
        return base64.b64decode(request["base64"])
    if request.get("text") == "(60 000 documents)":
        words = " ".join(f"word{n}" for n in range(60))
        return json.dumps([{"id": n, "t": f"{words} {n}", "d": words} for n in range(60_000)]).encode()
    return request["text"].encode() if "text" in request else None


class Replay:
    """Plays scenarios against one server.

    Parameters
    ----------
    url
        Where the server is.
    master_key
        For looking at tasks of a protected server.
    let_wait
        Called with True before tasks that are to wait together, with False after them.
    """

    def __init__(
        self, url: str, master_key: str | None, let_wait: Callable[[bool], None] = lambda _: None
    ) -> None:
        self._url = url
        self._let_wait = let_wait
        self._pool = urllib3.PoolManager(retries=False)
        self._admin = {"authorization": f"Bearer {master_key}"} if master_key else {}

    def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> tuple[int, Any]:
        reply = self._pool.request(method, self._url + path, body=body, headers=headers, timeout=PATIENCE)
        try:
            return reply.status, json.loads(reply.data)
        except ValueError:
            return reply.status, reply.data.decode() or None

    def _task(self, uid: int) -> Any:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            task = self._ask("GET", f"/tasks/{uid}", self._admin, None)[1]
            if task["status"] not in ("enqueued", "processing"):
                return task
            time.sleep(0.004)
        raise TimeoutError(f"task {uid} did not end within {PATIENCE} s")

    def settle_all(self) -> None:
        """Wait until no task is left."""
        end = time.monotonic() + PATIENCE
        while self._ask("GET", "/tasks?statuses=enqueued,processing&limit=1", self._admin, None)[1][
            "results"
        ]:
            if time.monotonic() > end:
                raise TimeoutError(f"tasks were left after {PATIENCE} s")
            time.sleep(0.01)

    def play(self, scenario: Scenario) -> Figures:
        """Return how many steps of a scenario the server answers alike."""
        figures = Figures()
        for number, step in enumerate(scenario.steps, 1):
            self._let_wait(step.get("settle") is False and step["response"]["status"] == 202)
            if "pause" in step:
                self.settle_all()
                continue
            self._step(scenario, number, step, figures)
        return figures

    def _step(self, scenario: Scenario, number: int, step: dict[str, Any], figures: Figures) -> None:
        request, recorded = step["request"], step["response"]
        status, body = self._ask(
            request["method"], request["path"], request.get("headers") or {}, _body(request)
        )
        said = f"{request['method']} {request['path']} {json.dumps(request.get('json', request.get('text', '')))[:200]}"
        expected = recorded.get("json", recorded.get("text") or None)
        figures.steps += 1

        def compare(what: str, left: Any, right: Any) -> bool:
            if left != right:
                figures.differences.append(Difference(number, said, what, left, right))
            return bool(left == right)

        figures.statuses += compare("status", recorded["status"], status)
        wanted_code = expected.get("code") if isinstance(expected, dict) else None
        figures.codes += compare("code", wanted_code, body.get("code") if isinstance(body, dict) else None)
        same = compare("body", mask(expected, timed=scenario.timed), mask(body, timed=scenario.timed))
        wanted_hits = hits(expected)
        if wanted_hits is not None:
            figures.searches += 1
            figures.same_hits += compare("hits", wanted_hits, hits(body))
        if step.get("settle") and isinstance(body, dict) and "taskUid" in body:
            task = self._task(body["taskUid"])
            if "task" in step:
                left, right = mask(step["task"], timed=scenario.timed), mask(task, timed=scenario.timed)
                same = compare("task", left, right) and same
        figures.bodies += same
