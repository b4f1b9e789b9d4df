from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrypath.queue.args import JobArgs, Malformed, parse
from scrypath.vocabulary import Operation, SyncMode

NAMES = st.text(min_size=1, max_size=8)


@given(
    operation=st.sampled_from([Operation.UPSERT, Operation.DELETE]),
    schema=NAMES,
    index=NAMES,
    ids=st.lists(st.text(max_size=6)),
    reference=st.none() | NAMES,
)
def test_what_is_written_is_read_back(
    operation: Operation, schema: str, index: str, ids: list[str], reference: str | None
) -> None:
    args = JobArgs(
        operation=operation, schema=schema, index=index, document_ids=tuple(ids), reference=reference
    )
    assert parse(json.loads(args.to_json())) == args
    assert args.document_count == len(ids)


def test_the_args_have_the_keys_that_an_elixir_deployment_reads() -> None:
    args = JobArgs(operation=Operation.UPSERT, schema="City", index="cities", document_ids=("7", "x-1"))
    assert json.loads(args.to_json()) == {
        "operation": "upsert",
        "schema": "City",
        "index": "cities",
        "document_ids": ["7", "x-1"],
        "document_count": 2,
        "sync_mode": "oban",
    }


def test_an_elixir_upsert_is_understood_and_its_key_not_shown() -> None:
    raw = {
        "operation": "upsert",
        "schema": "Elixir.Shop.City",
        "backend": "Elixir.Scrypath.Meilisearch",
        "index": "cities",
        "sync_mode": "oban",
        "meilisearch_api_key": "masterKey",
        "document_ids": [7, "x"],
        "document_count": 2,
        "documents": [{"id": 7, "data": {"name": "Ulm"}, "source": "record"}],
    }
    args = parse(raw)
    assert isinstance(args, JobArgs)
    assert args.document_ids == ("7", "x")
    assert args.documents == ({"id": 7, "data": {"name": "Ulm"}, "source": "record"},)
    assert "Ulm" not in repr(args)
    malformed = parse(raw | {"document_ids": None})
    assert isinstance(malformed, Malformed)
    assert "masterKey" not in repr(malformed)


def test_an_elixir_fan_out_names_no_operation_and_no_index() -> None:
    args = parse({"schema": "Elixir.Shop.Country", "document_ids": [1], "fan_out": "cities", "opts": {}})
    assert args == JobArgs(
        operation=Operation.FAN_OUT,
        schema="Elixir.Shop.Country",
        index=None,
        document_ids=("1",),
        fan_out="cities",
    )


@pytest.mark.parametrize("mode", [None, "later", 3])
def test_an_unknown_sync_mode_in_the_jobs_table_is_still_oban(mode: object) -> None:
    args = parse({"operation": "delete", "schema": "C", "index": "c", "document_ids": [], "sync_mode": mode})
    assert isinstance(args, JobArgs)
    assert args.sync_mode is SyncMode.OBAN


def test_args_that_are_text_are_malformed() -> None:
    assert parse('{"operation": "upsert"}') == Malformed("args are not an object", '{"operation": "upsert"}')


def test_jobs_about_the_same_ids_share_a_key_whatever_the_order() -> None:
    def key(
        operation: Operation = Operation.UPSERT, schema: str = "C", ids: tuple[str, ...] = ("1", "2")
    ) -> str:
        return JobArgs(operation=operation, schema=schema, index="c", document_ids=ids).key

    assert key() == key(ids=("2", "1")) == key(ids=("2", "1", "2"))
    assert (
        len({key(), key(operation=Operation.DELETE), key(schema="D"), key(ids=("1",)), key(ids=("12",))}) == 5
    )
