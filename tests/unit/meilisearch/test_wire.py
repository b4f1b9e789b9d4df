from __future__ import annotations

import gc
import gzip
import socket
import subprocess
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from weakref import ref

import pytest

from scrypath.config import Config
from scrypath.errors import (
    BackendRejected,
    ConfigError,
    IndexNotFound,
    ScrypathError,
    TransportError,
    Unauthorised,
    UnknownWork,
)
from scrypath.meilisearch import connect
from scrypath.redaction import Secret
from tests.support.scripted_server import Answer, Script, refusal

KEY = "a-very-secret-key"


def test_it_asks_for_uncompressed_answers_and_shows_its_key_to_the_server_only(server: Script) -> None:
    config = Config(meilisearch_url=server.url, meilisearch_key=Secret(KEY))
    connect(config).request("GET", "/health")
    headers = server.asked[0].headers
    assert headers["accept-encoding"] == "identity"
    assert headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in repr(connect(config))


def test_without_a_key_it_sends_no_authorization(server: Script, config: Config) -> None:
    connect(config).request("GET", "/health")
    assert "authorization" not in server.asked[0].headers


def test_on_slow_lines_both_directions_are_compressed(server: Script) -> None:
    config = Config(meilisearch_url=server.url, compress=True)
    server.say(Answer(gzip.compress(b'{"said": 1}'), headers={"Content-Encoding": "gzip"}))
    body = b"x" * 10_000
    reply = connect(config).request("POST", "/x", body=body, content_type="application/x-ndjson")
    assert reply.json() == {"said": 1}
    assert server.asked[0].headers["accept-encoding"] == "gzip"
    assert gzip.decompress(server.asked[0].body) == body


def test_one_connection_serves_many_requests(server: Script, config: Config) -> None:
    for _ in range(20):
        connect(config).request("GET", "/health")
    assert len({asked.connection for asked in server.asked}) == 1


def test_threads_share_it(server: Script, config: Config) -> None:
    server.say(lambda asked: Answer({"path": asked.path}))
    with ThreadPoolExecutor(8) as threads:
        said = list(threads.map(lambda n: connect(config).request("GET", f"/{n}").json()["path"], range(200)))
    assert said == [f"/{n}" for n in range(200)]
    assert len({asked.connection for asked in server.asked}) <= 8


def test_one_wire_per_server_key_and_timeouts(config: Config) -> None:
    assert connect(config) is connect(replace(config, index_prefix="other"))
    assert connect(config) is not connect(replace(config, request_timeout=1))
    assert connect(config) is not connect(replace(config, meilisearch_key=Secret(KEY)))


def test_only_the_wires_used_last_are_kept(config: Config) -> None:
    unused = ref(connect(replace(config, request_timeout=1)))
    used = connect(config)
    for timeout in range(2, 200):
        connect(replace(config, request_timeout=timeout))
        assert connect(config) is used
    gc.collect()
    assert unused() is None


FORKING = """
import itertools, os, signal, sys, threading, time
from dataclasses import replace
from scrypath.config import Config
from scrypath.meilisearch import connect

config = Config(meilisearch_url=sys.argv[1])
connect(config).request("GET", "/parent")
done = threading.Event()

def connecting():
    for timeout in itertools.count(100):
        if done.is_set():
            return
        connect(replace(config, request_timeout=timeout))

thread = threading.Thread(target=connecting)
thread.start()
sys.setswitchinterval(1e-6)
stuck = 0
for _ in range(15):
    connect(config)
    child = os.fork()
    if not child:
        signal.alarm(5)  # ends a child that waits for ever
        connect(config).request("GET", "/child")
        os._exit(0)
    stuck += os.waitpid(child, 0)[1] != 0
done.set()
thread.join()
connect(config).request("GET", "/parent")
print(stuck)
"""


def test_a_forked_process_connects_for_itself_while_threads_of_its_parent_connect(server: Script) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKING, server.url],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout == "0\n"
    by = {
        path: {asked.connection for asked in server.asked if asked.path == path}
        for path in ("/parent", "/child")
    }
    assert len(by["/child"]) == 15
    assert not by["/parent"] & by["/child"]


