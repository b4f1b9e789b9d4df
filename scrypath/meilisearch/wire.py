"""The one pooled HTTP wire to Meilisearch: keep-alive, thread-safe, retrying what is safe to repeat."""

from __future__ import annotations

import base64
import gzip
import math
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import quote, urlsplit

import orjson
import urllib3

from scrypath import reach, telemetry
from scrypath.config import Config
from scrypath.errors import ConfigError, InvalidOptions, raise_alone
from scrypath.meilisearch import faults
from scrypath.meilisearch.answer_deadline import answering, pool_manager
from scrypath.meilisearch.reply import Reply
from scrypath.redaction import Secret
from scrypath.service_url import ServiceUrl

WIRES = 16  # configurations whose connections one process keeps open
POOL_SIZE = 16  # connections kept open to one server
RETRY_PAUSES = (0.05, 0.2, 0.5)  # seconds before each repetition of an idempotent request
_WAITED = (urllib3.exceptions.ReadTimeoutError, urllib3.exceptions.ConnectTimeoutError)
PASSING = frozenset({502, 503, 504})  # statuses of a server or proxy that may be back in a moment
_MOST_DIGITS = 20  # of a number of bytes that means anything
CHUNK = 1 << 20  # bytes read at a time of an answer that may be too long
COMPRESS_FROM = 4_096  # bytes of body below which gzip does not pay


class TooLong(Exception):
    """An answer has more bytes than are to be read of it; asked for less, the server gives a shorter one.

    Parameters
    ----------
    most
        Bytes that were to be read.
    """

    def __init__(self, most: int) -> None:
        super().__init__(f"The answer has more than {most:,} bytes.")


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes = field(repr=False)


class Wire:
    """Requests to one server over a pool of kept-alive connections. Safe to share between threads."""

    def __init__(
        self,
        url: str,
        *,
        key: Secret | None = None,
        connect_timeout: float = 3.0,
        request_timeout: float = 30.0,
        compress: bool = False,
    ) -> None:
        given = ServiceUrl(url)
        self.url = _base(given)
        self._key = key
        self._authorization = _authorization(given, key)
        self._connect_timeout = connect_timeout
        self._request_timeout = request_timeout
        self._compress = compress
        self._headers = {"Accept-Encoding": "gzip" if compress else "identity", "User-Agent": "scrypath"}
        self._pool = pool_manager(POOL_SIZE)

    def __repr__(self) -> str:
        return f"Wire({self.url!r})"

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        body: bytes | None = None,
        content_type: str | None = None,
        timeout: float | None = None,
        deadline: float | None = None,
        idempotent: bool | None = None,
        most: int | None = None,
    ) -> Reply:
        """Send one request and return its successful answer.

        Parameters
        ----------
        method, path
            HTTP method, and the path below the server's URL with its leading slash.
        params
            Query parameters: ``None`` is left out, booleans and sequences are written as Meilisearch reads them.
        json
            Sent as a JSON body; ``body`` with ``content_type`` sends ready bytes instead.
        timeout
            Seconds to wait for an answer to its last byte; default: the configuration's ``request_timeout``.
        deadline
            Seconds for the request and all its repetitions; default: no limit of its own.
        idempotent
            True when repeating the request is harmless; default: for ``GET`` only.
        most
            Bytes that are read of an answer; a longer one is :class:`TooLong`. Default: no limit.

        Returns
        -------
        Reply
            Status 2xx and the body.

        Raises
        ------
        TransportError
            The server was not reached, broke off, or is not Meilisearch.
        Unauthorised
            It refused the key.
        IndexNotFound, UnknownWork, BackendRejected
            It refused the request.
        TooLong
            Its answer has more than ``most`` bytes.
        """
        headers = dict(self._headers)
        if json is not None:
            body, content_type = _encoded(json), "application/json"
        if content_type is not None:
            headers["Content-Type"] = content_type
        if self._compress and body is not None and len(body) >= COMPRESS_FROM:
            body, headers["Content-Encoding"] = gzip.compress(body, compresslevel=1), "gzip"
        repeatable = method == "GET" if idempotent is None else idempotent
        origin = f"{method} {path} at {self.url}"
        until = math.inf if deadline is None else time.monotonic() + deadline
        wait = self._request_timeout if timeout is None else timeout

        def send() -> _Answer:
            left = max(0.001, until - time.monotonic())
            return self._send(
                headers,
                method,
                f"{self.url}{path}{_query(params)}",
                min(wait, left),
                most,
                body=body,
                timeout=urllib3.Timeout(connect=min(self._connect_timeout, left), read=min(wait, left)),
                redirect=False,
            )

        reach.refuse_if_unreachable(self.url)

        with telemetry.span("scrypath.meilisearch.request", backend="meilisearch"):
            response = self._persist(send, repeatable, origin, until)
        if 200 <= response.status < 300:
            return Reply(response.status, response.body, origin, self._key)
        raise faults.refused(response.status, response.body, origin, self._key)

    def _send(
        self,
        headers: dict[str, str],
        method: str,
        url: str,
        seconds: float,
        most: int | None,
        **options: Any,
    ) -> _Answer:
        with answering(seconds) as answer:
            try:
                # The key is in no variable of ours: a traceback that shows variables would show it.
                response = self._pool.request(
                    method, url, headers=headers | self._access(), preload_content=most is None, **options
                )
                body = response.data if most is None else _read(response, most)
            except urllib3.exceptions.HTTPError:
                if not answer.broken_off:
                    raise
            else:
                if not answer.broken_off:
                    return _Answer(response.status, body)
        raise urllib3.exceptions.ReadTimeoutError(self._pool, url, "The answer took too long.")  # type: ignore[arg-type]

    def _access(self) -> dict[str, str]:
        return {} if self._authorization is None else {"Authorization": self._authorization.reveal()}

    def _persist(self, send: Callable[[], _Answer], repeatable: bool, origin: str, until: float) -> _Answer:
        for pause in RETRY_PAUSES if repeatable else ():
            if time.monotonic() + pause >= until:
                break
            try:
                response = send()
            except _WAITED as error:
                # Another wait of the full timeout would only multiply the operator's.
                self._give_up(error, origin, repeatable)
            except urllib3.exceptions.HTTPError:
                time.sleep(pause)
            else:
                if response.status not in PASSING:
                    return response
                time.sleep(pause)
        try:
            return send()
        except urllib3.exceptions.HTTPError as error:
            self._give_up(error, origin, repeatable)

    def _give_up(self, error: urllib3.exceptions.HTTPError, origin: str, repeatable: bool) -> NoReturn:
        unreachable = faults.unreachable(error, origin, repeatable, self._key)
        reach.found_unreachable(self.url, unreachable)
        raise_alone(unreachable)


