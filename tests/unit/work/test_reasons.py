from __future__ import annotations

import polars as pl
import pytest

from scrypath.frames import WORK
from scrypath.work.frame import EVIDENCE
from scrypath.work.reasons import reason_class

CASES = [
    ({"error_type": "auth", "error_code": "invalid_api_key"}, "transport"),
    ({"error_type": "invalid_request", "error_code": "invalid_document_id"}, "validation"),
    ({"error_type": "invalid_request", "error_code": "vector_embedding_error"}, "transport"),
    ({"error_type": "invalid_request", "error_code": "index_not_found"}, "backend_rejected"),
    ({"error_type": "internal", "error_code": "internal"}, "backend_rejected"),
    ({"error_type": "system", "error_code": "no_space_left_on_device"}, "backend_rejected"),
    ({"source": "oban", "exception": "TransportError", "error": "refused"}, "transport"),
    ({"source": "oban", "exception": "ProjectionError", "error": "no field"}, "validation"),
    (
        {"source": "oban", "exception": "TaskFailed", "error": "x", "error_type": "invalid_request"},
        "validation",
    ),
    ({"source": "oban", "exception": "TaskFailed", "error": "x"}, "backend_rejected"),
    ({"source": "oban", "malformed": "index is missing"}, "validation"),
    ({"source": "oban"}, "queue_exhausted"),
    ({"source": "oban", "exception": "SomethingElse", "error": "connection refused"}, "transport"),
    ({"source": "oban", "exception": "SomethingElse", "error": "boom"}, "unknown"),
    ({"source": "meilisearch", "error_type": "of_the_future", "error": "boom"}, "unknown"),
    ({"source": "meilisearch"}, "unknown"),
]


@pytest.mark.parametrize(("row", "expected"), CASES, ids=lambda item: str(item)[:60])
def test_the_class_comes_from_the_structured_error_first(row: dict[str, str], expected: str) -> None:
    schema = {**WORK.polars, **EVIDENCE}
    frame = pl.DataFrame([{"source": "meilisearch", **row}], schema=schema)
    assert frame.select(reason_class()).item() == expected
