"""Real parts for every test: one stack a session, one database and one index prefix a test.

A server of yours is used where one is named: SCRYPATH_TEST_MEILISEARCH_URL (with SCRYPATH_TEST_MEILISEARCH_KEY)
and SCRYPATH_TEST_DATABASE_URL, a PostgreSQL whose user may create databases. No test knows which it talks to.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from hypothesis import Phase, settings

from scrypath import redaction
from scrypath.config import Config
from scrypath.schema import registry
from scrypath.schema.index_ref import IndexRef
from tests.contract import summary

if TYPE_CHECKING:
    from scrypath.local.stack import Stack

# The same examples in every run of the continuous integration; elsewhere new ones each time.
settings.register_profile(
    "scrypath", deadline=None, derandomize="CI" in os.environ, phases=[*set(Phase) - {Phase.explain}]
)
settings.load_profile("scrypath")
os.environ["TZ"] = "UTC"
time.tzset()
# A shell that starts the tests in the background lets them, and what they start, ignore Ctrl-C; some of them press it.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how far the embedded engine agrees with a real server, where that was tested."""
    summary.write(terminalreporter)


@pytest.fixture(scope="session", autouse=True)
def _no_configuration_of_this_machine() -> Iterator[None]:
    """A test sees only what it configures itself: no SCRYPATH_ variable, no stack that a demo left up."""
    given = {name: value for name, value in os.environ.items() if name.startswith("SCRYPATH_")}
    for name in given:
        if not name.startswith("SCRYPATH_TEST_"):
            del os.environ[name]
    yield
    os.environ.update(given)


@pytest.fixture(autouse=True)
def _secrets_of_one_test_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password of one test is an ordinary word of the next."""
    for name in ("_known", "_pieces"):
        monkeypatch.setattr(redaction, name, dict(getattr(redaction, name)))


@pytest.fixture
def own_registry(monkeypatch: pytest.MonkeyPatch) -> dict[str, registry.SearchSchema]:
    """An empty registry of schemas for one test."""
    schemas: dict[str, registry.SearchSchema] = {}
    monkeypatch.setattr(registry, "_schemas", schemas)
    return schemas


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Database and search server, without a worker; never the stack that a demo left up."""
    from scrypath.local import stack as local

    home = Path(tempfile.mkdtemp(prefix="scry-"))  # short: PostgreSQL's socket lives below it
    given = Config(
        database_url=os.environ.get("SCRYPATH_TEST_DATABASE_URL"),
        meilisearch_url=os.environ.get("SCRYPATH_TEST_MEILISEARCH_URL"),
        meilisearch_key=_key(),
    )
    try:
        yield local.up(given, home=home, worker=False)
    finally:
        local.down(home=home, purge=True)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def meilisearch_url(stack: Stack) -> str:
    """Where the search server answers."""
    return stack.meilisearch_url


@pytest.fixture(scope="session")
def database_url(stack: Stack) -> str:
    """A PostgreSQL server's own database; tests make theirs beside it."""
    return stack.database_url


@pytest.fixture(scope="session")
def template(database_url: str) -> Iterator[str]:
    """Name of a database that has the oban tables and the tables of ``tests.support.shop``, to be copied."""
    from scrypath.queue.install import install
    from scrypath.source.engine import engine
    from tests.support import shop

    name = f"scry_template_{uuid4().hex[:10]}"
    _administer(database_url, f'CREATE DATABASE "{name}"')
    config = Config(database_url=_database(database_url, name))
    install(config)
    shop.Base.metadata.create_all(engine(config))
    engine(config).dispose()
    yield name
    _administer(database_url, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def empty_database(database_url: str) -> Iterator[str]:
    """URL of a database without tables, for one test."""
    yield from own_database(database_url, "template1")


@pytest.fixture
def shop_database(database_url: str, template: str) -> Iterator[str]:
    """URL of a database with the tables of ``tests.support.shop`` and the queue's, for one test."""
    yield from own_database(database_url, template)


@pytest.fixture
def config(stack: Stack, shop_database: str, tmp_path: Path) -> Iterator[Config]:
    """A configuration that shares nothing with any other test's."""
    config = Config(
        database_url=shop_database,
        meilisearch_url=stack.meilisearch_url,
        meilisearch_key=stack.meilisearch_key,
        index_prefix=f"t{uuid4().hex[:12]}",
        home=tmp_path / "home",
        schemas=("tests.support.shop:Product", "tests.support.shop:Brand"),
        task_timeout=60.0,
    )
    yield config
    if not stack.embedded_engine:
        _remove_indexes(config)


@pytest.fixture
def failed_task(config: Config) -> Callable[..., str]:
    """Make a task fail on the server that the ledger knows: one of its documents has an impossible id."""
    import pyarrow as pa

    from scrypath.schema.documents import Documents
    from scrypath.sync import sending
    from scrypath.sync.delivery import delivered
    from scrypath.vocabulary import SyncMode

    def fail(ids: Sequence[str], schema: str = "Product") -> str:
        lines = [f'{{"id":"{item}","name":"never seen"}}' for item in ids]
        body = pa.array([f"{line}\n" for line in [*lines[:-1], '{"id":"not an id"}']])
        poisoned = Documents([*ids], body, [""] * len(ids))
        (sent,) = sending.upsert(IndexRef.live(registry.find(schema), config), poisoned, mode=SyncMode.MANUAL)
        ((_, task),) = delivered(config, [sent]).failed
        assert task.status == "failed"
        return sent.work_id

    return fail


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Wait for a condition, and fail with its name when it does not come true."""

    def wait(condition: Callable[[], bool], *, within: float = 20.0) -> None:
        deadline = time.monotonic() + within
        while not condition():
            assert time.monotonic() < deadline, f"{condition} did not come true in {within} s"
            time.sleep(0.02)

    return wait


def _key() -> str | None:
    from scrypath.redaction import Secret

    key = os.environ.get("SCRYPATH_TEST_MEILISEARCH_KEY")
    return Secret(key) if key else None


def own_database(server: str, template: str) -> Iterator[str]:
    """URL of a copy of a database, for as long as it is used."""
    from scrypath.source.engine import engine

    name = f"scry_{uuid4().hex[:12]}"
    _administer(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    url = _database(server, name)
    yield url
    engine(Config(database_url=url)).dispose()
    _administer(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def _database(server: str, name: str) -> str:
    from sqlalchemy.engine import make_url

    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _administer(server: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)


def _remove_indexes(config: Config) -> None:
    from scrypath.meilisearch import indexes
    from tests.support import shop

    for model in (shop.Product, shop.Brand):  # the test may have left an empty registry
        index = f"{config.index_prefix}_{model.__tablename__}"
        if indexes.get(config, index) is not None:
            indexes.delete(config, index)
