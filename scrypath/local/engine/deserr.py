"""Checks of incoming values, refused in the words of Meilisearch's deserializer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote_plus

import orjson
from rapidfuzz.distance import OSA
from rapidfuzz.process import extractOne

from scrypath.local.engine.errors import ApiError

STRING: Final = "a string"
BOOLEAN: Final = "a boolean"
POSITIVE: Final = "a positive integer"
INTEGER: Final = "an integer"
NUMBER: Final = "a number"
ARRAY: Final = "an array"
OBJECT: Final = "an object"
NULL: Final = "null"


def kind(value: object) -> str:
    """Return what a JSON value is called in an error message.

    Examples
    --------
    >>> kind(3), kind(-3), kind(None), kind([])
    ('a positive integer', 'a negative integer', 'null', 'an array')
    """
    if value is None:
        return NULL
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, int):
        return POSITIVE if value >= 0 else "a negative integer"
    if isinstance(value, float):
        return NUMBER
    if isinstance(value, str):
        return STRING
    return ARRAY if isinstance(value, list) else OBJECT


def dumps(value: object) -> str:
    """Return compact JSON text, as error messages quote it."""
    return orjson.dumps(value).decode()


def type_error(code: str, where: str, expected: str, value: object) -> ApiError:
    """Return the refusal of a value of the wrong type.

    Examples
    --------
    >>> type_error("invalid_index_uid", ".uid", STRING, 3).message
    'Invalid value type at `.uid`: expected a string, but found a positive integer: `3`'
    """
    found = kind(value)
    shown = found if value is None else f"{found}: `{dumps(value)}`"
    at = f" at `{where}`" if where else ""
    return ApiError(code, f"Invalid value type{at}: expected {expected}, but found {shown}")


def value_error(code: str, where: str, message: str) -> ApiError:
    """Return the refusal of a value of the right type that means nothing."""
    at = f" at `{where}`" if where else ""
    return ApiError(code, f"Invalid value{at}: {message}")


def did_you_mean(received: str, accepted: Iterable[str]) -> str:
    """Return a hint at the nearest accepted word, the first of several, or nothing.

    Examples
    --------
    >>> did_you_mean("limits", ["limit", "offset"])
    'did you mean `limit`? '
    """
    length = len(received.encode())
    allowed = next((typos for top, typos in ((3, 0), (7, 1), (12, 2), (17, 3), (24, 4)) if length <= top), 5)
    near = extractOne(received, accepted, scorer=OSA.distance, score_cutoff=allowed) if allowed else None
    return f"did you mean `{near[0]}`? " if near is not None else ""


def one_of(words: Iterable[str]) -> str:
    """Return the accepted words as messages list them."""
    return "expected one of " + ", ".join(f"`{word}`" for word in words)


def unknown_value(code: str, where: str, value: str, accepted: Sequence[str]) -> ApiError:
    """Return the refusal of a word outside a closed list."""
    at = f" at `{where}`" if where else ""
    hint = did_you_mean(value, accepted)
    return ApiError(code, f"Unknown value `{value}`{at}: {hint}{one_of(accepted)}")


def unknown_field(code: str, where: str, key: str, accepted: Sequence[str]) -> ApiError:
    """Return the refusal of a key that an object does not have."""
    inside = f" inside `{where}`" if where else ""
    hint = did_you_mean(key, accepted)
    return ApiError(code, f"Unknown field `{key}`{inside}: {hint}{one_of(accepted)}")


def expect_object(value: object, code: str = "bad_request", where: str = "") -> dict[str, Any]:
    """Return the value when it is an object, refuse it otherwise."""
    if not isinstance(value, dict):
        raise type_error(code, where, OBJECT, value)
    return value


def known_keys(value: Mapping[str, Any], accepted: Sequence[str], code: str = "bad_request") -> None:
    """Refuse the first key of the object that is not accepted."""
    for key in value:
        if key not in accepted:
            raise unknown_field(code, "", key, accepted)


def string(value: object, code: str, where: str) -> str:
    """Return a string, refuse anything else."""
    if not isinstance(value, str):
        raise type_error(code, where, STRING, value)
    return value


def strings(value: object, code: str, where: str) -> list[str]:
    """Return a list of strings, refuse anything else."""
    if not isinstance(value, list):
        raise type_error(code, where, ARRAY, value)
    return [string(item, code, f"{where}[{n}]") for n, item in enumerate(value)]


def boolean(value: object, code: str, where: str) -> bool:
    """Return a boolean, refuse anything else."""
    if not isinstance(value, bool):
        raise type_error(code, where, BOOLEAN, value)
    return value


def unsigned(value: object, code: str, where: str, *, top: int = 2**64 - 1) -> int:
    """Return a non-negative integer that fits, refuse anything else."""
    if isinstance(value, float) and math.isfinite(value):
        raise type_error(code, where, POSITIVE, value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise type_error(code, where, POSITIVE, value)
    if value > top:
        raise value_error(
            code,
            where,
            f"value: `{value}` is too large to be deserialized, maximum value authorized is `{top}`",
        )
    return value


class Params:
    """The query parameters of a request, checked against the names a route takes.

    Parameters
    ----------
    query
        The raw query string, without its question mark.
    accepted
        The names the route knows, in Meilisearch's order.
    """

    def __init__(self, query: str, accepted: Sequence[str]) -> None:
        self._values: dict[str, str] = {}
        for part in query.split("&"):
            if not part:
                continue
            name, _, value = part.partition("=")
            name = unquote_plus(name)
            if name not in accepted:
                hint = did_you_mean(name, accepted)
                raise ApiError("bad_request", f"Unknown parameter `{name}`: {hint}{one_of(accepted)}")
            self._values[name] = unquote_plus(value)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __len__(self) -> int:
        return len(self._values)

    def text(self, name: str) -> str | None:
        """Return a parameter as it was sent."""
        return self._values.get(name)

    def invalid(self, name: str, code: str, message: str) -> ApiError:
        """Return the refusal of a parameter's value."""
        return ApiError(code, f"Invalid value in parameter `{name}`: {message}")

    def unsigned(self, name: str, code: str, default: int, *, top: int = 2**64 - 1) -> int:
        """Return a non-negative integer parameter."""
        text = self._values.get(name)
        if text is None:
            return default
        digits = text.removeprefix("+")
        if not (digits.isascii() and digits.isdigit()) or int(digits) > top:
            raise self.invalid(name, code, f"could not parse `{text}` as a positive integer")
        return int(digits)

    def boolean(self, name: str, code: str, default: bool = False) -> bool:
        """Return a boolean parameter."""
        text = self._values.get(name)
        if text is None:
            return default
        if text not in ("true", "false"):
            raise self.invalid(
                name, code, f"could not parse `{text}` as a boolean, expected either `true` or `false`"
            )
        return text == "true"

    def words(self, name: str) -> list[str] | None:
        """Return a comma-separated parameter, None when it is absent or has a `*`."""
        text = self._values.get(name)
        if text is None:
            return None
        words = text.split(",")
        return None if "*" in words else words

    def each[T](self, name: str, read: Callable[[str, str], T]) -> list[T] | None:
        """Return a comma-separated parameter with every item read, None when absent or with a ``*``.

        ``read`` gets the item and the name by which messages call it.
        """
        text = self._values.get(name)
        if text is None:
            return None
        words = [word for word in text.split(",") if word]
        single = len(words) == 1
        found = [
            read(word, name if single else f"{name}[{n}]") for n, word in enumerate(words) if word != "*"
        ]
        return None if "*" in words else found