def test_parameters_are_written_as_the_server_reads_them(server: Script, config: Config) -> None:
    connect(config).request(
        "GET",
        "/tasks",
        params={"uids": [1, 2], "reverse": True, "from": None, "note": "a b&c", "indexUids": "*"},
    )
    assert server.asked[0].params == {"uids": "1,2", "reverse": "true", "note": "a b&c", "indexUids": "*"}


def test_a_path_before_the_server_is_kept(server: Script) -> None:
    connect(Config(meilisearch_url=f"{server.url}/search/")).request("GET", "/health")
    assert server.asked[0].path == "/search/health"


@pytest.mark.parametrize("status", [502, 503, 504])
def test_reading_is_repeated_until_the_server_is_back(server: Script, config: Config, status: int) -> None:
    server.say(Answer(b"busy", status), Answer(drop=True), Answer({"fine": True}))
    assert connect(config).request("GET", "/stats").json() == {"fine": True}
    assert len(server.asked) == 3


def test_a_search_may_say_that_it_is_harmless_to_repeat(server: Script, config: Config) -> None:
    server.say(Answer(drop=True), Answer({"fine": True}))
    assert connect(config).request("POST", "/x", json={}, idempotent=True).json() == {"fine": True}


def test_reading_is_given_up_after_a_few_repetitions(server: Script, config: Config) -> None:
    server.say(Answer(b"<h1>bad gateway</h1>", 502))
    began = time.monotonic()
    with pytest.raises(TransportError, match=r"status 502.*bad gateway.*look at its log"):
        connect(config).request("GET", "/stats")
    assert len(server.asked) == 4
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("answer", [Answer(drop=True), Answer(b"busy", 503)])
def test_a_write_is_never_repeated(server: Script, config: Config, answer: Answer) -> None:
    server.say(answer, Answer({"taskUid": 1}, 202))
    with pytest.raises(TransportError):
        connect(config).request("POST", "/indexes/x/documents", json=[])
    assert len(server.asked) == 1


def test_a_write_whose_answer_was_lost_says_that_it_may_have_been_accepted(
    server: Script, config: Config
) -> None:
    server.say(Answer(drop=True))
    with pytest.raises(
        TransportError, match=r"connection broke off.*may have accepted the request: read its tasks"
    ):
        connect(config).request("POST", "/indexes/x/documents", json=[])


def test_an_answer_that_does_not_come_is_waited_for_once(server: Script, config: Config) -> None:
    hold = threading.Event()
    server.say(Answer({}, hold=hold))
    with pytest.raises(TransportError, match=r"no answer within the timeout.*Raise request_timeout"):
        connect(config).request("GET", "/tasks", timeout=0.05)
    hold.set()
    assert len(server.asked) == 1


def test_a_server_that_is_not_there_is_named(config: Config) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(
        TransportError, match=rf"GET /health at {url}: the connection was refused.*Start the server"
    ):
        connect(Config(meilisearch_url=url)).request("GET", "/health")


def test_an_unknown_host_is_named() -> None:
    config = Config(meilisearch_url="http://no-such-host.invalid:7700")
    with pytest.raises(TransportError, match=r"the host name is not known.*Check meilisearch_url"):
        connect(config).request("GET", "/health", idempotent=False)


