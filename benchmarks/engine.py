"""What the embedded engine takes: storing, reading back, small writes, two-word queries, and its memory.

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

    def watch_health(self, done: threading.Event, waits: list[float]) -> None:
        """Note how long every look at the health takes."""
        while not done.wait(0.01):
            began = time.perf_counter()
            self.pool.request("GET", self.url + "/health")
            waits.append(time.perf_counter() - began)


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


def main(count: int) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        engine = Engine(Path(folder))
        done, waits = threading.Event(), [0.0]
        watch = threading.Thread(target=engine.watch_health, args=(done, waits))
        watch.start()
        try:
            change = engine.ask("PATCH", "/indexes/stored/settings", {"searchableAttributes": []})
            engine.settle(change["taskUid"])
            print(f"{count:>9,} documents stored in {_fill(engine, 'stored', count):.1f} s")
            pairs = _read(engine, "stored", count, ["id", "fingerprint"])
            print(f"          id and fingerprint read back: {pairs:,.0f}/s")
            print(f"          whole documents read back:    {_read(engine, 'stored', count, None):,.0f}/s")
            change = engine.ask(
                "PATCH",
                "/indexes/found/settings",
                {"searchableAttributes": ["title"], "filterableAttributes": ["year"]},
            )
            engine.settle(change["taskUid"])
            print(f"{SEARCHED:>9,} documents made searchable in {_fill(engine, 'found', SEARCHED):.1f} s")
            print(f"          two words and a filter, p95: {_search(engine, 'found'):.0f} ms")
            began = time.perf_counter()
            for n in range(200):
                task = engine.ask("POST", "/indexes/small/documents", [{"id": n, "text": f"word {n}"}])
            engine.settle(task["taskUid"])
            print(f"      200 single writes done in {time.perf_counter() - began:.2f} s")
        finally:
            done.set()
            watch.join()
            longest, peak = max(waits) * 1000, engine.peak_megabytes()
            print(f"          longest wait for /health: {longest:.0f} ms; peak memory: {peak} MB")
            engine.process.terminate()
            engine.process.wait()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
