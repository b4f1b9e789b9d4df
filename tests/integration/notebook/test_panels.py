"""The notebook's panels: used from cells and by their buttons, on real parts, also where something is wrong."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import FrozenInstanceError, replace
from functools import partial
from html.parser import HTMLParser
from typing import Any

import polars as pl
import pytest

import scrypath
from scrypath.config import Config
from scrypath.errors import ConfigError, InvalidOptions, NotRetryable, SchemaError, StalePlan
from scrypath.frames import OUTCOME, STATUS
from scrypath.notebook import RetryPanel, StatusPanel, Step
from scrypath.queue import worker
from scrypath.sync.jobs import perform
from tests.support.reports import recoveries

pytestmark = pytest.mark.integration
Fail = Callable[[Sequence[str]], str]
NOBODY = "http://127.0.0.1:9"  # the discard port: connections are refused


@pytest.fixture
def without_ipywidgets(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if it were not installed."""
    monkeypatch.setitem(sys.modules, "ipywidgets", None)


def drain(config: Config) -> None:
    worker.run(config, lambda args: perform(args, config), drain=True)


@contextmanager
def working(config: Config) -> Iterator[None]:
    """A worker of the queue."""
    stop = threading.Event()
    run = partial(worker.run, config, lambda args: perform(args, config), stop=stop, poll=0.05)
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def lost(oban: Config, products: list[str], sql: Callable[..., None]) -> str:
    """A job about two products that ran once, while the server was away, and was given up."""
    sql("UPDATE products SET name = 'Changed' WHERE id = 1")
    once = replace(oban, oban_max_attempts=1)
    written = scrypath.sync_records("Product", [{"id": 1}, {"id": 2}], mode="oban", config=once)
    drain(replace(once, meilisearch_url=NOBODY))
    assert written.work_id is not None
    return written.work_id


def read(markup: str) -> str:
    """What a reader sees of some HTML."""
    seen: list[str] = []
    parser = HTMLParser()
    inside: list[str] = []
    parser.handle_starttag = lambda tag, _attributes: inside.append(tag)  # type: ignore[method-assign]
    parser.handle_endtag = lambda _tag: inside.pop() if inside else None  # type: ignore[method-assign,func-returns-value]
    parser.handle_data = lambda data: None if "style" in inside[-1:] else seen.append(data)  # type: ignore[method-assign,func-returns-value]
    parser.feed(markup.replace("<br>", " "))
    return " ".join(" ".join(seen).split())


def seen_in(view: Any) -> str:
    """Everything that a retry panel's widgets show."""
    return read(view.title.value + view.seen.value + view.result.value)


def view_of(panel: RetryPanel) -> Any:
    panel.view()
    return panel._view


def test_from_cells_a_panel_previews_confirms_and_verifies(oban: Config, lost: str) -> None:
    panel = RetryPanel(lost, actor="ada", config=oban)
    seen = panel.preview()
    assert (panel.step, panel.effect) == (Step.PREVIEWED, "Write 2 Product documents again")
    assert seen.documents.sort("id")["name"].to_list() == ["Changed", "Product 2"]
    with pytest.raises(FrozenInstanceError):
        seen.written = 3  # type: ignore[misc]
    assert recoveries(oban).is_empty()

    accepted = panel.confirm(wait=False)
    assert accepted.schema == OUTCOME.polars
    assert (accepted["outcome"].item(), accepted["verified"].item()) == ("accepted", None)
    assert panel.step is Step.ACCEPTED
    shown = read(panel._repr_html_())
    assert "accepted" in shown
    assert "Accepted is not done" in shown
    assert "completed" not in shown
    assert "Verified." not in shown

    drain(oban)
    done = panel.verify()
    assert (done["outcome"].item(), done["verified"].item()) == ("completed", True)
    assert panel.step is Step.ENDED
    assert "Verified." in read(panel._repr_html_())
    log = recoveries(oban)
    assert log.filter(pl.col("target") == lost)["action"].to_list() == ["verify", "verify", "retry", "retry"]
    assert set(log.filter(pl.col("action") == "retry")["actor"]) == {"ada"}


