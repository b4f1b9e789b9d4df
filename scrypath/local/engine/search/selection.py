"""From a filter to the documents it selects."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, assert_never

from scrypath.local.engine.search.docids import Docids, everything, listed
from scrypath.local.engine.search.fields import Filterable
from scrypath.local.engine.search.nodes import (
    And,
    Condition,
    FilterError,
    Foreign,
    Geo,
    In,
    Node,
    Not,
    Or,
    Token,
    Vectors,
)
from scrypath.local.engine.search.places import Places
from scrypath.local.engine.search.values import Mark, finite, normal_facet

COMPARISONS: Final = {">", ">=", "<", "<=", "TO"}


@dataclass
class Selection:
    """Finds the documents that filters select.

    Parameters
    ----------
    conn
        Database of the index.
    filterable
        What may be filtered on.
    fids
        Numbers of the fields.
    """

    conn: sqlite3.Connection
    filterable: Filterable
    fids: Mapping[str, int]

    @cached_property
    def everything(self) -> Docids:
        """All documents of the index."""
        return everything(self.conn)

    def select(self, node: Node) -> Docids:
        """Return the documents that a filter selects, as a set of the caller's own.

        Raises
        ------
        FilterError
            The settings do not allow an operator, or a place is none.
        """
        match node:
            case Not():
                return self.everything - self.select(node.inner)
            case And():
                return self._all_of(node)
            case Or():
                return self._any_of(node)
            case In():
                return self._one_of(node)
            case Condition():
                return self._condition(node)
            case Geo():
                return set(Places(self.conn, self.filterable, self.fids).within(node))
            case Vectors() | Foreign():
                return set()
            case _:
                assert_never(node)

    def _any_of(self, node: Or) -> Docids:
        found: Docids = set()
        for part in grouped(node.parts):
            found |= self.select(part)
        return found

    def _all_of(self, node: And) -> Docids:
        found = self.select(node.parts[0])
        for part in node.parts[1:]:
            if not found:
                # like the server, which does not look at the rest once nothing is left
                break
            unwanted = self._opposite(part)
            if unwanted is None:
                found &= self.select(part)
            else:
                found -= self.select(unwanted)
        return found

    def _opposite(self, node: Node) -> Node | None:
        """Return what selects exactly the other documents and is quicker to find, None if nothing is."""
        match node:
            case Not():
                return node.inner
            case Condition(operator="!=") if node.field.text in self.fids:
                return Condition(node.field, "=", node.values)
            case _:
                return None

    def _one_of(self, node: In) -> Docids:
        fid = self.fids.get(node.field.text)
        if fid is None or not node.values:
            return set()
        self._allowed(node.field, "=")
        numbers = [number for value in node.values if (number := finite(value.text)) is not None]
        texts = [normal_facet(value.text) for value in node.values]
        one_of = "fid = ? AND value IN (SELECT value FROM json_each(?))"
        found = self._listed("strings", one_of, fid, json.dumps(texts))
        found.update(self._listed("numbers", one_of, fid, json.dumps(numbers)))
        return found

    def _condition(self, node: Condition) -> Docids:
        fid = self.fids.get(node.field.text)
        if fid is None:
            return set()
        self._allowed(node.field, node.operator)
        match node.operator:
            case "=":
                return self._equal(fid, node.values[0])
            case "!=":
                return self.everything - self._equal(fid, node.values[0])
            case "IS NULL":
                return self._listed("marks", "fid = ? AND mark = ?", fid, int(Mark.NULL))
            case "IS EMPTY":
                return self._listed("marks", "fid = ? AND mark = ?", fid, int(Mark.EMPTY))
            case "EXISTS":
                return self._exists(fid)
            case "STARTS WITH":
                return self._starts(fid, normal_facet(node.values[0].text))
            case _:
                return self._compared(fid, node)

    def _listed(self, table: str, condition: str, *parameters: Any) -> Docids:
        return set(listed(self.conn, f"facet_{table} WHERE {condition}", parameters))

    def _equal(self, fid: int, value: Token) -> Docids:
        found = self._listed("strings", "fid = ? AND value = ?", fid, normal_facet(value.text))
        number = finite(value.text)
        if number is not None:
            found |= self._listed("numbers", "fid = ? AND value = ?", fid, number)
        return found

    def _exists(self, fid: int) -> Docids:
        tables = ("strings", "numbers", "marks")
        return set().union(*(self._listed(table, "fid = ?", fid) for table in tables))

    def _starts(self, fid: int, prefix: str) -> Docids:
        if not prefix:
            return self._exists(fid)
        return self._listed(
            "strings", "fid = ? AND value >= ? AND value < ?", fid, prefix, prefix + "\U0010ffff"
        )

    def _compared(self, fid: int, node: Condition) -> Docids:
        operators = (">=", "<=") if node.operator == "TO" else (node.operator,)
        bounds = [value.text for value in node.values]
        condition = " AND ".join(["fid = ?", *(f"value {operator} ?" for operator in operators)])
        found = self._listed("strings", condition, fid, *map(normal_facet, bounds))
        numbers = [finite(bound) for bound in bounds]
        if None not in numbers:
            found |= self._listed("numbers", condition, fid, *numbers)
        return found

    def _allowed(self, token: Token, operator: str) -> None:
        rule = self.filterable.rule(token.text)
        if rule is None:
            return
        if operator in COMPARISONS:
            fine, missing = rule.comparison, "comparison"
        elif operator in {"=", "!="}:
            fine, missing = rule.equality, "equality"
        else:
            return
        if fine:
            return
        listed = ["OR", "AND", "NOT"]
        listed += ["=", "!=", "IN"] if rule.equality else []
        listed += ["<", ">", "<=", ">=", "TO"] if rule.comparison else []
        listed += ["IS EMPTY", "IS NULL", "EXISTS"]
        raise FilterError(
            f"Filter operator `{operator}` is not allowed for the attribute `{token.text}`.\n"
            f"  - Note: allowed operators: {', '.join(listed)}.\n"
            f"  - Note: field `{token.text}` matched rule #{rule.number} in `filterableAttributes`\n"
            f"  - Hint: enable {missing} in rule #{rule.number} by modifying the features.filter object\n"
            f"  - Hint: prepend another rule matching `{token.text}` with appropriate filter features"
            f" before rule #{rule.number}",
            "invalid_search_filter",
        )


def grouped(parts: Iterable[Node]) -> tuple[Node, ...]:
    """Return alternatives with those that ask one field for a value made one: ``a = 1 OR a = 2``."""
    found: list[Node] = []
    values: dict[str, list[Token]] = {}
    fields: dict[str, Token] = {}
    for part in parts:
        if isinstance(part, Condition) and part.operator == "=":
            fields.setdefault(part.field.text, part.field)
            values.setdefault(part.field.text, []).append(part.values[0])
        else:
            found.append(part)
    return (*found, *(In(fields[name], tuple(asked)) for name, asked in values.items()))
