"""Run the committed notebooks against a stack of their own, into which an incident is rehearsed.

``run_notebooks.py``          compares the outputs of the cells that say ``#NBVAL_CHECK_OUTPUT``, and makes sure that
                              a runbook which is run as it stands, twice, changes nothing, that it tells
                              of a server which is away, and that it repairs when it is armed
``run_notebooks.py --write``  executes them in place instead, and keeps what is worth committing
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import scrypath
from scrypath.config import Config, resolve

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support import state_digest  # noqa: E402

FOLDERS = ("runbooks", "notebooks")
SANITIZED = ROOT / "tests" / "nbval.cfg"  # what is not compared
CITIES = 500  # a slice that is loaded and compared in a moment
CENSUS_SEED = 21  # other cities than those of the outage


@contextmanager
def rehearsed_stack() -> Iterator[dict[str, str]]:
    """A stack in a folder of its own, with two incidents; gives the variables that lead a kernel to it."""
    from scrypath.local import catalogue, stack, worker
    from scrypath.local.rehearsal import rehearse
    from scrypath.rebuild.backfill import backfill

    for name in [name for name in os.environ if name.startswith("SCRYPATH_")]:
        del os.environ[name]
    home = Path(tempfile.mkdtemp(prefix="scry-"))  # short: PostgreSQL's socket lives below it
    try:
        made = stack.up(home=home)
        config = made.config()
        catalogue.load(config, limit=CITIES)
        for model in (catalogue.City, catalogue.Country):
            backfill(model, config=config)
        rehearse("queue-outage", stack=made)
        rehearse("stale-documents", stack=made, seed=CENSUS_SEED)
        yield worker.environment_of(config, key_file=home / "meilisearch.key")
    finally:
        stack.down(home=home, purge=True)
        shutil.rmtree(home, ignore_errors=True)


def notebooks() -> list[Path]:
    """The committed notebooks."""
    return [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.ipynb"))]


def check(environment: dict[str, str]) -> int:
    """Compare the marked outputs, and what a runbook could have changed; the exit code."""
    with patch.dict(os.environ, environment):
        config = resolve()
        for path in sorted((ROOT / "runbooks").glob("*.ipynb")):
            for _ in range(2):
                before = state_digest.seen(config)
                code = compared(path)
                after = state_digest.seen(config)
                changed = [name for name, digest in after.items() if before[name] != digest]
                if changed:
                    sys.stderr.write(f"{path.name}, run as it stands, changed: {', '.join(changed)}\n")
                if code or changed:
                    return code or 1
        first = ROOT / "runbooks" / "00_first_response.ipynb"
        if wrong := away(config, first) or armed(config, first):
            sys.stderr.write(f"{wrong}\n")
            return 1
        return compared(*sorted((ROOT / "notebooks").glob("*.ipynb")))


def away(config: Config, path: Path) -> str:
    """Run a runbook while the search server is away; what it then said wrongly, empty when nothing."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    from scrypath.local import stack

    notebook = nbformat.read(path, as_version=4)
    up = stack.current(config.home)
    assert up is not None
    try:
        with stack.outage(up):
            NotebookClient(notebook, timeout=120).execute()
    except CellExecutionError as error:
        return f"{path.name}, without a server, fails: {error}"
    told = str([cell.get("outputs") for cell in notebook.cells])
    wrong = [text for text in ("Everything can be reached", "Nothing differs") if text in told]
    return f"{path.name}, without a server, says: {wrong}" if wrong else ""


def armed(config: Config, path: Path) -> str:
    """Run a runbook with its parameter set to act; what it then failed to do, empty when nothing."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = cell.source.replace("ARMED = False", "ARMED = True")
    before = state_digest.seen(config)
    NotebookClient(notebook, timeout=120).execute()
    changed = {name for name, digest in state_digest.seen(config).items() if before[name] != digest}
    expected = {"audit", "tasks", "documents cities"}
    if changed != expected:
        return f"{path.name}, armed, changed {sorted(changed)} instead of {sorted(expected)}."
    after = scrypath.reconcile_sync("City", config=config)
    return "" if after.in_step else f"{path.name}, armed, left this: {after.headline()}"


def compared(*paths: Path) -> int:
    """Compare the marked outputs of notebooks; pytest's exit code."""
    command = [
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "default"),
        *("--nbval-lax", "--nbval-cell-timeout=120", f"--nbval-sanitize-with={SANITIZED}"),
        *map(str, paths),
    ]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def write(environment: dict[str, str]) -> int:
    """Execute in place, and keep outputs without what differs from run to run."""
    import nbformat
    from nbclient import NotebookClient

    for path in notebooks():
        notebook = nbformat.read(path, as_version=4)
        client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": path.parent}})
        client.execute(env=os.environ | environment)
        for cell in notebook.cells:
            cell.metadata.pop("execution", None)
            if cell.cell_type == "code":
                cell.outputs = [kept(output) for output in cell.outputs if output.get("name") != "stderr"]
        notebook.metadata = {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
        nbformat.write(notebook, path)
        sys.stdout.write(f"{path.relative_to(ROOT)}: {len(notebook.cells)} cells\n")
    return 0


def kept(output: dict[str, object]) -> dict[str, object]:
    """An output without the id of a widget that lived in one kernel only."""
    data = output.get("data")
    if isinstance(data, dict):
        data.pop("application/vnd.jupyter.widget-view+json", None)
    return output


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="execute in place instead of comparing")
    arguments = parser.parse_args()
    with rehearsed_stack() as variables:
        code = write(variables) if arguments.write else check(variables)
    sys.exit(code)
