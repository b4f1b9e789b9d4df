"""An engine behind a socket: the door that failures on demand are answered at, and the server."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import Server

from scrypath.local.engine.app import create_app
from scrypath.local.engine.engine import Engine
from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.routes.hooks import PREFIX

_START_SECONDS: Final = 10.0


class Door:
    """The outermost part of the application: it can answer in its place, or hang up.

    Parameters
    ----------
    engine
        Knows what was asked for.
    app
        Everything behind the door.
    """

    def __init__(self, engine: Engine, app: ASGIApp) -> None:
        self._engine = engine
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in unless a failure was asked for."""
        asked = None
        if scope["type"] == "http" and not scope["path"].startswith(PREFIX):
            asked = self._engine.hooks.taken()
        if asked is None:
            await self._app(scope, receive, send)
        elif asked.status is None:
            _hang_up(send)
        else:
            error = ApiError("internal", f"Answered with {asked.status} on demand.")
            headers = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": asked.status, "headers": headers})
            await send({"type": "http.response.body", "body": orjson.dumps(error.body())})


def _hang_up(send: Send) -> None:
    """Close the connection of a request without an answer; ASGI has no word for it."""
    cycle: Any = getattr(send, "__self__", None)
    if cycle is not None:
        cycle.disconnected = True
        cycle.transport.abort()


def server(engine: Engine) -> Server:
    """Return a server of an engine, not yet listening."""
    app: ASGIApp = create_app(engine)
    if engine.hooks_enabled:
        app = Door(engine, app)
    config = Config(
        app,
        log_config=None,
        log_level="critical",
        access_log=False,
        lifespan="off",
        ws="none",
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,
        server_header=False,
    )
    return Server(config)


def listen(host: str = "127.0.0.1", port: int = 0) -> tuple[socket.socket, str]:
    """Return a listening socket and its URL."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=512)
    address, bound = listener.getsockname()[:2]
    return listener, f"http://{f'[{address}]' if ':' in address else address}:{bound}"


@contextmanager
def serving(engine: Engine, *, port: int = 0) -> Iterator[str]:
    """Serve a started engine from a thread of this process, on a free port unless one is given; yield the URL.

    Examples
    --------
    >>> import tempfile, urllib.request
    >>> with tempfile.TemporaryDirectory() as folder, Engine(folder) as engine, serving(engine) as url:
    ...     urllib.request.urlopen(url + "/health").read()
    b'{"status":"available"}'
    """
    listener, url = listen(port=port)
    running = server(engine)
    thread = threading.Thread(
        target=running.run, kwargs={"sockets": [listener]}, name="engine-http", daemon=True
    )
    thread.start()
    end = time.monotonic() + _START_SECONDS
    while not running.started and thread.is_alive() and time.monotonic() < end:
        time.sleep(0.002)
    try:
        yield url
    finally:
        running.should_exit = True
        thread.join()
        listener.close()
