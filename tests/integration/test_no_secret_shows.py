"""Any password, by every error path and every output: nothing of it shows.

The servers refuse everybody and repeat what they were sent. ``SCRYPATH_TEST_SECRETS=2000`` is the long run.
"""

from __future__ import annotations

import base64
import io
import logging
import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import polars as pl
import psutil
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from rich.console import Console
from rich.traceback import Traceback

import scrypath
from scrypath import cli, telemetry
from scrypath.config import Config
from scrypath.control_characters import escaped
from scrypath.local import state
from scrypath.local.state import Kept, Part
from scrypath.queue import jobs, worker
from scrypath.source.engine import engine
from scrypath.sync.jobs import perform
from tests.support.shop import Product
from tests.support.telltale_servers import telltale_servers

pytestmark = pytest.mark.integration
CASES = int(os.environ.get("SCRYPATH_TEST_SECRETS", "10"))
SPANS = InMemorySpanExporter()
PROVIDER = TracerProvider()
PROVIDER.add_span_processor(SimpleSpanProcessor(SPANS))

# Two parts that no output holds by chance, and what stands before, between and after them.
cores = st.integers(0, 2**40).map(lambda number: f"q{number:010x}z")
odd = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=4
) | st.sampled_from(
    [
        "'",
        "12,",
        "7)",
        " ",
        "@",
        "/",
        "%00",
        "%zz",
        ":",
        "?",
        "#",
        "%2F",
        '"',
        "\\",
        "&",
        "<b>",
        "\x1b[2J",
        "\r\n",
        "1/",
    ]
)


@dataclass(frozen=True, slots=True)
class Password:
    """A password as it is written in a URL, and what of it must be nowhere."""

    text: str
    cores: tuple[str, ...]

    def hits(self, written: str | bytes) -> list[str]:
        """What of it shows."""
        raw = written if isinstance(written, bytes) else written.encode("utf-8", "backslashreplace")
        wanted = [core.encode() for core in self.cores]
        wanted += [base64.b64encode(f"shop:{self.text}".encode()).rstrip(b"=")[:-2]]
        return [part.decode() for part in wanted if part.lower() in raw.lower()]


@st.composite
def passwords(draw: st.DrawFn) -> Password:
    first, second = draw(cores), draw(cores)
    return Password(f"{draw(odd)}{first}{draw(odd)}{second}{draw(odd)}", (first, second))


def named(form: str) -> Password:
    return Password(form.replace("{}", "q0123456789z"), ("q0123456789z",))


class Outputs:
    """Everything that left the process, by the way it took."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, str | bytes]] = []
        self._log = io.StringIO()
        self._logger = logging.getLogger("host.application")
        self._logger.propagate = False

    def add(self, way: str, text: str | bytes) -> None:
        self.texts.append((way, text))

    def call(self, way: str, verb: Callable[[], object]) -> None:
        """What a call returns, or every way in which its error may be shown."""
        try:
            self.result(way, verb())
        except Exception as error:
            self.error(way, error)

    def result(self, way: str, found: object) -> None:
        self.add(way, f"{found!r} {found}")
        for name in ("_repr_html_", "plan", "frame", "status", "signals"):
            with suppress(Exception):
                member = getattr(found, name)
                self.add(f"{way} {name}", str(member() if callable(member) else member))
        if isinstance(found, pl.DataFrame):
            self.add(f"{way} rows", str(found.rows()))

    def error(self, way: str, error: Exception) -> None:
        self.add(
            f"{way} text", f"{error} {error!r} {error.args!r} {getattr(error, 'hint', '')} {vars(error)}"
        )
        handler = logging.StreamHandler(written := io.StringIO())
        self._logger.addHandler(handler)
        self._logger.exception("failed: %s", error)
        self._logger.removeHandler(handler)
        self.add(f"{way} log", written.getvalue())
        raised = (type(error), error, error.__traceback__)
        variables = traceback.TracebackException(*raised, capture_locals=True)
        self.add(f"{way} variables", "".join(variables.format()))
        rich = Traceback.from_exception(
            *raised, show_locals=True, locals_max_length=None, locals_max_string=None
        )
        Console(file=(drawn := io.StringIO()), width=10_000).print(rich)
        self.add(f"{way} rich", drawn.getvalue())
        seen: BaseException | None = error
        while seen is not None:
            self.add(f"{way} chain", f"{seen!r} {seen.args!r}")
            seen = seen.__cause__ or seen.__context__

    def command(self, *arguments: str) -> None:
        """What a command prints."""
        with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
            code = cli.main(arguments)
        assert code in {0, 1, 2}
        written = out.getvalue() + err.getvalue()
        self.add(f"scrypath {' '.join(arguments)}", written)
        assert escaped(written) == written


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[int, int]]:
    with telltale_servers() as found:
        yield found


def write(mode: str) -> Callable[[Config], object]:
    record = Product(id=1, name="Lamp", price=1, stock=1)
    return lambda config: scrypath.sync_record(Product, record, mode=mode, config=config)


VERBS: dict[str, Callable[[Config], object]] = {
    "config": lambda config: config,
    "inline": write("inline"),
    "manual": write("manual"),
    "oban": write("oban"),
    "delete": lambda config: scrypath.delete_document(Product, "1", config=config),
    "search": lambda config: scrypath.search(Product, "lamp", config=config),
    "preflight": lambda config: scrypath.preflight(config=config),
    "status": lambda config: scrypath.sync_status(config=config),
    "failed": lambda config: scrypath.failed_sync_work(config=config),
    "reconcile": lambda config: scrypath.reconcile_sync(Product, config=config),
    "backfill": lambda config: scrypath.backfill(Product, config=config),
    "jobs": jobs.listing,
    "worker": lambda config: worker.run(config, lambda _: None, drain=True),
}
COMMANDS = {
    f"scrypath {line}": line.split()
    for line in (
        "preflight", "preflight --json", "status", "status --json", "failed", "failed --json", "reconcile",
        "reconcile --json", "backfill", "backfill --json", "worker --drain", "snapshots list", "snapshots list --json",
    )
}  # fmt: skip
WAYS = [*VERBS, *COMMANDS]


def use(outputs: Outputs, config: Config, way: str) -> None:
    """One verb with a configuration, or one command with the same in the environment."""
    if way in VERBS:
        outputs.call(way, lambda: VERBS[way](config))
        return
    variables = {
        "SCRYPATH_DATABASE_URL": config.need_database_url().reveal(),
        "SCRYPATH_MEILISEARCH_URL": config.need_meilisearch_url().reveal(),
        "SCRYPATH_SCHEMAS": "tests.support.shop:Product",
        "SCRYPATH_HOME": str(config.home),
        "SCRYPATH_SYNC_MODE": "oban",
    }
    with patch.dict(os.environ, variables):
        outputs.command(*COMMANDS[way])


def remembered(outputs: Outputs, config: Config) -> None:
    """What stays on disk: the memory, what is published of it, the stack's own notes."""
    outputs.call("publish", lambda: scrypath.publish_snapshots(str(config.home / "team"), config=config))
    for verb in (scrypath.snapshots, scrypath.audit_log, scrypath.failure_history):
        outputs.call(verb.__name__, lambda verb=verb: verb(config=config))
    state.write(config.home, {Part.DATABASE: Kept("external", config.database_url)})
    for file in config.home.rglob("*"):
        if file.is_file():
            outputs.add(f"file {file.name}", file.read_bytes())


