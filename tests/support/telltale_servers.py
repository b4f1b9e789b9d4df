"""Servers that refuse everybody, and repeat what they were sent: the worst that a log or a message can quote."""

from __future__ import annotations

import json
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_REQUESTS = (80877103, 80877104)  # for TLS and for GSSAPI


class _Search(BaseHTTPRequestHandler):
    """Says what it was sent, raw, decoded and in JSON."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        said = f"{self.path} {self.headers.get('Authorization')} {body.decode('utf-8', 'replace')}"
        error = {"message": f"I know {said!r} and {said}", "code": "internal", "type": "internal", "link": ""}
        payload = json.dumps(error).encode()
        self.send_response(500)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


class _Database(socketserver.StreamRequestHandler):
    """Asks for a password in clear, and quotes it when it refuses."""

    def handle(self) -> None:
        while True:
            size, code = struct.unpack("!II", self.rfile.read(8))
            sent = self.rfile.read(size - 8)
            if code not in _REQUESTS:
                break
            self.wfile.write(b"N")
        self.wfile.write(b"R" + struct.pack("!II", 8, 3))
        if self.rfile.read(1) != b"p":
            return
        (size,) = struct.unpack("!I", self.rfile.read(4))
        password = self.rfile.read(size - 4).rstrip(b"\0").decode("utf-8", "replace")
        said = f'"{password}" ({password!r}) is not the password of {sent!r}'
        fields = b"".join(
            kind + text.encode() + b"\0"
            for kind, text in ((b"S", "FATAL"), (b"V", "FATAL"), (b"C", "28P01"), (b"M", said))
        )
        self.wfile.write(b"E" + struct.pack("!I", len(fields) + 5) + fields + b"\0")


class _Threads(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, *_: object) -> None:
        pass  # a client that went away


@contextmanager
def telltale_servers() -> Iterator[tuple[int, int]]:
    """The ports of a database and of a search server, for the block."""
    database = _Threads(("127.0.0.1", 0), _Database)
    search = ThreadingHTTPServer(("127.0.0.1", 0), _Search)
    for server in (database, search):
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield database.server_address[1], search.server_address[1]
    finally:
        for server in (database, search):
            server.shutdown()
            server.server_close()
