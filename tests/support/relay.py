"""A relay between the kit and the search server: a test sees every request pass, and may act, change or break it."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

from tests.support.scripted_server import Answer, Asked, serving

PASSED_ON = ("authorization", "content-type", "content-encoding", "accept-encoding")
type Meddle = Callable[[Asked], Answer | None]
type Change = Callable[[Asked, bytes], bytes]


class Relay:
    """What happens to requests on their way.

    ``before`` is called with each request before the server sees it, and may answer in its place; ``change`` gets the
    server's answer, and returns the one that arrives.
    """

    def __init__(self, server: str) -> None:
        self.server = server
        self.url = ""
        self.before: Meddle = lambda _: None
        self.change: Change = lambda _, body: body

    def once(self, path: str, act: Callable[[], object]) -> None:
        """Do something just before the first request whose path ends so is passed on."""
        done: list[bool] = []

        def before(asked: Asked) -> None:
            if asked.path.endswith(path) and not done:
                done.append(True)
                act()

        self.before = before

    def answer(self, asked: Asked) -> Answer:
        told = self.before(asked)
        if told is not None:
            return told
        query = f"?{urlencode(asked.params)}" if asked.params else ""
        request = urllib.request.Request(
            f"{self.server}{asked.path}{query}",
            data=asked.body or None,
            headers={name: asked.headers[name] for name in PASSED_ON if name in asked.headers},
            method=asked.method,
        )
        try:
            with urllib.request.urlopen(request) as reply:
                status, body = reply.status, reply.read()
        except urllib.error.HTTPError as error:
            status, body = error.code, error.read()
        return Answer(self.change(asked, body), status, {"Content-Type": "application/json"})


@contextmanager
def relaying(server: str) -> Iterator[Relay]:
    """A relay to a server, on a free port."""
    relay = Relay(server)
    with serving() as script:
        script.say(relay.answer)
        relay.url = script.url
        yield relay