def watched(password: Password, place: str, ports: tuple[int, int], ways: list[str]) -> dict[str, list[str]]:
    """What of a password shows, by the way it took."""
    outputs = Outputs()
    with (
        TemporaryDirectory(prefix="scry-") as folder,
        patch.object(telemetry, "_tracer", lambda: PROVIDER.get_tracer("scrypath")),
    ):
        config = configured(password.text, place, ports, Path(folder))
        for way in ways:
            use(outputs, config, way)
        remembered(outputs, config)
    for span in SPANS.get_finished_spans():
        outputs.add(f"span {span.name}", span.to_json())
    SPANS.clear()
    outputs.add("processes", str([process.info for process in psutil.process_iter(["cmdline"])]))
    return {way: found for way, text in outputs.texts if (found := password.hits(text))}


some_ways = st.lists(st.sampled_from(WAYS), min_size=2, max_size=4, unique=True)


@pytest.mark.timeout(300 + 10 * CASES)
@settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
@given(passwords(), st.sampled_from(["url", "option"]), some_ways)
@example(named("it's-{}"), "url", WAYS[0::8])
@example(named("12,{}"), "url", WAYS[1::8])
@example(named("7){}"), "url", WAYS[2::8])
@example(named("a {}"), "url", WAYS[3::8])
@example(named("x@{}"), "url", WAYS[4::8])
@example(named("{}/x"), "url", WAYS[5::8])
@example(named("a%00{}"), "url", WAYS[6::8])
@example(named("ab%zz{}"), "option", WAYS[7::8])
@example(named("{}@{}"), "option", ["inline"])
def test_no_output_shows_anything_of_a_password(
    servers: tuple[int, int], password: Password, place: str, ways: list[str]
) -> None:
    shown = watched(password, place, servers, ways)
    assert not shown, shown


def test_services_that_are_gone_show_nothing_either() -> None:
    shown = watched(
        named("x@{}/7)'"), "url", (1, 1), ["oban", "preflight", "backfill", "scrypath reconcile --json"]
    )
    assert not shown, shown


def test_no_job_holds_anything_of_a_password(config: Config, servers: tuple[int, int]) -> None:
    password = named("it's 7)/{}@x")
    hostile = configured(password.text, "url", servers, config.home)
    ours = replace(config, meilisearch_url=hostile.meilisearch_url, meilisearch_key=None)
    write("oban")(ours)
    worker.run(ours, lambda args: perform(args, ours), drain=True, backoff=worker.Backoff(3600))
    with engine(config).connect() as connection:
        kept = connection.execute(
            sa.text("SELECT string_agg(oban_jobs::text, '') FROM oban_jobs")
        ).scalar_one()
    assert "I know" in kept  # what the server said of it is there
    assert not password.hits(kept)


def configured(password: str, place: str, ports: tuple[int, int], home: Path) -> Config:
    database, search = ports
    userinfo = f"shop:{password}@" if place == "url" else ""
    option = f"?user=shop&password={password}" if place == "option" else ""
    return Config(
        database_url=f"postgresql://{userinfo}127.0.0.1:{database}/shop{option}",
        meilisearch_url=f"http://{userinfo}127.0.0.1:{search}{option}",
        meilisearch_key=None,
        home=home,
        schemas=("tests.support.shop:Product",),
        connect_timeout=2,
    )
