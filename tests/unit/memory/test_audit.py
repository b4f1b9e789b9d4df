from __future__ import annotations

import pytest

from scrypath.config import Config
from scrypath.errors import InvalidOptions
from scrypath.frames import AUDIT
from scrypath.memory import audit, store
from scrypath.vocabulary import Outcome


def test_an_empty_log_has_the_schema(config: Config) -> None:
    AUDIT.check(audit.log(config))


def test_an_action_leaves_a_row_before_and_a_row_after(config: Config) -> None:
    audit_id = audit.before(
        config, action="repair", schema="City", target="city", plan_hash="abc", document_count=3, actor="ada"
    )
    audit.after(config, audit_id, outcome=Outcome.COMPLETED, detail="3 documents written.")
    log = audit.log(config)
    AUDIT.check(log)
    assert log.drop("at").rows(named=True) == [
        {
            "audit_id": audit_id,
            "phase": phase,
            "actor": "ada",
            "action": "repair",
            "schema": "City",
            "target": "city",
            "plan_hash": "abc",
            "outcome": outcome,
            "document_count": 3,
            "detail": detail,
            "database": None,
            "server": None,
        }
        for phase, outcome, detail in (("after", "completed", "3 documents written."), ("before", None, ""))
    ]
    assert log.item(0, "at") >= log.item(1, "at")


def test_what_was_accepted_may_be_completed_later(config: Config) -> None:
    audit_id = audit.before(config, action="retry", schema="City", target="oban:1")
    audit.after(config, audit_id, outcome=Outcome.ACCEPTED)
    audit.after(config, audit_id, outcome=Outcome.COMPLETED, document_count=1)
    assert audit.log(config)["outcome"].to_list() == ["completed", "accepted", None]
    with store.connect(config, read_only=True) as connection:
        assert connection.execute("SELECT outcome, document_count FROM actions").fetchall() == [
            ("completed", 1)
        ]


def test_an_action_that_was_cut_short_has_no_end(config: Config) -> None:
    audit.before(config, action="retry", schema="City", target="oban:1")
    with store.connect(config, read_only=True) as connection:
        assert connection.execute("SELECT ended_at, outcome FROM actions").fetchall() == [(None, None)]


def test_an_unknown_audit_id(config: Config) -> None:
    with pytest.raises(InvalidOptions, match=r"'audit-x'.*audit.before"):
        audit.after(config, "audit-x", outcome=Outcome.COMPLETED)
    assert audit.log(config).is_empty()


def test_the_log_of_one_schema(config: Config) -> None:
    for schema in ("City", "Country", None):
        audit.before(config, action="retry", schema=schema, target=None)
    assert audit.log(config, "Country")["schema"].to_list() == ["Country"]
    assert audit.log(config).height == 3


def test_the_actor_is_the_login_name_or_the_number(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "grace")
    audit.before(config, action="retry", schema=None, target=None)

    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 1234")

    monkeypatch.setattr("getpass.getuser", nameless)
    monkeypatch.setattr("os.getuid", lambda: 1234)
    audit.before(config, action="retry", schema=None, target=None)
    assert sorted(audit.log(config)["actor"]) == ["grace", "uid 1234"]


def test_details_hold_no_secret(config: Config) -> None:
    audit_id = audit.before(config, action="retry", schema=None, target=None, detail="with api_key=hunter2")
    audit.after(config, audit_id, outcome=Outcome.FAILED, detail="masterKey-1234 refused")
    assert audit.log(config)["detail"].to_list() == ["******** refused", "with api_key=********"]
