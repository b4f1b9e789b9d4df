from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from scrypath import telemetry
from scrypath.telemetry import span


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(telemetry, "_tracer", lambda: provider.get_tracer("scrypath"))
    yield exporter
    provider.shutdown()


def test_a_span_has_its_name_and_its_few_attributes(exported: InMemorySpanExporter) -> None:
    with span("scrypath.sync.upsert", schema="City", sync_mode="inline"):
        pass
    (found,) = exported.get_finished_spans()
    assert found.name == "scrypath.sync.upsert"
    assert dict(found.attributes or {}) == {"scrypath.schema": "City", "scrypath.sync_mode": "inline"}


def test_an_error_passes_through_and_marks_the_span(exported: InMemorySpanExporter) -> None:
    with pytest.raises(KeyError), span("scrypath.search"):
        raise KeyError("x")
    (found,) = exported.get_finished_spans()
    assert not found.status.is_ok


def test_a_high_cardinality_attribute_is_refused() -> None:
    with pytest.raises(ValueError, match="document_id"), span("scrypath.search", document_id="7"):
        pass


def test_a_span_outside_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'scrypath\.query' is no span"), span("scrypath.query"):
        pass


def test_the_table_names_each_span_once_and_only_attributes_that_are_explained() -> None:
    names = [kind.name for kind in telemetry.SPANS]
    assert len(set(names)) == len(names)
    assert {name for kind in telemetry.SPANS for name in kind.attributes} == set(telemetry.ATTRIBUTES)


def test_nothing_is_needed_and_nothing_is_configured() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; sys.modules['opentelemetry'] = None\n"
            "from scrypath.telemetry import span\n"
            "with span('scrypath.search', schema='City'): print('ran')",
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "ran\n"
