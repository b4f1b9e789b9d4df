"""The first runbook as an operator meets it: JupyterLab in Debian's Chromium, buttons pressed, effects seen."""

from __future__ import annotations

import os
import re
import secrets
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from tests.run_notebooks import ROOT, rehearsed_stack

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]

RUNBOOK = ROOT / "runbooks" / "00_first_response.ipynb"
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 120_000  # milliseconds: a small machine that does other work as well
SCREENSHOTS = ROOT / "build" / "screenshots"
# Every cell is in the page, also those outside of the window; and nobody asks about news.
SETTINGS = {
    "notebook-extension/tracker": '{"windowingMode": "none"}',
    "apputils-extension/notification": '{"fetchNews": "false", "checkForUpdates": false}',
}


@dataclass(frozen=True, slots=True)
class Lab:
    """A JupyterLab that runs."""

    url: str
    token: str

    def page_of(self, notebook: str) -> str:
        """Address of a notebook."""
        return f"{self.url}/lab/tree/{notebook}?token={self.token}"


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """A stack of its own with two incidents in it."""
    with rehearsed_stack() as variables:
        yield variables


@pytest.fixture
def lab(environment: dict[str, str], tmp_path: Path, eventually: Callable[..., None]) -> Iterator[Lab]:
    """JupyterLab on a free port, on a copy of the runbook without outputs, with no settings of this machine."""
    notebook = nbformat.read(RUNBOOK, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    (tmp_path / "work").mkdir()
    nbformat.write(notebook, tmp_path / "work" / RUNBOOK.name)
    for name, text in SETTINGS.items():
        path = tmp_path / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(text, "utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    found = Lab(f"http://127.0.0.1:{port}", secrets.token_hex(16))
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"),
        *(
            "--ServerApp.ip=127.0.0.1",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={tmp_path / 'work'}",
        ),
        *("--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"),
    ]
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    variables = {name: str(tmp_path / folder) for name, folder in folders.items()}
    with (
        (tmp_path / "lab.log").open("wb") as log,
        subprocess.Popen(
            command,
            env=os.environ | environment | variables | {"JUPYTER_TOKEN": found.token},
            stdout=log,
            stderr=log,
        ) as server,
    ):
        try:
            eventually(lambda: server.poll() is not None or _answers(found), within=60.0)
            assert server.poll() is None, (tmp_path / "lab.log").read_text("utf-8")
            yield found
        finally:
            server.terminate()


@pytest.fixture
def page() -> Iterator[Page]:
    """A page of Debian's Chromium."""
    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1360, "height": 1000})
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        yield page
        browser.close()


def test_an_operator_retries_failed_work_with_two_clicks(lab: Lab, page: Page) -> None:
    page.goto(lab.page_of(RUNBOOK.name))
    _run(page, "Run All Cells")
    audit = _output(page, "scrypath.audit_log(")
    expect(audit).to_contain_text("at")
    expect(audit).not_to_contain_text("retry")
    _photograph(page, "1-ran")

    panel = page.locator(".scrypath-retry-panel")
    title = panel.locator("h4").first
    work_id = re.fullmatch(r"Retry (oban:\d+)", title.inner_text()).group(1)  # type: ignore[union-attr]
    expect(_output(page, "left = ")).to_contain_text(work_id)
    confirm = panel.get_by_role("button", name="Confirm")
    expect(confirm).to_be_disabled()
    _photograph(page, "2-untouched", panel)

    panel.get_by_role("button", name="Preview").click()
    confirm = panel.get_by_role("button", name="Write 10 City documents again")
    expect(confirm).to_be_enabled()
    expect(panel).to_contain_text("population")
    _photograph(page, "3-previewed", panel)

    confirm.click()
    expect(panel.locator(".scrypath-done")).to_have_text("completed")
    expect(panel).to_contain_text("Verified.")
    expect(panel).to_contain_text("In the audit")
    _photograph(page, "4-confirmed", panel)

    _cell(page, "left = ").locator(".jp-InputArea-editor").click()
    _run(page, "Run Selected Cell and All Below")
    expect(_output(page, "left = ")).not_to_contain_text(work_id)
    expect(_output(page, "scrypath.audit_log(")).to_contain_text("retry")
    expect(_output(page, "scrypath.audit_log(")).to_contain_text(work_id)
    expect(_output(page, "changes = ")).to_contain_text("resolved")
    _photograph(page, "5-verified", _cell(page, "left = "))
    _photograph(page, "6-recorded", _cell(page, "scrypath.audit_log("))


def test_the_runbook_is_readable(lab: Lab, page: Page) -> None:
    page.goto(lab.page_of(RUNBOOK.name))
    _run(page, "Run All Cells")
    expect(_output(page, "scrypath.audit_log(")).to_contain_text("at")
    for number, source in enumerate(
        (
            "scrypath.preflight(",
            "notebook.StatusPanel",
            "charts.failed_by_reason",
            "report = ",
            "charts.drift_by_kind",
        )
    ):
        cell = _cell(page, source)
        expect(
            cell.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']")
        ).to_have_count(0)
        _photograph(page, f"cell-{number}", cell)
    expect(_cell(page, "charts.failed_by_reason").locator("canvas")).to_be_visible()


def _answers(lab: Lab) -> bool:
    try:
        with urllib.request.urlopen(f"{lab.url}/api?token={lab.token}", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _run(page: Page, item: str) -> None:
    page.get_by_role("menubar").get_by_text("Run", exact=True).click()
    page.locator(".lm-Menu-itemLabel").get_by_text(item, exact=True).click()


def _cell(page: Page, source: str) -> Locator:
    return page.locator(".jp-CodeCell").filter(has=page.locator(".cm-content", has_text=source)).first


def _output(page: Page, source: str) -> Locator:
    return _cell(page, source).locator(".jp-Cell-outputArea")


def _photograph(page: Page, name: str, what: Locator | None = None) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    (what or page).screenshot(path=SCREENSHOTS / f"{name}.png")