def test_a_tls_client_before_a_plain_server_is_told_so(server: Script) -> None:
    config = Config(meilisearch_url=server.url.replace("http:", "https:"))
    with pytest.raises(TransportError, match=r"TLS connection failed.*http://"):
        connect(config).request("GET", "/health", idempotent=False)


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (
            refusal("invalid_api_key", "The provided API key is invalid.", 403, "auth"),
            Unauthorised,
            "API key is invalid.*has expired",
        ),
        (
            refusal("missing_authorization_header", "The Authorization header is missing.", 401, "auth"),
            Unauthorised,
            "header is missing.*SCRYPATH_MEILISEARCH_KEY",
        ),
        (
            refusal("index_not_found", "Index `x` not found.", 404),
            IndexNotFound,
            "Index `x` not found.*backfill",
        ),
        (
            refusal("task_not_found", "Task `9` not found.", 404),
            UnknownWork,
            "Task `9` not found.*failure_history",
        ),
        (refusal("payload_too_large", "Too large.", 413), BackendRejected, "Lower payload_limit"),
        (
            refusal("no_space_left_on_device", "No space left on device", 422, "system"),
            BackendRejected,
            "Free disk space",
        ),
        (refusal("internal", "panic", 500, "internal"), BackendRejected, "The fault is the server's"),
        (refusal("a_code_of_tomorrow", "No."), BackendRejected, "No. Error code a_code_of_tomorrow"),
        (Answer(b"<html>Not Found</html>", 404), TransportError, "the body is not Meilisearch's.*Not Found"),
        (Answer(b"", 500), TransportError, "an empty body"),
        (
            Answer(b"moved", 301, {"Location": "https://x"}),
            TransportError,
            "redirects: configure the address",
        ),
        (Answer(b"login", 401), Unauthorised, "in front of Meilisearch"),
        (Answer(b"big", 413), BackendRejected, "A proxy limits the size"),
        (Answer([1, 2], 400), TransportError, "points to a Meilisearch server"),
    ],
)
def test_refusals_become_errors_with_a_next_step(
    server: Script, config: Config, answer: Answer, error: type[ScrypathError], message: str
) -> None:
    server.say(answer)
    with pytest.raises(ScrypathError, match=message) as caught:
        connect(config).request("POST", "/x", json={})
    assert type(caught.value) is error


def test_the_structured_error_is_kept(server: Script, config: Config) -> None:
    server.say(refusal("invalid_index_uid", "No.", 400))
    with pytest.raises(BackendRejected) as caught:
        connect(config).request("POST", "/indexes", json={})
    error = caught.value
    assert (error.error_code, error.error_type, error.status) == ("invalid_index_uid", "invalid_request", 400)


@pytest.mark.parametrize("body", [b"<html>Welcome</html>", b"", b"\xff\xfe", b'{"results": [', b"[1]"])
def test_an_answer_that_is_not_meilisearchs_is_refused(server: Script, config: Config, body: bytes) -> None:
    server.say(Answer(body))
    with pytest.raises(TransportError, match=r"not Meilisearch's.*Check that meilisearch_url"):
        connect(config).request("GET", "/version").mapping()


@pytest.mark.parametrize(
    "answer",
    [
        refusal("invalid_api_key", f"The key {KEY} is invalid.", 403, "auth"),
        Answer(f"you sent {KEY}".encode(), 500),
        Answer(f"hello {KEY}".encode()),
        Answer(drop=True),
    ],
)
def test_no_error_shows_the_key(server: Script, answer: Answer) -> None:
    config = Config(meilisearch_url=server.url, meilisearch_key=Secret(KEY))
    server.say(answer)
    with pytest.raises(ScrypathError) as caught:
        connect(config).request("POST", "/x", json={}).mapping()
    assert KEY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("url", ["ftp://host", "http://", "http://host:port", "http://[::1"])
def test_a_url_that_cannot_be_a_server_is_refused(url: str) -> None:
    with pytest.raises((ConfigError, ValueError), match=r"not the URL of an HTTP server|is not a URL"):
        connect(Config(meilisearch_url=url))


def test_a_missing_url_says_how_to_give_one() -> None:
    with pytest.raises(ConfigError, match=r"SCRYPATH_MEILISEARCH_URL.*scrypath local up"):
        connect(Config())


@pytest.mark.parametrize("key", ["two\nlines", "schlüssel"])
def test_a_key_that_no_header_can_carry_is_refused_without_showing_it(server: Script, key: str) -> None:
    with pytest.raises(ConfigError, match=r"meilisearch_key holds characters") as caught:
        connect(Config(meilisearch_url=server.url, meilisearch_key=Secret(key)))
    assert key not in str(caught.value)
