"""A worker process for tests: it notes each job that it starts, and ends it once the test opens the gate.

Arguments: database URL, folder of notes, keyword arguments of the run as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path

from scrypath.config import Config
from scrypath.queue import worker
from scrypath.queue.args import JobArgs

url, folder, options = sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3])


def perform(args: JobArgs) -> None:
    name = "-".join(args.document_ids)
    (folder / f"started.{name}.{os.getpid()}").touch()
    pause = threading.Event()
    while not (folder / "gate").exists():
        pause.wait(0.02)
    (folder / f"ended.{name}.{os.getpid()}").touch()


(folder / f"up.{os.getpid()}").touch()
worker.run(Config(database_url=url), perform, **options)
(folder / f"down.{os.getpid()}").touch()
