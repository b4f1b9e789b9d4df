"""A folder that a team shares: a local path, or any URL that fsspec knows."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from scrypath.errors import ConfigError, StoreError
from scrypath.memory.engine import NO_SPACE
from scrypath.redaction import MASK, redact, remember

SUFFIX = ".parquet"
_QUERY_VALUE = re.compile(r"(?P<head>[?&][^=&#\s]*=)(?P<secret>[^&#\s]+)")
_PASSWORD = re.compile(r"://[^\s:/@]*:(?P<secret>[^\s]+)@")
_ONE_SLASH = re.compile(r"[a-z][a-z0-9+.\-]+:/(?!/)", re.IGNORECASE)
_LEAST_SECRET = 4  # characters: shorter ones are also parts of ordinary words
_WILDCARDS = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of Parquet files.

    Parameters
    ----------
    shown
        Its URL, without secrets.
    root
        Its path, as the file system names it.
    filesystem
        From fsspec; none for a local folder.
    secrets
        What its URL held and no message may.
    """

    shown: str
    root: str
    filesystem: Any = None
    secrets: tuple[str, ...] = ()

    def files(self, folder: str) -> list[str]:
        """Names of the Parquet files of a folder in it, sorted; none when there is no such folder.

        Raises
        ------
        StoreError
            When it cannot be listed.
        """
        with self._translated("listed"):
            try:
                found = self._names(f"{self.root}/{folder}")
            except (FileNotFoundError, NotADirectoryError):
                return []
        return sorted(name for name in found if name.endswith(SUFFIX))

    def address(self, name: str) -> str:
        """A file in it, as DuckDB opens it.

        Examples
        --------
        >>> find("/srv/team[1]").address("snapshots/a.parquet")
        '/srv/team[[]1]/snapshots/a.parquet'
        """
        path = f"{self.root}/{name}"
        if self.filesystem is not None:
            path = self.filesystem.unstrip_protocol(path)
        return _WILDCARDS.sub(lambda found: f"[{found[0]}]", path)

    def put(self, source: Path, name: str) -> None:
        """Copy a file into it, atomically wherever its file system can do that.

        Raises
        ------
        StoreError
            When it cannot be written.
        """
        with self._translated("written"):
            if self.filesystem is None:
                _put_locally(source, Path(self.root, name))
            else:
                _put(self.filesystem, source, f"{self.root}/{name}")

    def clean(self, text: str) -> str:
        """A text without the secrets of its URL."""
        for secret in self.secrets:
            text = text.replace(secret, MASK)
        return redact(text)

    def _names(self, folder: str) -> list[str]:
        if self.filesystem is None:
            return os.listdir(folder)
        self.filesystem.invalidate_cache()
        return [path.rpartition("/")[2] for path in self.filesystem.ls(folder, detail=False)]

    @contextmanager
    def _translated(self, verb: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # every file system of fsspec has errors of its own
            raise StoreError(
                f"{self.shown} cannot be {verb}: {self.clean(str(error)) or type(error).__name__}",
                hint="Free some space there; what was published before is not damaged."
                if isinstance(error, OSError) and error.errno in NO_SPACE
                else "Check the URL, the credentials that its file system reads, and the permissions.",
            ) from None


def find(url: str | Path) -> Place:
    """The place that a path or URL names.

    Parameters
    ----------
    url
        A local path, ``file:///…``, or a URL of a file system that fsspec knows (``s3://bucket/team``).

    Raises
    ------
    ConfigError
        When it is neither, when fsspec or its driver for this kind of URL is not installed, or when the kind is
        unknown.

    Examples
    --------
    >>> find("/srv/search/history").root
    '/srv/search/history'
    >>> find("file:///srv/search%20history").root
    '/srv/search history'
    """
    text = str(url)
    if not text.strip() or _ONE_SLASH.match(text):
        raise ConfigError(
            f"{redact(text)!r} names no place to share snapshots in.",
            hint="Give a local path, file:///path, or a URL with two slashes, as in s3://bucket/team.",
        )
    if "://" not in text:
        return Place(text, str(Path(text).expanduser().absolute()))
    if text.startswith("file://"):
        return _local(text)
    return _remote(text)


def _local(text: str) -> Place:
    parts = urlsplit(text)
    if parts.netloc not in {"", "localhost"} or parts.query or parts.fragment:
        raise ConfigError(
            f"{redact(text)!r} is not a path on this machine.",
            hint="A file URL has three slashes and no query, as in file:///srv/search/history.",
        )
    return Place(text, unquote(parts.path).rstrip("/") or "/")


def _remote(text: str) -> Place:
    found = [
        match["secret"]
        for pattern in (_PASSWORD, _QUERY_VALUE)
        for match in pattern.finditer(text)
        if len(match["secret"]) >= _LEAST_SECRET
    ]
    secrets = tuple(sorted({*found, *map(unquote, found)}, key=len, reverse=True))
    for secret in secrets:
        remember(secret)
    place = Place(_QUERY_VALUE.sub(rf"\g<head>{MASK}", redact(text)), "", secrets=secrets)
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise ConfigError(
            f"{place.shown} needs fsspec, which is not installed.",
            hint='pip install fsspec (or "scrypath[share]") and the package of its file system, such as s3fs; '
            "or give a local path.",
        ) from None
    try:
        filesystem, root = url_to_fs(text)
    except Exception as error:  # every file system of fsspec has errors of its own
        raise ConfigError(
            f"{place.shown} cannot be opened: {place.clean(str(error)) or type(error).__name__}",
            hint="fsspec.available_protocols() lists what can be; some need a package or credentials of their own.",
        ) from None
    return Place(place.shown, root.rstrip("/"), filesystem, secrets)


def _put_locally(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.{os.getpid()}.draft")
    try:
        with source.open("rb") as read, draft.open("wb") as written:
            shutil.copyfileobj(read, written)
            written.flush()
            os.fsync(written.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _put(filesystem: Any, source: Path, target: str) -> None:
    filesystem.makedirs(target.rpartition("/")[0], exist_ok=True)
    # Where a file system can, it shows the file only once it is committed.
    with source.open("rb") as read, filesystem.open(target, "wb", autocommit=False) as written:
        shutil.copyfileobj(read, written)
    commit = getattr(written, "commit", None)
    if commit is not None:
        commit()
