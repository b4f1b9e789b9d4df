"""The configuration file of the project that a command, a script or a kernel works in, from wherever it is started."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from scrypath.errors import ConfigError, raise_alone

HOME = ".scrypath"  # where a project keeps what it remembers
_FILES = (("scrypath.toml", ()), ("pyproject.toml", ("tool", "scrypath")))
_PROJECT_MARKS = (".git", "pyproject.toml")  # no folder above one of these belongs to the same project


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A file and the options in it, as TOML has them."""

    path: Path
    options: Mapping[str, Any]

    @property
    def folder(self) -> Path:
        """What paths in the file are relative to, and where its modules are."""
        return self.path.parent


def nearest() -> ConfigFile | None:
    """The file that holds here: the nearest one, looking in the working directory and then above it.

    Raises
    ------
    ConfigError
        When a file on the way cannot be read, or the working directory is gone.
    """
    for folder in _folders():
        for name, table in _FILES:
            path = folder / name
            try:
                state = path.stat()
            except OSError:
                continue
            options = _read(path, table, state.st_mtime_ns, state.st_size, state.st_ino)
            if options is not None:
                return ConfigFile(path, options)
    return None


def home(file: ConfigFile | None) -> Path:
    """Where this project keeps what it remembers, when nothing says so.

    Beside its configuration file; without one, the nearest ``.scrypath`` of the project, else one to be made in the
    working directory.
    """
    if file is not None:
        return file.folder / HOME
    here = Path.cwd()
    for folder in _folders():
        if folder != here and (folder / HOME).is_dir():
            return folder / HOME
        if (folder / HOME).is_dir() or any((folder / mark).exists() for mark in _PROJECT_MARKS):
            break
    return Path(HOME)


def _folders() -> Iterator[Path]:
    try:
        here = Path.cwd()
    except OSError:
        raise_alone(
            ConfigError(
                "The working directory does not exist any more.",
                hint="Change to a folder that does, as in cd ~.",
            )
        )
    yield here
    yield from here.parents


@lru_cache(maxsize=64)
def _read(path: Path, table: tuple[str, ...], *_state: int) -> Mapping[str, Any] | None:
    """The options of a file as it is in this state; none when it is not one of ours."""
    try:
        data: Any = tomllib.loads(path.read_text("utf-8"))
    except (ValueError, OSError, RecursionError) as error:
        # TOML that is wrong, bytes that are not UTF-8, tables without end.
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise_alone(ConfigError(f"{path.name} cannot be read: {reason}", hint="Correct or remove it."))
    for key in table:
        if key not in data:
            return None
        data = data[key]
        if not isinstance(data, dict):
            raise ConfigError(f"{path.name}: {key} is {data!r}.", hint=f"Write [{'.'.join(table)}].")
    return MappingProxyType(data)
