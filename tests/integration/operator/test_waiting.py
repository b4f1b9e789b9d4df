"""However a service fails to answer, an operator's command ends in one timeout, with every part named."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest

import scrypath
from scrypath.config import Config
from scrypath.errors import TransportError
from scrypath.meilisearch import documents, indexes, tasks
from scrypath.service_url import ServiceUrl

pytestmark = pytest.mark.integration
CONNECT, REQUEST, MARGIN = 2.0, 1.0, 2.0  # seconds; libpq knows no connect_timeout below two


@contextmanager
def service(answer: Callable[[socket.socket, threading.Event], None]) -> Iterator[int]:
    """A port where something listens and answers as it does."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        listener.settimeout(0.05)

        def serve() -> None:
            while not stop.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                threading.Thread(target=_handle, args=(connection,), daemon=True).start()

        def _handle(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                answer(connection, stop)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            stop.set()
            thread.join()


def silent(connection: socket.socket, stop: threading.Event) -> None:
    """It accepts, and never answers."""
    stop.wait()


def dripping(connection: socket.socket, stop: threading.Event) -> None:
    """It answers one byte at a time, and never comes to an end."""
    connection.recv(65_536)
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{"
    )
    while not stop.wait(0.1):
        connection.sendall(b" ")


def dripping_headers(connection: socket.socket, stop: threading.Event) -> None:
    """It does not even come to the end of its headers."""
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not stop.wait(0.1):
        connection.sendall(b"X: y\r\n")


def closing(connection: socket.socket, stop: threading.Event) -> None:
    """It drops every connection."""
    connection.recv(65_536)


@pytest.fixture
def patient(oban: Config) -> Config:
    return replace(oban, connect_timeout=CONNECT, request_timeout=REQUEST)


def lasted(call: Callable[[], object]) -> float:
    began = time.monotonic()
    call()
    return time.monotonic() - began


@pytest.mark.parametrize(
    ("server", "database"),
    [
        (silent, "there"),
        (silent, "refused"),
        (silent, "silent"),
        (dripping, "there"),
        (dripping_headers, "silent"),
        (closing, "refused"),
    ],
)
def test_a_report_ends_within_one_timeout_and_names_every_part(
    patient: Config, products: list[str], server: Callable[..., None], database: str
) -> None:
    with service(server) as port, service(silent) as mute:
        urls = {
            "there": patient.database_url,
            "refused": ServiceUrl("postgresql://127.0.0.1:1/shop"),
            "silent": ServiceUrl(f"postgresql://127.0.0.1:{mute}/shop"),
        }
        broken = replace(
            patient, meilisearch_url=ServiceUrl(f"http://127.0.0.1:{port}"), database_url=urls[database]
        )
        limit = (CONNECT if database == "silent" else REQUEST) + MARGIN
        found: list[scrypath.Reconcile] = []
        assert (
            lasted(lambda: found.append(scrypath.reconcile_sync("Product", config=broken))) < REQUEST + MARGIN
        )
        (report,) = found
        assert report.in_step is None
        assert report.note
        assert not report.status.filter(report.status["source"] == "meilisearch")["observed"].any()
        assert (
            report.drift_signals.filter(report.drift_signals["observed"])["raised"].to_list().count(True) == 0
        )

        for call in (
            lambda: scrypath.sync_status("Product", "Brand", config=broken),
            lambda: scrypath.failed_sync_work("Product", "Brand", config=broken),
            lambda: scrypath.preflight("Product", "Brand", config=broken),
        ):
            assert lasted(call) < limit


def test_a_database_that_never_answers_ends_a_backfill(patient: Config) -> None:
    with service(silent) as port:
        broken = replace(patient, database_url=ServiceUrl(f"postgresql://127.0.0.1:{port}/shop"))
        began = time.monotonic()
        with pytest.raises(TransportError):
            scrypath.backfill("Product", config=broken)
        assert time.monotonic() - began < 2 * (CONNECT + MARGIN)


def test_a_service_that_is_there_again_is_asked_by_the_next_call(
    patient: Config, products: list[str]
) -> None:
    broken = replace(patient, meilisearch_url=ServiceUrl("http://127.0.0.1:1"))
    assert scrypath.reconcile_sync("Product", config=broken).in_step is None
    assert scrypath.reconcile_sync("Product", config=patient).in_step is True


def endless(body: str) -> Callable[[socket.socket, threading.Event], None]:
    """Every request gets the same answer."""

    def answer(connection: socket.socket, stop: threading.Event) -> None:
        payload = body.encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n"
        while not stop.is_set() and connection.recv(65_536):
            connection.sendall(head.encode() + payload)

    return answer


@pytest.mark.parametrize(
    ("body", "call"),
    [
        (
            '{"results":[{"id":1,"name":"a"},{"id":2,"name":"b"}],"offset":0,"limit":2,"total":1000000000}',
            lambda config: [page.count for page in documents.pages(config, "products", page_size=2)],
        ),
        (
            '{"results":[{"uid":7,"status":"succeeded","type":"settingsUpdate"}],"total":9,"limit":1,"from":7,"next":7}',
            tasks.listing,
        ),
        (
            '{"results":[{"uid":"a","primaryKey":"id"}],"offset":0,"limit":20,"total":1000000000}',
            indexes.listing,
        ),
    ],
    ids=["documents", "tasks", "indexes"],
)
def test_a_listing_that_does_not_move_is_malformed(
    patient: Config, body: str, call: Callable[[Config], object]
) -> None:
    with service(endless(body)) as port:
        broken = replace(patient, meilisearch_url=ServiceUrl(f"http://127.0.0.1:{port}"))
        with pytest.raises(TransportError, match="is not Meilisearch's"):
            call(broken)


def test_a_total_without_documents_ends_the_reading(patient: Config) -> None:
    with service(endless('{"results":[],"offset":0,"limit":2,"total":1000000000}')) as port:
        broken = replace(patient, meilisearch_url=ServiceUrl(f"http://127.0.0.1:{port}"))
        assert sum(page.count for page in documents.pages(broken, "products", page_size=2)) == 0
