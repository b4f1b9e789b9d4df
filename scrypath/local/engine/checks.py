"""Checks that are put together from smaller ones: sets, words of a list, objects, maps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from scrypath.local.engine import deserr
from scrypath.local.engine.errors import ApiError

type Check = Callable[[Any, str, str], Any]


def anything(value: Any, _code: str, _where: str) -> Any:
    """Return the value as it is: it is checked where it is used, if at all."""
    return value


def snake(name: str) -> str:
    """Return a name of the wire as error codes spell it.

    Examples
    --------
    >>> snake("hitsPerPage")
    'hits_per_page'
    """
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def string_set(value: Any, code: str, where: str) -> list[str]:
    """Return a list of strings as a sorted set, refuse anything else."""
    return sorted(set(deserr.strings(value, code, where)), key=str.encode)


def choice(*words: str) -> Check:
    """Return the check of a word out of a few."""

    def check(value: Any, code: str, where: str) -> str:
        word = deserr.string(value, code, where)
        if word not in words:
            raise deserr.unknown_value(code, where, word, words)
        return word

    return check


def byte(value: Any, code: str, where: str) -> int:
    """Return a number that fits a byte, refuse anything else."""
    return deserr.unsigned(value, code, where, top=255)


def not_zero(value: Any, code: str, where: str) -> int:
    """Return a positive number, refuse anything else."""
    number = deserr.unsigned(value, code, where)
    if number == 0:
        message = "a non-zero integer value lower than `18446744073709551615` was expected, but found a zero"
        raise deserr.value_error(code, where, message)
    return number


def unsigned(value: Any, code: str, where: str) -> int:
    """Return a non-negative number, refuse anything else."""
    return deserr.unsigned(value, code, where)


def object_of(fields: Mapping[str, Check], required: tuple[str, ...] = (), *, nullable: bool = True) -> Check:
    """Return the check of an object with named fields, each of which may be null unless required."""

    def check(value: Any, code: str, where: str) -> dict[str, Any]:
        found = deserr.expect_object(value, code, where)
        for key in found:
            if key not in fields:
                raise deserr.unknown_field(code, where, key, tuple(fields))
        checked = {
            key: None
            if found[key] is None and nullable and key not in required
            else fields[key](found[key], code, f"{where}.{key}")
            for key in fields
            if key in found
        }
        for key in required:
            if key not in found:
                inside = f" inside `{where}`" if where else ""
                raise ApiError(code, f"Missing field `{key}`{inside}")
        return checked

    return check


def map_of(inner: Check) -> Check:
    """Return the check of an object whose values are all of one sort."""

    def check(value: Any, code: str, where: str) -> dict[str, Any]:
        found = deserr.expect_object(value, code, where)
        return {key: inner(found[key], code, f"{where}.{key}") for key in sorted(found)}

    return check


def list_of(inner: Check) -> Check:
    """Return the check of a list whose items are all of one sort."""

    def check(value: Any, code: str, where: str) -> list[Any]:
        if not isinstance(value, list):
            raise deserr.type_error(code, where, deserr.ARRAY, value)
        return [inner(item, code, f"{where}[{n}]") for n, item in enumerate(value)]

    return check