def test_two_clicks_retry_and_no_button_can_be_pressed_meanwhile(oban: Config, lost: str) -> None:
    view = view_of(RetryPanel(lost, config=oban))
    assert (view.preview.disabled, view.confirm.disabled) == (False, True)
    assert "Not previewed yet; nothing was sent." in seen_in(view)
    view.preview.click()
    assert (view.confirm.description, view.confirm.disabled) == ("Write 2 Product documents again", False)
    assert "Changed" in seen_in(view)
    controls = (view.chosen, view.preview, view.confirm, view.again)
    steps: list[tuple[str, str, bool]] = []
    view.stage.observe(
        lambda change: steps.append((change["new"], seen_in(view), all(item.disabled for item in controls))),
        names="value",
    )
    with working(oban):
        view.confirm.click()
    (sending, before, _), (waiting, accepted, _), (read_back, _, _) = steps
    assert (sending, "accepted" in before) == ("Sending …", False)
    assert (waiting.startswith("Accepted."), "Accepted is not done" in accepted) == (True, True)
    assert "completed" not in accepted
    assert read_back == "Read back"
    assert [disabled for *_, disabled in steps[:2]] == [True, True]
    assert "completed" in seen_in(view)
    assert "Verified." in seen_in(view)
    assert (view.preview.disabled, view.confirm.disabled, view.bar.bar_style) == (False, True, "success")


def test_a_second_click_that_was_on_its_way_does_nothing(oban: Config, lost: str) -> None:
    panel = RetryPanel(lost, config=oban)
    view = view_of(panel)
    view.preview.click()
    with working(oban):
        view.confirm.click()
    told, rows = seen_in(view), recoveries(oban).height
    view.confirm.click()
    assert seen_in(view) == told
    assert recoveries(oban).height == rows
    with pytest.raises(InvalidOptions, match="was confirmed already"):
        panel.confirm()


def test_what_changed_since_the_preview_is_not_sent(
    oban: Config, lost: str, sql: Callable[..., None]
) -> None:
    panel = RetryPanel(lost, config=oban)
    view = view_of(panel)
    view.preview.click()
    sql("UPDATE products SET name = 'Other' WHERE id = 2")
    view.confirm.click()
    assert "has changed since the preview. Nothing was sent. Preview it again." in seen_in(view)
    assert (view.preview.disabled, view.confirm.disabled) == (False, True)
    panel.preview()
    sql("UPDATE products SET name = 'Third' WHERE id = 2")
    with pytest.raises(StalePlan):
        panel.confirm()
    assert recoveries(oban).is_empty()
    view.preview.click()
    with working(oban):
        view.confirm.click()
    assert "completed" in seen_in(view)


def test_a_database_that_is_gone_while_confirming_is_told_in_the_panel(oban: Config, lost: str) -> None:
    panel = RetryPanel(lost, config=oban)
    view = view_of(panel)
    view.preview.click()
    panel.config = replace(oban, database_url="postgresql://postgres@127.0.0.1:9/postgres")
    view.confirm.click()
    told = seen_in(view)
    assert "127.0.0.1:9" in told
    assert "Check SCRYPATH_DATABASE_URL" in told
    assert "completed" not in told
    assert (view.preview.disabled, view.confirm.disabled) == (False, False)
    panel.config = oban
    with working(oban):
        view.confirm.click()
    assert "completed" in seen_in(view)


def test_a_server_that_is_gone_while_confirming_makes_the_job_fail_again_and_says_why(
    oban: Config, lost: str
) -> None:
    panel = RetryPanel(lost, config=oban)
    view = view_of(panel)
    view.preview.click()
    with working(replace(oban, meilisearch_url=NOBODY)):
        view.confirm.click()
    told = seen_in(view)
    assert "failed Attempt 2 of 2 failed" in told
    assert "the connection was refused" in told
    assert "Fix what the reason names, then preview it again." in told
    assert "completed" not in told
    assert (panel.step, view.preview.disabled, view.confirm.disabled) == (Step.ENDED, False, True)
    assert panel.preview().retryable


def test_a_validation_failure_is_refused_before_anything_is_sent(
    config: Config, products: list[str], failed_task: Fail
) -> None:
    panel = RetryPanel(failed_task(["1", "2"]), config=config)
    view = view_of(panel)
    view.preview.click()
    assert "A retry cannot help. It failed validation" in seen_in(view)
    assert view.confirm.disabled is True
    with pytest.raises(NotRetryable, match="It failed validation"):
        panel.confirm()
    assert recoveries(config).is_empty()


def test_work_that_waits_too_long_is_accepted_and_can_be_checked_again(oban: Config, lost: str) -> None:
    panel = RetryPanel(lost, config=replace(oban, task_timeout=0.2))
    view = view_of(panel)
    view.preview.click()
    view.confirm.click()  # nobody works on the queue
    told = seen_in(view)
    assert "unknown" in told
    assert "is a worker running?" in told
    assert "Check again reads the effect back" in told
    assert (panel.step, view.confirm.disabled, view.preview.disabled) == (Step.ACCEPTED, True, True)
    assert (view.again.disabled, view.again.layout.display) == (False, "")
    drain(oban)
    view.again.click()
    assert "completed" in seen_in(view)
    assert view.again.layout.display == "none"


