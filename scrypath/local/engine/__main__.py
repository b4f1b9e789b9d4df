"""Serve an engine over HTTP: ``python -m scrypath.local.engine --data-dir DIR``."""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import json
import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from uvicorn.server import Server

from scrypath.local.engine.engine import PAYLOAD_LIMIT, Engine
from scrypath.local.engine.serving import listen, server

# Threads take turns this often (seconds), so that indexing does not hold up answers.
SWITCH_INTERVAL: Final = 0.001


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scrypath.local.engine", description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True, help="where everything is kept")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port to listen on, 0 for any free one")
    parser.add_argument("--ready-file", type=Path, help="where to write url and pid once listening")
    parser.add_argument("--hooks", action="store_true", help="let failures be asked for; loopback only")
    parser.add_argument("--payload-limit", type=int, default=PAYLOAD_LIMIT, metavar="BYTES")
    return parser.parse_args(argv)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _write_ready(path: Path, url: str) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(json.dumps({"url": url, "pid": os.getpid()}), encoding="utf-8")
    draft.replace(path)


async def _serve(running: Server, listener: socket.socket, url: str, ready_file: Path | None) -> None:
    serving = asyncio.create_task(running.serve(sockets=[listener]))
    while not running.started and not serving.done():
        await asyncio.sleep(0.005)
    if running.started:
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
        if ready_file is not None:
            _write_ready(ready_file, url)
    await serving


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until it is stopped.

    Returns
    -------
    int
        Exit code.
    """
    options = _arguments(argv)
    if options.hooks and not _is_loopback(options.host):
        sys.stderr.write(f"--hooks works on a loopback address only, not on {options.host}\n")
        return 2
    sys.setswitchinterval(SWITCH_INTERVAL)
    # uvicorn ends by raising the signal once more; as an interrupt it lets the engine close first.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    listener, url = listen(options.host, options.port)
    with Engine(
        options.data_dir,
        master_key=os.environ.get("MEILI_MASTER_KEY") or None,
        hooks=options.hooks,
        payload_limit=options.payload_limit,
    ) as engine:
        running = server(engine)
        loop = running.config.get_loop_factory()
        with suppress(KeyboardInterrupt):
            asyncio.run(_serve(running, listener, url, options.ready_file), loop_factory=loop)
    return 0


if __name__ == "__main__":
    sys.exit(main())
