"""A search page for operators: what a user sees, beside what the database says. It reads, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import polars as pl

import scrypath
from scrypath.config import Config, resolve
from scrypath.database import engine
from scrypath.errors import DatabaseError, InvalidOptions, ScrypathError
from scrypath.frames import FIELD_DIFFERENCES
from scrypath.notebook import html, search_html, widgets
from scrypath.notebook.html import Tone
from scrypath.query.filters import GEO
from scrypath.query.hydration import hydrate
from scrypath.query.request import SearchRequest
from scrypath.query.typed_text import typed
from scrypath.schema import registry

SIZE = 10  # hits of a page
MOST_VALUES = 12  # of a facet that have a box
RELEVANCE = "relevance"


class SearchPanel:
    """Search a schema as a user does, and see each hit beside its row; stale and missing ones are marked.

    Parameters
    ----------
    schema
        Registered name, model or schema.
    filter
        As of :func:`scrypath.search`, for every search of the panel; a schema with a tenant field needs one.
    size
        Hits of a page.
    config
        Used instead of the configured one.

    Examples
    --------
    >>> import scrypath
    >>> from scrypath.notebook import SearchPanel
    >>> panel = SearchPanel("Product")
    >>> panel.search("lamp").ids
    ('1',)
    >>> panel.explain(2).found
    False
    """

    def __init__(
        self,
        schema: Any,
        *,
        filter: Mapping[str, Any] | None = None,  # noqa: A002 - the field's standard term
        size: int = SIZE,
        config: Config | None = None,
    ) -> None:
        self.schema = registry.find(schema)
        self.filter = filter or {}
        self.size = size
        self.config = config
        self.text = ""
        self.sort = RELEVANCE
        self.page = 1
        self.chosen: dict[str, tuple[str, ...]] = {}
        self.result: scrypath.SearchResult | None = None
        self.explanation: scrypath.SearchExplanation | None = None
        self.problem = ""
        self._differences = FIELD_DIFFERENCES.empty()
        self._rows_read = False
        self._view: Any = None

    @property
    def request(self) -> SearchRequest:
        """What the panel searches for."""
        chosen = {
            facet: [typed(self.schema, facet, "eq", value) for value in values]
            for facet, values in self.chosen.items()
            if values
        }
        return SearchRequest(
            self.schema,
            self.text,
            self.filter,
            chosen,
            facets=self.schema.faceting.attributes,
            sort=() if self.sort == RELEVANCE else (self.sort,),
            page=self.page,
            size=self.size,
        )

    @property
    def orders(self) -> tuple[str, ...]:
        """What hits can be sorted by."""
        fields = [name for name in self.schema.sortable if name != GEO]
        return (RELEVANCE, *(f"{name}:{direction}" for name in fields for direction in ("asc", "desc")))

    def search(
        self, text: str | None = None, *, sort: str | None = None, page: int | None = None
    ) -> scrypath.SearchResult:
        """Search, read the rows of the hits, and compare.

        Parameters
        ----------
        text, sort, page
            What changes; default: as it was.

        Raises
        ------
        InvalidOptions, IndexNotFound, TransportError
            As of :func:`scrypath.search`. Rows that cannot be read are marked as not read.
        """
        if sort is not None and sort not in self.orders:
            raise InvalidOptions(f"sort is {sort!r}.", hint=f"Known: {', '.join(self.orders)}.")
        return self._searched(
            text=self.text if text is None else text,
            sort=self.sort if sort is None else sort,
            page=page if page is not None else 1 if (text, sort) != (None, None) else self.page,
        )

    def choose(self, facet: str, *values: str) -> scrypath.SearchResult:
        """Choose these values of a facet, and no others of it; search from the first page."""
        if facet not in self.schema.faceting.attributes:
            raise InvalidOptions(
                f"{self.schema.name} has no facet {facet!r}.",
                hint=f"Known: {self.schema.faceting.attributes}.",
            )
        return self._searched(page=1, chosen=self.chosen | {facet: tuple(str(value) for value in values)})

    def explain(self, document_id: Any) -> scrypath.SearchExplanation:
        """Why what the panel searches for finds a document, or does not."""
        self.explanation = scrypath.explain_search(self.request, document_id, config=self.config)
        return self.explanation

    def view(self) -> Any:
        """The panel as a widget; the same one on every call.

        Raises
        ------
        ConfigError
            When ipywidgets is not installed.
        """
        if self._view is None:
            self._view = SearchView(self)
        return self._view.box

    def result_html(self) -> str:
        """What was found last, as HTML."""
        if self.result is None:
            return html.line("Nothing was searched for yet.", quiet=True)
        notes = html.note(f"The rows were not read: {self.problem}", Tone.UNSURE) if self.problem else ""
        if self.result.cut_facets:
            notes += html.line(
                f"These facets may have more values: {', '.join(self.result.cut_facets)}.", quiet=True
            )
        return notes + search_html.result(self.result, self._differences, read=self._rows_read)

    def explanation_html(self) -> str:
        """Why a document is found or not, as HTML; empty where that was not asked."""
        return "" if self.explanation is None else search_html.explanation(self.explanation)

    def counts(self, facet: str) -> list[tuple[str, int]]:
        """Values of a facet with their counts, what is chosen first."""
        if self.result is None:
            return []
        counted = dict(
            self.result.facets.filter(pl.col("facet") == facet).select("value", "count").iter_rows()
        )
        chosen = self.chosen.get(facet, ())
        return [(value, counted.get(value, 0)) for value in dict.fromkeys([*chosen, *counted])]

    def _searched(self, **changed: Any) -> scrypath.SearchResult:
        before = {name: getattr(self, name) for name in changed}
        vars(self).update(changed)
        try:
            found = scrypath.search(self.request, config=self.config)
        except ScrypathError:
            vars(self).update(before)  # what was searched for last is what is shown
            raise
        self.explanation = None
        self.result = self._with_rows(found)
        return self.result

    def _with_rows(self, found: scrypath.SearchResult) -> scrypath.SearchResult:
        from sqlalchemy.orm import Session

        self._differences, self._rows_read, self.problem = FIELD_DIFFERENCES.empty(), False, ""
        config = resolve(self.config)
        try:
            with Session(engine(config)) as session:
                found = hydrate(found, session, check=True, config=config)
            if found.stale_ids:
                self._differences = scrypath.explain(self.schema, found.stale_ids, config=config)
        except DatabaseError as error:
            self.problem = error.message
        else:
            self._rows_read = True
        return found

    def __repr__(self) -> str:
        return (
            f"SearchPanel({self.result.headline if self.result else f'{self.schema.name}; not searched yet'})"
        )

    def _repr_html_(self) -> str:
        if self.result is None:
            try:
                self.search()
            except ScrypathError as error:
                return html.panel(html.note(error.message, Tone.WRONG, hint=error.hint))
        return html.panel(self.result_html(), self.explanation_html())

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        shown: dict[str, Any] = self.view()._repr_mimebundle_() if widgets.available() else {}
        return shown | {"text/html": self._repr_html_(), "text/plain": repr(self)}


class SearchView:
    """The widgets of a search panel: a box, facets with counts, an order, pages, and a question.

    Parameters
    ----------
    panel
        What searches.

    Raises
    ------
    ConfigError
        When ipywidgets is not installed.
    """

    def __init__(self, panel: SearchPanel) -> None:
        kit = self.kit = widgets.toolkit("call search() and explain()")
        self.panel = panel
        self.content, self.answer, self.facets = kit.HTML(), kit.HTML(), kit.VBox([])
        self.text = kit.Text(placeholder="Search", continuous_update=False)
        self.order = kit.Dropdown(options=panel.orders, description="Order")
        self.find = self._button("Search", "search", self._search)
        self.previous = self._button("Previous", "chevron-left", partial(self._turn, -1))
        self.next = self._button("Next", "chevron-right", partial(self._turn, 1))
        self.document = kit.Text(placeholder="Document id", continuous_update=False)
        self.ask = self._button("Why is it (not) found?", "question", self._explain)
        self.boxes: dict[tuple[str, str], Any] = {}
        self._busy = False
        self._show(self._attempt(panel.search if panel.result is None else None))
        self.text.observe(self._typed, names="value")
        self.order.observe(self._typed, names="value")
        bar = kit.HBox([self.text, self.find, self.order])
        pages = kit.HBox([self.previous, self.next])
        why = kit.HBox([self.document, self.ask])
        hits = kit.VBox([self.content, pages, why, self.answer], layout={"min_width": "0"})
        self.box = kit.VBox([bar, kit.HBox([self.facets, hits])], layout=widgets.FRAME)
        self.box.add_class("scrypath-search-panel")

    def _button(self, description: str, icon: str, act: Callable[[], None]) -> Any:
        button = self.kit.Button(description=description, icon=icon, layout={"width": "auto"})
        widgets.on_click(button, partial(self._enable, on=False), act, self._show)
        return button

    def _typed(self, _: Any) -> None:
        if not self._busy:
            self._show(self._attempt(self._search))

    def _toggled(self, facet: str, _: Any) -> None:
        if not self._busy:
            values = [value for (name, value), box in self.boxes.items() if name == facet and box.value]
            self._show(self._attempt(partial(self.panel.choose, facet, *values)))

    def _search(self) -> None:
        self.panel.search(self.text.value, sort=self.order.value)

    def _turn(self, by: int) -> None:
        self.panel.search(page=self.panel.page + by)

    def _explain(self) -> None:
        if self.document.value.strip():
            self.panel.explain(self.document.value.strip())

    def _attempt(self, act: Callable[[], object] | None) -> str:
        try:
            if act is not None:
                act()
        except ScrypathError as error:
            return html.note(error.message, Tone.WRONG, hint=error.hint)
        return ""

    def _enable(self, *, on: bool) -> None:
        found = self.panel.result
        for button in (self.find, self.ask):
            button.disabled = not on
        self.previous.disabled = not on or self.panel.page <= 1
        self.next.disabled = not on or found is None or self.panel.page >= found.pages

    def _show(self, wrong: str) -> None:
        self.content.value = html.panel(wrong, self.panel.result_html())
        self.answer.value = html.panel(self.panel.explanation_html())
        self._busy = True  # a new box is not one that somebody ticked
        try:
            self._show_facets()
            self._enable(on=True)
        finally:
            self._busy = False

    def _show_facets(self) -> None:
        self.boxes = {}
        groups: list[Any] = []
        for facet in self.panel.schema.faceting.attributes:
            counted = self.panel.counts(facet)
            groups.append(self.kit.HTML(html.panel(html.heading(facet))))
            for value, count in counted[:MOST_VALUES]:
                box = self.kit.Checkbox(
                    value=value in self.panel.chosen.get(facet, ()),
                    description=f"{value} ({count:,})",
                    indent=False,
                )
                box.observe(partial(self._toggled, facet), names="value")
                self.boxes[facet, value] = box
                groups.append(box)
            if len(counted) > MOST_VALUES:
                groups.append(
                    self.kit.HTML(html.panel(html.line(f"{len(counted) - MOST_VALUES} more", quiet=True)))
                )
        self.facets.children = groups
