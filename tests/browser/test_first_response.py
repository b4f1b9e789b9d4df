"""The first runbook as an operator meets it: JupyterLab in Debian's Chromium, buttons pressed, effects seen."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from tests.run_notebooks import ROOT, rehearsed_stack

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]

RUNBOOK = ROOT / "runbooks" / "00_first_response.ipynb"
CHROMIUM = Path(os.environ.get("SCRYPATH_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium")
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


# No cell is waiting to be run.
CALM = "() => ![...document.querySelectorAll('.jp-InputPrompt')].some(e => e.textContent.includes('*'))"
# Texts of the kit whose letters stand out too little from what is behind them: a contrast below 3 to 1.
PALE = """() => {
  const parts = colour => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parts(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] > 0.5) return colour;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll('.scrypath *')]
    .filter(e => !['STYLE'].includes(e.tagName))
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
    .filter(e => {
      const [a, b] = [light(parts(getComputedStyle(e).color)), light(ground(e))];
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 3;
    })
    .map(e => e.textContent.slice(0, 80));
}"""


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
        pytest.fail(f"{CHROMIUM} is missing: apt-get install chromium, or name one in SCRYPATH_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1360, "height": 1000})
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        yield page
        browser.close()
    outside = {url for url in asked if urlsplit(url).hostname not in {"127.0.0.1", "localhost", None}}
    assert not outside, "an operator's machine need not reach the internet"


def test_an_operator_retries_failed_work_with_two_clicks(lab: Lab, page: Page) -> None:
    _open(page, lab)
    _run(page, "Run All Cells")
    audit = _output(page, "scrypath.audit_log(")
    expect(audit).to_contain_text("backfill")  # what the rehearsal began with
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


@pytest.mark.parametrize(("theme", "width"), [("Light", 1360), ("Dark", 1360), ("Dark", 760)])
def test_the_runbook_is_readable(lab: Lab, page: Page, theme: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 1000})
    _open(page, lab, theme)
    _run(page, "Run All Cells")
    expect(_output(page, "scrypath.audit_log(")).to_contain_text("backfill")
    panel = page.locator(".scrypath-retry-panel")
    panel.get_by_role("button", name="Preview").click()
    expect(panel).to_contain_text("population")
    page.wait_for_function(CALM)
    expect(page.locator("[data-mime-type='application/vnd.jupyter.stderr']")).to_have_count(0)
    expect(_cell(page, "charts.failed_by_reason").locator("canvas")).to_be_visible()
    for number, source in enumerate(
        (
            "checks = ",
            "scrypath.sync_status(",
            "notebook.StatusPanel",
            "failed.select(",
            "charts.failed_by_reason",
            "report = ",
            "charts.drift_by_kind",
            "report.explain(",
            "plan = ",
            "notebook.RetryPanel",
        )
    ):
        _photograph(page, f"{theme.lower()}-{width}-{number}", _cell(page, source))
    assert [text for text in page.evaluate(PALE) if text] == []


def _answers(lab: Lab) -> bool:
    try:
        with urllib.request.urlopen(f"{lab.url}/api?token={lab.token}", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _open(page: Page, lab: Lab, theme: str = "Light") -> None:
    page.goto(lab.page_of(RUNBOOK.name))
    expect(page.locator("#jp-main-statusbar")).to_contain_text("| Idle")
    if theme != "Light":
        _choose(page, "Settings", "Theme", f"JupyterLab {theme}")
        expect(page.locator("body")).to_have_attribute("data-jp-theme-name", f"JupyterLab {theme}")


def _choose(page: Page, menu: str, *items: str) -> None:
    page.get_by_role("menubar").get_by_text(menu, exact=True).click()
    for item in items:
        page.locator(".lm-Menu-itemLabel").get_by_text(item, exact=True).click()


def _run(page: Page, item: str) -> None:
    _choose(page, "Run", item)


def _cell(page: Page, source: str) -> Locator:
    return page.locator(".jp-CodeCell").filter(has=page.locator(".cm-content", has_text=source)).first


def _output(page: Page, source: str) -> Locator:
    return _cell(page, source).locator(".jp-Cell-outputArea")


def _photograph(page: Page, name: str, what: Locator | None = None) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    (what or page).screenshot(path=SCREENSHOTS / f"{name}.png")