def _read(response: urllib3.BaseHTTPResponse, most: int) -> bytes:
    body = bytearray()
    try:
        promised = response.headers.get("Content-Length", "")
        if promised.isdecimal() and len(promised) < _MOST_DIGITS and int(promised) > most:
            raise TooLong(most)
        for chunk in response.stream(CHUNK, decode_content=True):
            body += chunk
            if len(body) > most:
                raise TooLong(most)
    except BaseException:
        response.close()  # what is left of it is not waited for
        raise
    response.release_conn()
    return bytes(body)


def _base(url: ServiceUrl) -> str:
    """The URL that requests go to: a user and a password in it travel in a header."""
    try:
        parts = urlsplit(url.base)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname or len(url.hosts) != 1:
        raise ConfigError(
            f"meilisearch_url is {str(url)!r}, which is not the URL of an HTTP server.",
            hint="Write it as http://host:7700 or https://search.example.org.",
        )
    return url.base


def _authorization(url: ServiceUrl, key: Secret | None) -> Secret | None:
    """The header that authorises us: the key, else the user of the URL, as a proxy before the server may ask for it."""
    if key is not None and key.reveal():
        if not key.reveal().isascii() or not key.reveal().isprintable():
            raise ConfigError(
                "meilisearch_key holds characters that no HTTP header can carry.",
                hint="Check for a line break or a quotation mark that was copied along.",
            )
        return Secret(f"Bearer {key.reveal()}")
    if url.password is None:
        return None
    credentials = f"{url.user}:{url.password.reveal()}" if url.user else f"{url.password.reveal()}:"
    return Secret(f"Basic {base64.b64encode(credentials.encode()).decode()}")


def _query(params: Mapping[str, Any] | None) -> str:
    pairs = [f"{name}={_text(value)}" for name, value in (params or {}).items() if value is not None]
    return "?" + "&".join(pairs) if pairs else ""


def _encoded(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError as error:
        raise InvalidOptions(
            f"What is to be sent cannot be written as JSON: {error}.",
            hint="Give text that is Unicode, numbers of at most 64 bits, booleans, lists, and mappings with text keys.",
        ) from None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return ",".join(_quoted(item) for item in value)
    return _quoted(value)


def _quoted(value: Any) -> str:
    try:
        return quote(str(value), safe="*")
    except UnicodeEncodeError:
        raise InvalidOptions(
            f"{value!r} cannot be a part of a URL.",
            hint="Give text that is Unicode, without lone surrogates.",
        ) from None


class _Wires:
    """The wires of this process, least recently used first."""

    def __init__(self) -> None:
        self._by_name: dict[tuple[Any, ...], Wire] = {}
        self._lock = threading.Lock()
        self._of_parents: list[dict[tuple[Any, ...], Wire]] = []
        os.register_at_fork(after_in_child=self._leave_to_parent)

    def __len__(self) -> int:
        return len(self._by_name)

    def of(self, config: Config) -> Wire:
        url = config.need_meilisearch_url()
        name = (
            url,
            config.meilisearch_key,
            config.connect_timeout,
            config.request_timeout,
            config.compress,
        )
        with self._lock:
            wire = self._by_name.pop(name, None) or Wire(
                url,
                key=config.meilisearch_key,
                connect_timeout=config.connect_timeout,
                request_timeout=config.request_timeout,
                compress=config.compress,
            )
            self._by_name[name] = wire
            if len(self._by_name) > WIRES:
                # Whoever still uses it holds it; its sockets close with the last of them.
                del self._by_name[next(iter(self._by_name))]
        return wire

    def _leave_to_parent(self) -> None:
        # A child must not share its parent's sockets, and the parent's lock may be held by a thread that the child
        # has not got. The wires are kept, not closed: closing them takes locks that may be held in the same way.
        self._of_parents.append(self._by_name)
        self._by_name, self._lock = {}, threading.Lock()


_wires = _Wires()


def connect(config: Config) -> Wire:
    """The wire of a configuration: one per process, server, key and set of timeouts.

    A process keeps the ``WIRES`` that were used last.

    Raises
    ------
    ConfigError
        When no Meilisearch URL is configured, or it is not one.
    """
    return _wires.of(config)
