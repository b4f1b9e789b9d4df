"""The least that a test needs to speak to an engine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

import urllib3

PATIENCE = 60.0


class Client:
    """Asks and waits.

    Parameters
    ----------
    url
        Where the engine is.
    key
        Sent with every request.
    """

    def __init__(self, url: str, key: str | None = None) -> None:
        self.url = url
        self._pool = urllib3.PoolManager(retries=False, maxsize=16)
        self._headers = {"authorization": f"Bearer {key}"} if key else {}

    def raw(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> urllib3.BaseHTTPResponse:
        """Return the answer to a request as it is."""
        return self._pool.request(
            method, self.url + path, body=body, headers={**self._headers, **(headers or {})}, timeout=PATIENCE
        )

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return status and decoded answer of a request with a JSON body."""
        sent = None if body is None else json.dumps(body).encode()
        reply = self.raw(
            method, path, sent, {"content-type": "application/json"} if sent is not None else None
        )
        return reply.status, json.loads(reply.data) if reply.data else None

    def get(self, path: str) -> Any:
        """Return what a path holds."""
        status, body = self.ask("GET", path)
        assert status == 200, body
        return body

    def enqueue(self, method: str, path: str, body: Any = None) -> int:
        """Return the uid of the task that a request enqueued."""
        status, reply = self.ask(method, path, body)
        assert status in (200, 202), reply
        uid: int = reply["taskUid"]
        return uid

    def settle(self, uid: int) -> dict[str, Any]:
        """Return a task once it has ended."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            task: dict[str, Any] = self.get(f"/tasks/{uid}")
            if task["status"] not in ("enqueued", "processing"):
                return task
            time.sleep(0.003)
        raise AssertionError(f"task {uid} did not end in {PATIENCE} s")

    def do(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Enqueue a task and return it once it has ended."""
        return self.settle(self.enqueue(method, path, body))

    def documents(self, index: str) -> dict[str, dict[str, Any]]:
        """Return every document of an index by the text of its id."""
        found = self.get(f"/indexes/{index}/documents?limit=1000000")
        assert found["total"] == len(found["results"])
        return {str(document["id"]): document for document in found["results"]}


class Process:
    """An engine in a process of its own, which may be killed.

    Parameters
    ----------
    folder
        Where it keeps everything.
    options
        Further options of its command line.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        ready = folder / "ready.json"
        ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", "scrypath.local.engine", "--data-dir", str(folder / "data")]
        environment = {name: value for name, value in os.environ.items() if name != "MEILI_MASTER_KEY"}
        self._process = subprocess.Popen(
            [*command, "--ready-file", str(ready), *options], env=environment, stdout=subprocess.DEVNULL
        )
        end = time.monotonic() + PATIENCE
        while not ready.exists():
            assert self._process.poll() is None, "the engine did not start"
            assert time.monotonic() < end, f"the engine did not start in {PATIENCE} s"
            time.sleep(0.005)
        self.ready: dict[str, Any] = json.loads(ready.read_text(encoding="utf-8"))
        self.client = Client(self.ready["url"])

    def peak_memory(self) -> int:
        """Return the most memory it ever held, in bytes."""
        for line in Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("the kernel does not say how much memory the engine held")

    def kill(self) -> None:
        """End it without warning."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(PATIENCE)

    def stop(self) -> int:
        """Ask it to stop, return its exit code."""
        self._process.terminate()
        return self._process.wait(PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.stop()
