"""A server that answers what a test says, and remembers what it was asked."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    body: bytes
    connection: int  # port of the asking side: the same for requests over one connection


@dataclass
class Answer:
    """One answer: a body that is not bytes is sent as JSON; ``drop`` breaks the connection off instead."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    missing: int = 0  # bytes that the header promises and that do not come
    hold: threading.Event | None = None  # nothing is sent before it is set


class Script:
    """Answers in the order given; the last one is repeated. A function answers by looking at the request."""

    def __init__(self) -> None:
        self.answers: list[Answer | Callable[[Asked], Answer]] = [Answer({"status": "available"})]
        self.asked: list[Asked] = []
        self.lock = threading.Lock()
        self.url = ""

    def say(self, *answers: Answer | Callable[[Asked], Answer]) -> None:
        self.answers = list(answers)

    def next(self, asked: Asked) -> Answer:
        with self.lock:
            answer = self.answers[min(len(self.asked), len(self.answers) - 1)]
            self.asked.append(asked)
        return answer(asked) if callable(answer) else answer


def _handler(script: Script) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_: Any) -> None:
            pass

        def answer(self) -> None:
            url = urlsplit(self.path)
            asked = Asked(
                method=self.command,
                path=url.path,
                params={
                    name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()
                },
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(int(self.headers.get("content-length", 0))),
                connection=self.client_address[1],
            )
            answer = script.next(asked)
            if answer.hold is not None:
                answer.hold.wait(10)
            if answer.drop:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(body) + answer.missing), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = self.close_connection or bool(answer.missing)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

    return Handler


@contextmanager
def serving() -> Iterator[Script]:
    """A scripted server on a free port."""
    script = Script()
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), _handler(script))
    httpd.daemon_threads = True
    httpd.handle_error = lambda *_: None  # type: ignore[method-assign]
    script.url = f"http://127.0.0.1:{httpd.server_port}"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield script
    httpd.shutdown()
    thread.join()
    httpd.socket.close()


def refusal(code: str, message: str, status: int = 400, kind: str = "invalid_request") -> Answer:
    """A refusal in Meilisearch's words."""
    link = f"https://docs.meilisearch.com/errors#{code}"
    return Answer({"message": message, "code": code, "type": kind, "link": link}, status)


def task(uid: int, **fields: Any) -> dict[str, Any]:
    """A task in the shape that the recordings have."""
    return {
        "uid": uid,
        "batchUid": uid,
        "indexUid": "cities",
        "status": "succeeded",
        "type": "documentAdditionOrUpdate",
        "canceledBy": None,
        "details": {"receivedDocuments": 2, "indexedDocuments": 2},
        "error": None,
        "duration": "PT0.006366166S",
        "enqueuedAt": "2026-11-24T00:25:08.276481302Z",
        "startedAt": "2026-11-24T00:25:08.27722732Z",
        "finishedAt": "2026-11-24T00:25:08.283593486Z",
        **fields,
    }


def task_list(tasks: list[dict[str, Any]], **fields: Any) -> Answer:
    first = tasks[0]["uid"] if tasks else None
    return Answer({"results": tasks, "total": len(tasks), "limit": 20, "from": first, "next": None, **fields})


def enqueued(uid: int = 1) -> Answer:
    return Answer(
        {
            "taskUid": uid,
            "indexUid": "cities",
            "status": "enqueued",
            "type": "documentAdditionOrUpdate",
            "enqueuedAt": "2026-11-24T00:25:08.276481302Z",
        },
        202,
    )
