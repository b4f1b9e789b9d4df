"""HTTP in front of an engine."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.types import Message, Receive, Scope, Send

from scrypath.local.engine.bodies import Body
from scrypath.local.engine.engine import Engine
from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.names import not_found
from scrypath.local.engine.routes import (
    documents,
    fields,
    hooks,
    indexes,
    keys,
    off,
    search,
    settings,
    similar,
    system,
    tasks,
    webhooks,
)
from scrypath.local.engine.routes.call import Call, Reply, Route
from scrypath.local.engine.store import Gone

# Answered by the event loop itself: these must not wait for a thread.
_INSTANT: Final = ("/", "/health")
_WRITES_DOCUMENTS: Final = ("documents.add",)


class Table:
    """Finds the route of a request.

    Parameters
    ----------
    routes
        All routes; fixed parts of a path go before variable ones.
    """

    def __init__(self, routes: list[Route]) -> None:
        self._tree: dict[str, Any] = {}
        for route in routes:
            node = self._tree
            for part in self._parts(route.path):
                node = node.setdefault("{}" if part.startswith("{") else part, {})
            node.setdefault("/", {})[route.method] = route

    @staticmethod
    def _parts(path: str) -> list[str]:
        return [part for part in path.split("/") if part]

    def find(self, method: str, path: str) -> tuple[Route | None, dict[str, str], bool]:
        """Return the route, the variable parts of the path, and whether the path is known at all."""
        parts = self._parts(path)
        node = self._walk(self._tree, parts)
        if node is None or "/" not in node:
            return None, {}, False
        route: Route | None = node["/"].get(method)
        if route is None:
            return None, {}, True
        pattern = self._parts(route.path)
        values = {
            name[1:-1]: unquote(part)
            for name, part in zip(pattern, parts, strict=True)
            if name.startswith("{")
        }
        return route, values, True

    def _walk(self, node: dict[str, Any], parts: list[str]) -> dict[str, Any] | None:
        if not parts:
            return node
        for key in (parts[0], "{}"):
            if key in node and key != "/":
                found = self._walk(node[key], parts[1:])
                if found is not None and "/" in found:
                    return found
        return None


class Gate:
    """The ASGI application: admits requests and hands them to their routes.

    Parameters
    ----------
    engine
        The engine behind it.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        rooms = (system, indexes, documents, fields, settings, search, similar, tasks, keys, webhooks, off)
        routes = [route for room in rooms for route in room.ROUTES]
        self._table = Table([*routes, *hooks.ROUTES] if engine.hooks_enabled else routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0]
        await self._send(send, await self._reply(scope, receive, path))

    async def _reply(self, scope: Scope, receive: Receive, path: str) -> Reply:
        route, values, known = self._table.find(scope["method"], path)
        if route is None:
            return Reply(status=405 if known else 404)
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        query = scope["query_string"].decode("latin-1")
        body = await self._body(receive, headers, route)
        if route.path in _INSTANT:
            return self._handle(route, values, query, headers, body)
        return await run_in_threadpool(self._handle, route, values, query, headers, body)

    async def _body(self, receive: Receive, headers: Mapping[str, str], route: Route) -> Body:
        body = Body(self.engine.payload_limit, headers, documents=route.action in _WRITES_DOCUMENTS)
        more = True
        while more:
            message: Message = await receive()
            if message["type"] == "http.disconnect":
                break
            body.add(message.get("body", b""))
            more = message.get("more_body", False)
        return body

    def _handle(
        self, route: Route, values: dict[str, str], query: str, headers: Mapping[str, str], body: Body
    ) -> Reply:
        try:
            action = route.action
            access = self.engine.guard.open
            if action is not None:
                access = self.engine.guard.admit(
                    headers.get("authorization"), action, values.get("index_uid")
                )
            return route.handle(Call(self.engine, values, query, headers, body, access))
        except ApiError as error:
            return Reply(orjson.dumps(error.body()), error.status)
        except Gone:
            gone = not_found(values.get("index_uid", ""))
            return Reply(orjson.dumps(gone.body()), gone.status)
        except Exception as crash:
            traceback.print_exc()
            internal = ApiError("internal", f"An internal error has occurred. `{crash}`.")
            return Reply(orjson.dumps(internal.body()), internal.status)

    @staticmethod
    async def _send(send: Send, reply: Reply) -> None:
        headers = [(b"content-length", str(len(reply.body)).encode())] if reply.status != 204 else []
        if reply.body:
            headers.append((b"content-type", b"application/json"))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})


def create_app(engine: Engine) -> Starlette:
    """Return the application that serves an engine.

    Parameters
    ----------
    engine
        The engine, which the caller starts and closes.
    """
    app = Starlette()
    app.mount("/", Gate(engine))
    return app
