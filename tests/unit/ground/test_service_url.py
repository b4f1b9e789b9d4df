"""A URL is read once: any password in it works, and none of it shows."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scrypath.config import Config
from scrypath.database import conninfo, parameters
from scrypath.redaction import MASK, redact
from scrypath.service_url import ServiceUrl

SECRET = "hunter2hunter2"
ODD = [
    "it's-{}", "12,{}", "7){}", "a {}", "x@{}", "{}/x", "a%00{}", "ab%zz{}", "a:{}", "{}?x=1", "#{}", '"{}', "\\{}",
    "é{}", "\x1f{}", "[{}", "&{}=1", "{}%2F", "1/{}",
]  # fmt: skip


@pytest.mark.parametrize("form", ODD)
@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg", "http"])
def test_an_odd_password_is_read_whole_and_not_shown(scheme: str, form: str) -> None:
    password = form.format(SECRET)
    url = ServiceUrl(f"{scheme}://shop:{password}@db.internal:5432/shop?application_name=x")
    assert str(url) == f"{scheme}://shop:{MASK}@db.internal:5432/shop?application_name=x"
    assert (url.user, url.hosts, url.path) == ("shop", (("db.internal", "5432"),), "/shop")
    assert url.password is not None
    assert url.password.reveal() == password.replace("%2F", "/")
    assert url.reveal() == f"{scheme}://shop:{password}@db.internal:5432/shop?application_name=x"
    for shown in (
        repr(url),
        f"{url}",
        f"{[url]}",
        url.base,
        str(url.options),
        repr(Config(database_url=url)),
    ):
        assert SECRET not in shown
    assert pickle.loads(pickle.dumps(url)) == url


@pytest.mark.parametrize("form", ODD)
def test_what_a_driver_quotes_of_it_is_taken_out(form: str) -> None:
    password = form.format(SECRET)
    url = ServiceUrl(f"postgresql://shop:{password}@db/shop")
    for said in (
        f'could not translate host name "{password.rpartition("@")[2]}@db"',
        f"invalid percent-encoded token: {password!r}",
        f"invalid port number: {password.partition('/')[0].upper()}",
        repr(repr(password)),
        ascii([password]),
        f"{password.encode()}",
        conninfo(Config(database_url=url)),
        str(parameters(Config(database_url=url))),
    ):
        assert SECRET not in redact(said).lower()


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=30))
@example("1/x")
@example("5?b=c")
@example("a?b=c@d/e")
def test_any_password_reaches_the_driver_as_it_is(password: str) -> None:
    config = Config(database_url=f"postgresql://shop:{password}@db.internal:5433/shop")
    url = config.need_database_url()
    assert url.hosts == (("db.internal", "5433"),)
    literal = {"%" not in password: password}.get(True)
    if literal is not None:
        assert parameters(config)["password"] == password
    # What a driver is handed is encoded: it reads the same whatever its own rules are.
    again = Config(database_url=conninfo(config))
    assert parameters(again) == parameters(config)


@pytest.mark.parametrize(
    ("text", "hosts", "user", "password", "path"),
    [
        ("http://h:7700", (("h", "7700"),), None, None, ""),
        ("http://token-of-a-proxy@h:7700/m", (("h", "7700"),), None, "token-of-a-proxy", "/m"),
        ("postgresql://postgres@/postgres?host=/tmp/x", (), "postgres", None, "/postgres"),
        ("postgresql://h1:1,h2/db?application_name=a@b", (("h1", "1"), ("h2", "")), None, None, "/db"),
        ("postgresql://u:p%40ss@[::1]:5432/db", (("::1", "5432"),), "u", "p@ss", "/db"),
        ("sqlite:////tmp/a@b.db", (), None, None, "//tmp/a@b.db"),
    ],
)
def test_the_parts_of_a_url(
    text: str, hosts: tuple[tuple[str, str], ...], user: str | None, password: str | None, path: str
) -> None:
    url = ServiceUrl(text)
    assert (url.hosts, url.user, url.path) == (hosts, user, path)
    assert (url.password.reveal() if url.password else None) == password
    assert password is not None or str(url) == text


def test_a_password_among_the_options_is_one_too() -> None:
    url = ServiceUrl(f"postgresql://db/shop?user=a&password={SECRET}&b@c&sslmode=require")
    assert str(url) == f"postgresql://db/shop?user=a&password={MASK}&sslmode=require"
    assert parameters(Config(database_url=url)) == {
        "host": "db", "dbname": "shop", "user": "a", "password": f"{SECRET}&b@c", "sslmode": "require",
    }  # fmt: skip
    assert SECRET not in redact(f"option {SECRET}")
    search = ServiceUrl(f"http://search:7700?user=a&password={SECRET}@{SECRET}")
    assert (str(search), search.base) == (f"http://search:7700?user=a&password={MASK}", "http://search:7700")


def test_a_password_that_is_also_the_users_name_is_known_by_its_place() -> None:
    url = ServiceUrl("postgresql://postgres:postgres@localhost/postgres")
    assert (
        redact(f"{url.reveal()} of role postgres")
        == f"postgresql://postgres:{MASK}@localhost/postgres of role postgres"
    )


@pytest.mark.parametrize(
    "text", [f"host=db password={SECRET}", f"u:{SECRET}@host/x", "postgresql://a:b@c\udce4", ""]
)
def test_what_is_no_url_says_so_without_itself(text: str) -> None:
    url = ServiceUrl(text)
    assert url.problem
    assert SECRET not in url