@pytest.mark.parametrize(
    ("given", "told"), [("oban:99999", "99999"), ("meili:99999", "99999"), ("17", "17"), ("solr:1", "solr:1")]
)
def test_an_unknown_id_is_named_in_the_panel(oban: Config, given: str, told: str) -> None:
    panel = RetryPanel(given, config=oban)
    with pytest.raises(InvalidOptions) as refused:
        panel.preview()
    assert refused.value.hint
    view = view_of(panel)
    view.preview.click()
    assert told in refused.value.message
    assert refused.value.message in seen_in(view)
    assert " ".join(refused.value.hint.split()) in seen_in(view)
    assert view.confirm.disabled is True


def test_work_that_somebody_else_retried_is_not_sent_twice(oban: Config, lost: str) -> None:
    panel = RetryPanel(lost, config=oban)
    panel.preview()
    scrypath.retry_sync_work(lost, config=oban)
    drain(oban)
    with pytest.raises(NotRetryable):
        panel.confirm()


def test_failures_of_the_panel_itself_are_told_too(
    config: Config, products: list[str], failed_task: Fail, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = RetryPanel(failed_task(["1"]), config=config)
    view = view_of(panel)

    def broken() -> None:
        raise RuntimeError("password=hunter2 is not here")

    monkeypatch.setattr(panel, "preview", broken)
    view.preview.click()
    assert "RuntimeError" in seen_in(view)
    assert "audit_log() says what was sent" in seen_in(view)
    assert "hunter2" not in seen_in(view)
    assert view.preview.disabled is False


def test_a_frame_gives_choices_that_say_what_they_are(
    config: Config, products: list[str], failed_task: Fail
) -> None:
    first, second = failed_task(["1", "2"]), failed_task(["3"])
    failed = scrypath.failed_sync_work("Product", config=config)
    panel = RetryPanel(failed, config=config)
    assert set(panel.choices) == {first, second}
    view = view_of(panel)
    labels = dict(view.chosen.options)
    assert f"{first} · validation · upsert · 2 documents" in labels
    other = next(work_id for work_id in panel.choices if work_id != panel.work_id)
    view.preview.click()
    view.chosen.value = other
    assert (panel.work_id, panel.step, panel.previewed) == (other, Step.NEW, None)
    assert f"Retry {other}" in seen_in(view)
    with pytest.raises(InvalidOptions, match="meili:77"):
        panel.choose("meili:77")
    empty = RetryPanel(failed.clear(), config=config)
    assert "No failed work Nothing needs to be retried." in read(empty._repr_html_())
    with pytest.raises(NotRetryable):
        empty.preview()


def test_without_ipywidgets_panels_are_read_and_say_how_to_go_on(
    oban: Config, lost: str, without_ipywidgets: None
) -> None:
    panel = RetryPanel(lost, config=oban)
    bundle = panel._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert "call preview(), then confirm()" in read(bundle["text/html"])
    panel.preview()
    with working(oban):
        assert panel.confirm()["outcome"].item() == "completed"
    status = StatusPanel("Product", config=oban)
    assert set(status._repr_mimebundle_()) == {"text/plain", "text/html"}
    for made in (panel, status):
        with pytest.raises(ConfigError, match="ipywidgets") as missing:
            made.view()
        assert "pip install 'scrypath[notebook]'" in missing.value.hint


def test_status_is_read_again_and_changes_nothing(
    oban: Config, products: list[str], failed_task: Fail
) -> None:
    panel = StatusPanel("Product", config=oban)
    assert panel.refresh().schema == STATUS.polars
    panel.view()
    assert panel._view.content.value.count("Product") == 2
    before = scrypath.sync_work("Product", config=oban)
    failed_task(["1"])
    panel._view.button.click()
    assert panel.frame is not None
    assert panel.frame["failed"].to_list() == [1, 0]
    panel._view.button.click()
    assert scrypath.sync_work("Product", config=oban).height == before.height + 1
    assert recoveries(oban).is_empty()


def test_status_says_what_could_not_be_read(config: Config, products: list[str]) -> None:
    gone = StatusPanel("Product", config=replace(config, meilisearch_url=NOBODY))
    told = read(gone._repr_html_())
    assert told.count("not observed") == 6
    assert "The queue is read in oban mode only." in told
    unknown = StatusPanel("Produkt", config=config)
    assert "Did you mean 'Product'?" in read(unknown._repr_html_())
    with pytest.raises(SchemaError, match="Produkt"):
        unknown.refresh()
