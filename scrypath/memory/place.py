"""A folder that a team shares: a local path, or any URL that fsspec knows."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from scrypath.errors import ConfigError, StoreError
from scrypath.redaction import redact


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of Parquet files.

    Parameters
    ----------
    shown
        Its URL, without passwords.
    root
        Its path, as the file system names it.
    filesystem
        From fsspec; none for a local folder.
    """

    shown: str
    root: str
    filesystem: Any = None

    def files(self, folder: str) -> list[str]:
        """Every Parquet file of a folder in it, as DuckDB opens it, by name.

        Raises
        ------
        StoreError
            When it cannot be listed.
        """
        with self._translated("listed"):
            if self.filesystem is None:
                return sorted(str(path) for path in Path(self.root, folder).glob("*.parquet"))
            self.filesystem.invalidate_cache()
            found = self.filesystem.glob(f"{self.root}/{folder}/*.parquet")
            return sorted(self.filesystem.unstrip_protocol(path) for path in found)

    def put(self, source: Path, name: str) -> None:
        """Copy a file into it, to be seen whole or not at all.

        Raises
        ------
        StoreError
            When it cannot be written.
        """
        with self._translated("written"):
            if self.filesystem is None:
                target = Path(self.root, name)
                target.parent.mkdir(parents=True, exist_ok=True)
                draft = target.with_name(f"{target.name}.{os.getpid()}.draft")
                shutil.copyfile(source, draft)
                draft.replace(target)
            else:
                target_name = f"{self.root}/{name}"
                self.filesystem.makedirs(target_name.rpartition("/")[0], exist_ok=True)
                self.filesystem.put_file(str(source), target_name)

    @contextmanager
    def _translated(self, verb: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # every file system of fsspec has errors of its own
            raise StoreError(
                f"{self.shown} cannot be {verb}: {redact(str(error)) or type(error).__name__}",
                hint="Check the URL, the credentials that its file system reads, and the permissions.",
            ) from error


def find(url: str | Path) -> Place:
    """The place that a path or URL names.

    Parameters
    ----------
    url
        A local path, ``file://…``, or a URL of a file system that fsspec knows (``s3://bucket/team``).

    Raises
    ------
    ConfigError
        When fsspec, or its driver for this kind of URL, is not installed, or the kind is unknown.

    Examples
    --------
    >>> find("/srv/search/history").root
    '/srv/search/history'
    >>> find("file:///srv/search%20history").root
    '/srv/search history'
    """
    text = str(url)
    if "://" not in text:
        return Place(text, str(Path(text).absolute()))
    if text.startswith("file://"):
        return Place(text, unquote(urlsplit(text).path))
    shown = redact(text)
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise ConfigError(
            f"{shown} needs fsspec, which is not installed.",
            hint="pip install fsspec, and the package of its file system, such as s3fs; or give a local path.",
        ) from error
    try:
        filesystem, root = url_to_fs(text)
    except (ImportError, ValueError) as error:
        raise ConfigError(
            f"{shown} cannot be opened: {redact(str(error))}",
            hint="fsspec.available_protocols() lists what can be.",
        ) from error
    return Place(shown, root.rstrip("/"), filesystem)
