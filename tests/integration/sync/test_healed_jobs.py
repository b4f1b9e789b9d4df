"""A job that failed and later succeeded is healed in the memory, although no list of failures shows it any more."""

from __future__ import annotations

from typing import Any

import pytest

import scrypath
from scrypath.queue import worker
from scrypath.queue.worker import Backoff
from scrypath.sync.verbs import sync_record
from tests.integration.sync.conftest import Shop

pytestmark = pytest.mark.integration


def refuse(_: Any) -> None:
    raise RuntimeError("not today")


def test_a_job_that_succeeds_after_it_failed_is_healed(oban_shop: Shop) -> None:
    config = oban_shop.config
    work_id = sync_record("Product", oban_shop.stock(1)[0], config=config).work_id
    worker.run(config, refuse, drain=True, backoff=Backoff(first=3600, ceiling=3600))
    assert scrypath.failed_sync_work("Product", config=config)["work_id"].to_list() == [work_id]
    (open_one,) = scrypath.failure_history(config=config).to_dicts()
    assert (open_one["state"], open_one["healed"]) == ("retrying", False)
    scrypath.retry_sync_work(work_id, config=config)
    oban_shop.drain()
    assert oban_shop.jobs()["state"].to_list() == ["completed"]
    (healed,) = scrypath.failure_history(config=config).to_dicts()
    assert (healed["work_id"], healed["healed"], healed["superseded_by"]) == (work_id, True, work_id)
    assert healed["retryable"] is False
