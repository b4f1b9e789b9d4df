"""From a filter to the SQL that selects its documents."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import batched
from typing import Any, Final, assert_never

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
from scrypath.local.engine.search.values import finite, normal_facet

COMPARISONS: Final = {">", ">=", "<", "<=", "TO"}
MAX_PARTS: Final = 400
"""Conditions joined in one statement: SQLite limits how many, and how deep."""


@dataclass
class Selection:
    """A filter on its way to SQL.

    Parameters
    ----------
    conn
        Database of the index.
    filterable
        What may be filtered on.
    fids
        Numbers of the fields.
    parameters
        Parameters of the conditions written so far.
    """

    conn: sqlite3.Connection
    filterable: Filterable
    fids: Mapping[str, int]
    parameters: list[Any] = field(default_factory=list)

    def where(self, node: Node) -> str:
        """Return the condition on ``docid`` that a filter stands for."""
        match node:
            case Not():
                return f"NOT ({self.where(node.inner)})"
            case And():
                return self._all_of(node)
            case Or():
                return self._any_of(node)
            case In():
                return self._one_of(node)
            case Condition():
                return self._condition(node)
            case Geo():
                return self._ids(Places(self.conn, self.filterable, self.fids).within(node))
            case Vectors() | Foreign():
                return "0"
            case _:
                assert_never(node)

    def _any_of(self, node: Or) -> str:
        parts = grouped(node.parts)
        if len(parts) <= MAX_PARTS:
            return joined("OR", [self.where(part) for part in parts])
        found: set[int] = set()
        for few in batched(parts, MAX_PARTS):
            found |= self._selected(Or(few))
        return self._ids(sorted(found))

    def _all_of(self, node: And) -> str:
        if len(node.parts) > MAX_PARTS:
            left: set[int] | None = None
            for few in batched(node.parts, MAX_PARTS):
                found = self._selected(And(few))
                left = found if left is None else left & found
            return self._ids(sorted(left or ()))
        start = len(self.parameters)
        done: list[str] = []
        for part in node.parts:
            before = len(self.parameters)
            try:
                done.append(self.where(part))
            except FilterError:
                # like the server, which does not look at the rest once nothing is left
                del self.parameters[before:]
                if not done or self._selects(joined("AND", done), self.parameters[start:]):
                    raise
                del self.parameters[start:]
                return "0"
        return joined("AND", done)

    def _selected(self, node: Node) -> set[int]:
        part = Selection(self.conn, self.filterable, self.fids)
        where = part.where(node)
        rows = self.conn.execute(f"SELECT docid FROM documents WHERE {where}", part.parameters)
        return {docid for (docid,) in rows}

    def _selects(self, where: str, parameters: list[Any]) -> bool:
        query = f"SELECT EXISTS (SELECT 1 FROM documents WHERE {where})"
        (found,) = self.conn.execute(query, parameters).fetchone()
        return bool(found)

    def _ids(self, docids: list[int]) -> str:
        self.parameters.append(json.dumps(docids))
        return "docid IN (SELECT value FROM json_each(?))"

    def _one_of(self, node: In) -> str:
        fid = self.fids.get(node.field.text)
        if fid is None or not node.values:
            return "0"
        self._allowed(node.field, "=")
        numbers = [number for value in node.values if (number := finite(value.text)) is not None]
        texts = [normal_facet(value.text) for value in node.values]
        self.parameters += [fid, json.dumps(texts), fid, json.dumps(numbers)]
        return (
            "docid IN (SELECT docid FROM facet_strings WHERE fid = ?"
            " AND value IN (SELECT value FROM json_each(?))"
            " UNION ALL SELECT docid FROM facet_numbers WHERE fid = ?"
            " AND value IN (SELECT value FROM json_each(?)))"
        )

    def _condition(self, node: Condition) -> str:
        fid = self.fids.get(node.field.text)
        if fid is None:
            return "0"
        self._allowed(node.field, node.operator)
        match node.operator:
            case "=":
                return self._equal(fid, node.values[0])
            case "!=":
                return f"NOT ({self._equal(fid, node.values[0])})"
            case "IS NULL":
                return self._marked(fid, 1)
            case "IS EMPTY":
                return self._marked(fid, 2)
            case "EXISTS":
                return self._exists(fid)
            case "STARTS WITH":
                return self._starts(fid, normal_facet(node.values[0].text))
            case _:
                return self._compared(fid, node)

    def _equal(self, fid: int, value: Token) -> str:
        self.parameters += [fid, normal_facet(value.text)]
        found = "SELECT docid FROM facet_strings WHERE fid = ? AND value = ?"
        number = finite(value.text)
        if number is not None:
            self.parameters += [fid, number]
            found += " UNION ALL SELECT docid FROM facet_numbers WHERE fid = ? AND value = ?"
        return f"docid IN ({found})"

    def _marked(self, fid: int, mark: int) -> str:
        self.parameters += [fid, mark]
        return "docid IN (SELECT docid FROM facet_marks WHERE fid = ? AND mark = ?)"

    def _exists(self, fid: int) -> str:
        self.parameters += [fid, fid, fid]
        return (
            "docid IN (SELECT docid FROM facet_strings WHERE fid = ?"
            " UNION ALL SELECT docid FROM facet_numbers WHERE fid = ?"
            " UNION ALL SELECT docid FROM facet_marks WHERE fid = ?)"
        )

    def _starts(self, fid: int, prefix: str) -> str:
        if not prefix:
            return self._exists(fid)
        self.parameters += [fid, prefix, prefix + "\U0010ffff"]
        return "docid IN (SELECT docid FROM facet_strings WHERE fid = ? AND value >= ? AND value < ?)"

    def _compared(self, fid: int, node: Condition) -> str:
        if node.operator == "TO":
            bounds = [(">=", node.values[0].text), ("<=", node.values[1].text)]
        else:
            bounds = [(node.operator, node.values[0].text)]
        found = "SELECT docid FROM facet_strings WHERE fid = ?"
        self.parameters.append(fid)
        for operator, value in bounds:
            found += f" AND value {operator} ?"
            self.parameters.append(normal_facet(value))
        numbers = [(operator, finite(value)) for operator, value in bounds]
        if all(number is not None for _, number in numbers):
            found += " UNION ALL SELECT docid FROM facet_numbers WHERE fid = ?"
            self.parameters.append(fid)
            for operator, number in numbers:
                found += f" AND value {operator} ?"
                self.parameters.append(number)
        return f"docid IN ({found})"

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
            f" before rule #{rule.number}"
        )


def joined(word: str, conditions: list[str]) -> str:
    """Return conditions joined by a word, as a balanced tree."""
    if len(conditions) == 1:
        return conditions[0]
    half = len(conditions) // 2
    return f"({joined(word, conditions[:half])} {word} {joined(word, conditions[half:])})"


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
