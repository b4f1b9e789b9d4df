"""The filter language: from text to a tree, with Meilisearch's messages."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from scrypath.local.engine.search.nodes import And, Condition, Foreign, In, Node, Not, Or, Token, Vectors
from scrypath.local.engine.search.scanner import Mismatch, Scanner, shown

MAX_DEPTH: Final = 150
OPERATIONS: Final = (
    "`=`, `!=`, `>=`, `>`, `<=`, `<`, `IN`, `NOT IN`, `TO`, `EXISTS`, `NOT EXISTS`, `IS NULL`,"
    " `IS NOT NULL`, `IS EMPTY`, `IS NOT EMPTY`, `CONTAINS`, `NOT CONTAINS`, `STARTS WITH`,"
    " `NOT STARTS WITH`, `_geoRadius`, `_geoBoundingBox` or `_geoPolygon`"
)
TOO_DEEP: Final = (
    "The filter exceeded the maximum depth limit. Try rewriting the filter so that it contains"
    " fewer nested conditions."
)
OPERATOR: Final = re.compile(r"<=|>=|!=|<|>|=")


def parse_text(source: str) -> Node | None:
    """Return the tree of one filter expression, None when it is blank.

    Raises
    ------
    FilterError
        The text is not a filter; the message says what was expected and where.

    Examples
    --------
    >>> parse_text("price > 3").operator
    '>'
    """
    if not source.strip():
        return None
    parser = _Parser(source)
    try:
        node, rest = parser.either(0, 0)
        if rest < len(source):
            parser.fail(
                f"Found unexpected characters at the end of the filter: `{shown(source[rest:])}`."
                " You probably forgot an `OR` or an `AND` rule.",
                rest,
            )
    except Mismatch as mismatch:
        parser.fail(mismatch.message, mismatch.start, mismatch.end)
    return node


class _Parser(Scanner):
    def deep(self, at: int, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise Mismatch(TOO_DEEP, at, self.size)

    def either(self, at: int, depth: int) -> tuple[Node, int]:
        parts, at = self.chain("OR", self.both, at, depth)
        return (parts[0] if len(parts) == 1 else Or(tuple(parts))), at

    def both(self, at: int, depth: int) -> tuple[Node, int]:
        parts, at = self.chain("AND", self.negated, at, depth)
        return (parts[0] if len(parts) == 1 else And(tuple(parts))), at

    def chain(
        self, word: str, inner: Callable[[int, int], tuple[Node, int]], at: int, depth: int
    ) -> tuple[list[Node], int]:
        self.deep(at, depth)
        first, at = inner(at, depth + 1)
        parts = [first]
        while (end := self.exact(word, self.space(at))) is not None:
            node, at = self.must(inner, self.space(end), depth + 1)
            parts.append(node)
        return parts, at

    def must(self, rule: Callable[[int, int], tuple[Node, int]], at: int, depth: int) -> tuple[Node, int]:
        try:
            return rule(at, depth)
        except Mismatch as mismatch:
            self.fail(mismatch.message, mismatch.start, mismatch.end)

    def negated(self, at: int, depth: int) -> tuple[Node, int]:
        self.deep(at, depth)
        end = self.exact("NOT", self.space(at))
        if end is not None:
            node, at = self.must(self.negated, self.space(end), depth + 1)
            return (node.inner if isinstance(node, Not) else Not(node)), at
        return self.primary(at, depth + 1)

    def primary(self, at: int, depth: int) -> tuple[Node, int]:
        self.deep(at, depth)
        opened = self.space(at)
        if self.source.startswith("(", opened):
            node, rest = self.must(self.either, self.space(opened + 1), depth + 1)
            closing = self.space(rest)
            if not self.source.startswith(")", closing):
                self.fail(
                    f"Expression `{shown(self.source[at:])}` is missing the following closing delimiter: `)`.",
                    at,
                )
            return node, self.space(closing + 1)
        place = self.place(at)
        if place is not None:
            return place
        try:
            field, rest = self.value(at)
        except Mismatch as mismatch:
            if mismatch.reserved:
                self.fail(mismatch.message, mismatch.start, mismatch.end)
        else:
            found = self.operation(field, rest)
            if found is not None:
                return found
        elsewhere = self.foreign(at, depth)
        if elsewhere is not None:
            return elsewhere
        text = self.source[at:]
        said = f"at `{shown(text)}`." if text.strip() else "but instead got nothing."
        raise Mismatch(f"Was expecting an operation {OPERATIONS} {said}", at, self.size)

    def operation(self, field: Token, at: int) -> tuple[Node, int] | None:
        end = self.exact("IN", at)
        if end is not None:
            values, rest = self.listed(self.space(end))
            return In(field, values), rest
        end = self.exact("NOT", at)
        inner = None if end is None else self.exact("IN", self.space(end))
        if inner is not None:
            values, rest = self.listed(self.space(inner))
            return Not(In(field, values)), rest
        match = OPERATOR.match(self.source, at)
        if match:
            value, rest = self.needed(match.end())
            return Condition(field, match.group(), (value,)), rest
        for pattern, operator, negative, valued in WORDED:
            match = pattern.match(self.source, at)
            if match is None:
                continue
            rest = match.end()
            node: Node
            if valued:
                word = Token(match.group(1), match.start(1), match.end(1), self.source)
                value, rest = self.needed(rest)
                node = Condition(field, operator, (value,), word)
            elif field.text == "_vectors" or field.text.startswith("_vectors."):
                if operator != "EXISTS":
                    continue
                node = Vectors(field)
            else:
                node = Condition(field, operator)
            return (Not(node) if negative else node), rest
        return self.between(field, at)

    def between(self, field: Token, at: int) -> tuple[Node, int] | None:
        try:
            low, rest = self.value(at)
        except Mismatch:
            return None
        match = re.compile(r"TO[ \t\r\n]+").match(self.source, rest)
        if match is None:
            return None
        high, rest = self.needed(match.end())
        return Condition(field, "TO", (low, high)), rest

    def listed(self, at: int) -> tuple[tuple[Token, ...], int]:
        if not self.source.startswith("[", at):
            self.fail("Expected `[` after `IN` keyword.", at)
        at += 1
        values: list[Token] = []
        while True:
            before = at
            if values:
                comma = self.space(at)
                if not self.source.startswith(",", comma):
                    break
                at = self.space(comma + 1)
            try:
                value, at = self.value(at)
            except Mismatch:
                at = before
                break
            values.append(value)
        comma = self.space(at)
        if values and self.source.startswith(",", comma):
            at = self.space(comma + 1)
        closing = self.space(at)
        if not self.source.startswith("]", closing):
            if at >= self.size:
                self.fail("Expected matching `]` after the list of field names given to `IN[`", at)
            rest = shown(self.source[at:])
            self.fail(
                f"Expected only comma-separated field names inside `IN[..]` but instead found `{rest}`.", at
            )
        return tuple(values), self.space(closing + 1)

    def foreign(self, at: int, depth: int) -> tuple[Node, int] | None:
        start = self.space(at)
        end = self.exact("_foreign", start)
        if end is None:
            return None
        try:
            if not self.source.startswith("(", end):
                raise Mismatch("", end, self.size)
            field, rest = self.value(self.space(end + 1))
            comma = self.space(rest)
            if not self.source.startswith(",", comma):
                raise Mismatch("", comma, self.size)
            inner, rest = self.either(self.space(comma + 1), depth)
            closing = self.space(rest)
            if not self.source.startswith(")", closing):
                raise Mismatch("", closing, self.size)
        except Mismatch as mismatch:
            found = shown(self.source[mismatch.start : mismatch.end])
            self.fail(
                "Was expecting a field name and an condition inside `_foreign(..)` filter"
                f" but instead found `{found}`.",
                mismatch.start,
                mismatch.end,
            )
        return Foreign(field, inner), closing + 1


def _worded(
    words: str, *, negative: bool = False, valued: bool = False
) -> tuple[re.Pattern[str], str, bool, bool]:
    before = r"NOT[ \t\r\n]+" if negative and not words.startswith("IS") else ""
    pattern = words.replace("IS ", r"IS[ \t\r\n]+" + (r"NOT[ \t\r\n]+" if negative else ""))
    return re.compile(f"{before}({pattern})"), words, negative, valued


WORDED: Final = (
    _worded("IS NULL"),
    _worded("IS NULL", negative=True),
    _worded("IS EMPTY"),
    _worded("IS EMPTY", negative=True),
    _worded("EXISTS"),
    _worded("EXISTS", negative=True),
    _worded("CONTAINS", valued=True),
    _worded("CONTAINS", negative=True, valued=True),
    _worded("STARTS WITH", valued=True),
    _worded("STARTS WITH", negative=True, valued=True),
)
