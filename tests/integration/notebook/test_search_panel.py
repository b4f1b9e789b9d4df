"""The search panel: from cells and by its widgets, on real parts, also where something is wrong."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

import scrypath
from scrypath.config import Config
from scrypath.errors import ConfigError, InvalidOptions
from scrypath.notebook import SearchPanel
from scrypath.source.engine import engine
from tests.support.articles import tenanted
from tests.support.shop import Product

pytestmark = pytest.mark.integration


@pytest.fixture
def shop(config: Config) -> Config:
    """Twenty-five products, one of them gone, one changed, behind the kit's back."""
    with engine(config).begin() as connection:
        rows = [{"id": n, "name": f"Lamp {n}", "price": n, "brand_id": n % 3} for n in range(1, 26)]
        connection.execute(sa.insert(Product), rows)
    scrypath.backfill("Product", config=config)
    with engine(config).begin() as connection:
        connection.execute(sa.text("DELETE FROM products WHERE id = 2"))
        connection.execute(sa.text("UPDATE products SET name = 'Lamp <three>' WHERE id = 3"))
    return config


def view_of(panel: SearchPanel) -> Any:
    panel.view()
    return panel._view


def test_from_cells(shop: Config) -> None:
    panel = SearchPanel("Product", config=shop)
    assert "not searched yet" in repr(panel)
    found = panel.search("lamp", sort="price:asc")
    assert (found.total, found.missing_ids, found.stale_ids) == (25, ("2",), ("3",))
    shown = panel._repr_html_()
    assert "row is gone" in shown
    assert "name: &quot;Lamp &lt;three&gt;&quot; in the database" in shown
    assert "<three>" not in shown
    assert panel.choose("brand_id", "1").total == 9
    assert panel.counts("brand_id") == [("1", 9), ("0", 8), ("2", 8)]
    assert panel.search(page=1).total == 9
    why = panel.explain(3)
    assert why.found is False
    assert "facet_filter brand_id" in panel._repr_html_()
    assert panel.choose("brand_id").total == 25


def test_by_its_widgets(shop: Config) -> None:
    panel = SearchPanel("Product", config=shop)
    view = view_of(panel)
    assert "10 of 25 hits, page 1 of 3" in view.content.value
    assert (view.previous.disabled, view.next.disabled) == (True, False)
    view.next.click()
    view.next.click()
    assert (view.previous.disabled, view.next.disabled) == (False, True)
    assert "page 3 of 3" in view.content.value
    view.text.value = "lamp 7"
    assert panel.text == "lamp 7"
    assert panel.page == 1
    view.text.value = "lamp"
    view.boxes["brand_id", "1"].value = True
    assert panel.result is not None
    assert panel.result.total == 9
    view.boxes["brand_id", "2"].value = True
    assert panel.result.total == 17
    view.boxes["brand_id", "1"].value = False
    assert panel.result.total == 8
    assert view.boxes["brand_id", "2"].value
    view.order.value = "price:desc"
    assert panel.result.ids[0] == "23"
    view.document.value = "1"
    view.ask.click()
    assert "is not found" in view.answer.value
    view.find.click()
    assert view.answer.value == ""


def test_what_goes_wrong_is_shown_and_what_was_found_stays(shop: Config) -> None:
    panel = SearchPanel("Product", config=shop)
    view = view_of(panel)
    view.document.value = "a b"
    view.ask.click()
    assert "Meilisearch refuses" in view.content.value
    assert "10 of 25 hits" in view.content.value
    with pytest.raises(InvalidOptions, match="no facet 'colour'"):
        panel.choose("colour", "red")
    with pytest.raises(InvalidOptions, match="sort is 'name:asc'"):
        panel.search(sort="name:asc")
    with pytest.raises(InvalidOptions, match="begins after hit"):
        panel.search(page=200)
    assert (panel.page, panel.text) == (1, "")
    lost = SearchPanel("Product", config=replace(shop, index_prefix="nowhere"))
    assert "not found" in lost._repr_html_()
    assert "not found" in view_of(lost).content.value


def test_rows_that_cannot_be_read_are_not_called_fine(shop: Config) -> None:
    panel = SearchPanel("Product", config=replace(shop, database_url="postgresql://nobody@127.0.0.1:9/none"))
    assert panel.search("lamp").total == 25
    shown = panel._repr_html_()
    assert "The rows were not read" in shown
    assert "in step" not in shown


def test_a_tenant_is_part_of_the_panel(config: Config) -> None:
    schema = tenanted()
    with pytest.raises(InvalidOptions, match="needs a filter by its tenant"):
        SearchPanel(schema, config=config).search()
    assert SearchPanel(schema, filter={"tenant": "acme"}, config=config).request.tenants() == {"acme"}


def test_without_ipywidgets_it_still_searches(shop: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    panel = SearchPanel("Product", config=shop)
    assert set(panel._repr_mimebundle_()) == {"text/html", "text/plain"}
    with pytest.raises(ConfigError, match="ipywidgets"):
        panel.view()
