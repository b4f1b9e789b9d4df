"""What the embedded engine takes: storing, reading back, small writes, two-word queries, its memory, and how long
it keeps a look at its health waiting meanwhile.

Run as ``python benchmarks/engine.py [documents]``; the default is 1 000 000.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import urllib3

POSTED = 50_000
PAGE = 20_000
SEARCHED = 100_000
STEMS = ("oak", "desk", "lamp", "linen", "vase", "chair", "brass", "rug", "shelf", "glass", "stool", "cotton")
ENDINGS = (
    "",
    "en",
    "er",
    "ery",
    "ing",
    "less",
    "ling",
    "ly",
    "man",
    "ness",
    "ory",
    "ship",
    "some",
    "ward",
    "wise",
    "work",
)
WORDS = [stem + ending + tail for stem in STEMS for ending in ENDINGS for tail in ("", "land", "town")]


class Engine:
    """An engine in a process of its own."""

    def __init__(self, folder: Path) -> None:
        ready = folder / "ready.json"
        command = [sys.executable, "-m", "scrypath.local.engine", "--data-dir", str(folder / "data")]
        self.process = subprocess.Popen([*command, "--ready-file", str(ready)], stdout=subprocess.DEVNULL)
        while not ready.exists():
            time.sleep(0.01)
        self.url = json.loads(ready.read_text(encoding="utf-8"))["url"]
        self.pool = urllib3.PoolManager(maxsize=8)

    def ask(self, method: str, path: str, body: Any = None, media: str = "application/json") -> Any:
        """Return the decoded answer to a request."""
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        reply = self.pool.request(
            method, self.url + path, body=sent, headers={"content-type": media}, timeout=600
        )
        return json.loads(reply.data)

    def settle(self, uid: int) -> None:
        """Wait for a task."""
        while self.ask("GET", f"/tasks/{uid}")["status"] in ("enqueued", "processing"):
            time.sleep(0.02)

    def peak_megabytes(self) -> int:
        """Return the most memory the engine held."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM:"))

    def do(self, method: str, path: str, body: Any = None) -> float:
        """Enqueue a task and wait for it, return the seconds that took."""
        began = time.perf_counter()
        self.settle(self.ask(method, path, body)["taskUid"])
        return time.perf_counter() - began


class Health(threading.Thread):
    """Looks at the health of an engine all the time, by what the engine is doing."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(daemon=True)
        self.engine = engine
        self.doing = ""
        self.longest: dict[str, float] = {}
        self.done = threading.Event()

    def run(self) -> None:
        pool = urllib3.PoolManager()
        while not self.done.wait(0.01):
            doing, began = self.doing, time.perf_counter()
            pool.request("GET", self.engine.url + "/health")
            spent = time.perf_counter() - began
            self.longest[doing] = max(spent, self.longest.get(doing, 0.0))


def _lines(first: int, last: int) -> bytes:
    return b"\n".join(
        json.dumps(
            {
                "id": n,
                "title": " ".join(WORDS[(n * k + n // len(WORDS)) % len(WORDS)] for k in (1, 3, 7, 11))
                + f" {n}",
                "year": 1900 + n % 120,
                "fingerprint": f"{n * 7919:024x}",
                "body": "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt",
            }
        ).encode()
        for n in range(first, last)
    )


def _fill(engine: Engine, index: str, count: int) -> float:
    began = time.perf_counter()
    task = {}
    for first in range(0, count, POSTED):
        body = _lines(first, min(first + POSTED, count))
        task = engine.ask("POST", f"/indexes/{index}/documents", body, "application/x-ndjson")
    engine.settle(task["taskUid"])
    return time.perf_counter() - began


def _read(engine: Engine, index: str, count: int, fields: list[str] | None) -> float:
    began = time.perf_counter()
    for offset in range(0, count, PAGE):
        body = {"offset": offset, "limit": PAGE, **({"fields": fields} if fields else {})}
        engine.pool.request(
            "POST",
            f"{engine.url}/indexes/{index}/documents/fetch",
            body=json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
    return count / (time.perf_counter() - began)


def _search(engine: Engine, index: str) -> float:
    waits = []
    for n in range(200):
        query = f"{WORDS[n % len(WORDS)]} {WORDS[(n * 5 + 3) % len(WORDS)]}"
        began = time.perf_counter()
        engine.ask("POST", f"/indexes/{index}/search", {"q": query, "filter": f"year > {1900 + n % 100}"})
        waits.append(time.perf_counter() - began)
    return sorted(waits)[int(len(waits) * 0.95)] * 1000


def _shown(label: str, value: str) -> None:
    print(f"{label:<52}{value:>14}", flush=True)


def _measure(engine: Engine, health: Health, count: int) -> None:
    health.doing = "storing"
    engine.do("PATCH", "/indexes/stored/settings", {"searchableAttributes": []})
    spent = _fill(engine, "stored", count)
    _shown(f"{count:,} documents stored", f"{spent:.1f} s")
    health.doing = "reading back"
    _shown("id and fingerprint read back", f"{_read(engine, 'stored', count, ['id', 'fingerprint']):,.0f}/s")
    _shown("whole documents read back", f"{_read(engine, 'stored', count, None):,.0f}/s")
    health.doing = "indexing"
    engine.do("PATCH", "/indexes/found/settings", {"searchableAttributes": ["title"]})
    engine.do("PATCH", "/indexes/found/settings", {"filterableAttributes": ["year"]})
    spent = _fill(engine, "found", SEARCHED)
    _shown(f"{SEARCHED:,} documents made searchable", f"{SEARCHED / spent:,.0f}/s")
    health.doing = "searching"
    _shown("two words and a filter, p95", f"{_search(engine, 'found'):.0f} ms")
    health.doing = "single writes"
    began = time.perf_counter()
    for n in range(200):
        task = engine.ask("POST", "/indexes/small/documents", [{"id": n, "text": f"word {n}"}])
    engine.settle(task["taskUid"])
    _shown("200 single writes queued at once", f"{time.perf_counter() - began:.2f} s")
    health.doing = "settings"
    change = {"searchableAttributes": ["title", "body"], "sortableAttributes": ["year"]}
    _shown("settings that index all anew", f"{engine.do('PATCH', '/indexes/found/settings', change):.1f} s")
    health.doing = "deletion"
    chosen = {"filter": "year < 1960"}
    _shown(
        "half of them deleted by filter",
        f"{engine.do('POST', '/indexes/found/documents/delete', chosen):.1f} s",
    )
    health.doing = "swap"
    pair = [{"indexes": ["stored", "found"]}]
    _shown("two indexes swapped", f"{engine.do('POST', '/swap-indexes', pair):.2f} s")
    health.doing = "removal"
    _shown("all documents removed", f"{engine.do('DELETE', '/indexes/found/documents'):.1f} s")
    _shown("an index removed", f"{engine.do('DELETE', '/indexes/stored'):.2f} s")


def main(count: int) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        engine = Engine(Path(folder))
        health = Health(engine)
        health.start()
        try:
            _measure(engine, health, count)
        finally:
            health.done.set()
            health.join()
            for doing, longest in health.longest.items():
                _shown(f"longest wait for /health while {doing}", f"{longest * 1000:.0f} ms")
            _shown("most memory held", f"{engine.peak_megabytes()} MB")
            engine.process.terminate()
            engine.process.wait()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
