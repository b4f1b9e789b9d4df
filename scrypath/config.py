"""One frozen configuration, from weak to strong: defaults, file, environment, ``configure``, the call."""

from __future__ import annotations

import difflib
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from scrypath import config_file
from scrypath.errors import ConfigError, InvalidOptions, did_you_mean, raise_alone
from scrypath.redaction import MASK, Secret, redact
from scrypath.service_url import ServiceUrl
from scrypath.vocabulary import SyncMode

ENVIRONMENT_PREFIX = "SCRYPATH_"
MOST_DAYS = 36_500
URLS = ("database_url", "meilisearch_url")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Every option of the kit, with its unit in the comment.

    Examples
    --------
    >>> Config(index_prefix="shop", batch_size=1_000)
    Config(index_prefix='shop', batch_size=1000)
    """

    schemas: tuple[str, ...] = ()  # import strings, "shop.search:City"
    database_url: str | None = None  # SQLAlchemy or libpq URL of PostgreSQL; becomes a ServiceUrl
    meilisearch_url: str | None = None  # becomes a ServiceUrl
    meilisearch_key: Secret | None = None
    index_prefix: str = ""
    sync_mode: SyncMode = SyncMode.INLINE
    home: Path = Path(config_file.HOME)  # what one machine remembers
    store: Path | None = None  # the DuckDB file; default: <home>/memory.duckdb
    store_timeout: float = 10.0  # seconds to wait for another process to leave the DuckDB file
    keep_snapshots: int | None = None  # newest of each schema that stay, whatever their age; none: all
    keep_snapshots_days: int | None = None  # days for which a snapshot stays; none: for ever
    connect_timeout: float = 3.0  # seconds
    request_timeout: float = 30.0  # seconds
    task_timeout: float = 120.0  # seconds to wait for one Meilisearch task
    batch_size: int = 5_000  # documents in one write
    payload_limit: int = 90_000_000  # bytes in one write; the server's default limit is 100 MB
    page_size: int = 20_000  # documents or tasks in one read
    history_limit: int = 100_000  # tasks and jobs read, newest first
    compress: bool = False  # gzip on the wire: pays on slow lines only
    oban_prefix: str = "public"  # PostgreSQL schema of the oban tables
    oban_queue: str = "scrypath"
    oban_max_attempts: int = 20

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value is not None and not value >= least:  # also what is not a number
                raise ConfigError(f"{name} is {value!r}.", hint=f"Give a number of at least {least}.")
        if self.keep_snapshots_days is not None and self.keep_snapshots_days > MOST_DAYS:
            raise ConfigError(
                f"keep_snapshots_days is {self.keep_snapshots_days!r}.",
                hint=f"Give at most {MOST_DAYS} days, or leave it out: without it nothing is too old.",
            )
        for name in URLS:
            if (text := getattr(self, name)) is not None:
                object.__setattr__(self, name, ServiceUrl(text))
        for name in URLS:
            url = getattr(self, name)
            if url is not None and url.problem:
                shown = f" is {str(url)!r}, which" if url != MASK else ""
                raise ConfigError(
                    f"{name}{shown} {url.problem}.",
                    hint="Write it with its scheme, as in http://127.0.0.1:7700 or postgresql://host/name.",
                )

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{field.name}={_shown(getattr(self, field.name))}"
            for field in fields(self)
            if getattr(self, field.name) != field.default
        )
        return f"Config({shown})"

    @property
    def store_path(self) -> Path:
        """The DuckDB file of this machine."""
        return self.store if self.store is not None else self.home / "memory.duckdb"

    def need_meilisearch_url(self) -> ServiceUrl:
        """The server's URL, or a ``ConfigError`` that says how to give one."""
        return self._need("meilisearch_url", "http://127.0.0.1:7700")

    def need_database_url(self) -> ServiceUrl:
        """The database's URL, or a ``ConfigError`` that says how to give one."""
        return self._need("database_url", "postgresql://user@host/name")

    def _need(self, name: str, example: str) -> ServiceUrl:
        value: ServiceUrl | None = getattr(self, name)
        if value:
            return value
        raise ConfigError(
            f"{name} is not configured.",
            hint=f"Set {ENVIRONMENT_PREFIX}{name.upper()}, or call scrypath.configure({name}={example!r}), "
            "or start the local stack with: scrypath local up",
        )


_LEAST: Mapping[str, float] = MappingProxyType(
    {
        "store_timeout": 0,
        "keep_snapshots": 1,
        "keep_snapshots_days": 1,
        "connect_timeout": 0.001,
        "request_timeout": 0.001,
        "task_timeout": 0,
        "batch_size": 1,
        "payload_limit": 1_000,
        "page_size": 1,
        "history_limit": 1,
        "oban_max_attempts": 1,
    }
)


class Unchanged(Enum):
    """What an option of :func:`configure` is when it is not named."""

    UNCHANGED = "unchanged"

    def __repr__(self) -> str:
        return self.name


UNCHANGED = Unchanged.UNCHANGED
_configured: dict[str, Any] = {}


def configure(
    *,
    schemas: Sequence[str] | str | Unchanged | None = UNCHANGED,
    database_url: str | Unchanged | None = UNCHANGED,
    meilisearch_url: str | Unchanged | None = UNCHANGED,
    meilisearch_key: Secret | str | Unchanged | None = UNCHANGED,
    index_prefix: str | Unchanged | None = UNCHANGED,
    sync_mode: SyncMode | str | Unchanged | None = UNCHANGED,
    home: Path | str | Unchanged | None = UNCHANGED,
    store: Path | str | Unchanged | None = UNCHANGED,
    store_timeout: float | Unchanged | None = UNCHANGED,
    keep_snapshots: int | Unchanged | None = UNCHANGED,
    keep_snapshots_days: int | Unchanged | None = UNCHANGED,
    connect_timeout: float | Unchanged | None = UNCHANGED,
    request_timeout: float | Unchanged | None = UNCHANGED,
    task_timeout: float | Unchanged | None = UNCHANGED,
    batch_size: int | Unchanged | None = UNCHANGED,
    payload_limit: int | Unchanged | None = UNCHANGED,
    page_size: int | Unchanged | None = UNCHANGED,
    history_limit: int | Unchanged | None = UNCHANGED,
    compress: bool | Unchanged | None = UNCHANGED,
    oban_prefix: str | Unchanged | None = UNCHANGED,
    oban_queue: str | Unchanged | None = UNCHANGED,
    oban_max_attempts: int | Unchanged | None = UNCHANGED,
) -> Config:
    """Set options for this process, stronger than the file and the environment.

    Parameters
    ----------
    schemas, database_url, …
        The fields of :class:`Config`. An option that is not named stays as it is; ``None`` takes back what an
        earlier call set.

    Returns
    -------
    Config
        The configuration as it now is.

    Raises
    ------
    ConfigError
        For a value that does not fit its option.

    Examples
    --------
    >>> configure(index_prefix="doc").index_prefix
    'doc'
    >>> configure(index_prefix=None).index_prefix
    ''
    """
    given = {name: value for name, value in locals().items() if value is not UNCHANGED}
    before = dict(_configured)
    try:
        for name, value in given.items():
            known = _coerce(name, value, "scrypath.configure()") if value is not None else None
            if known is None:
                _configured.pop(name, None)
            else:
                _configured[name] = known
        return resolve()
    except ConfigError as error:
        _configured.clear()
        _configured.update(before)
        raise_alone(
            error.with_traceback(None)
        )  # the frames of what failed hold the values as they were given


def resolve(config: Config | None = None, **overrides: Any) -> Config:
    """The configuration that a call works with.

    Parameters
    ----------
    config
        Used as it is instead of the cascade, when given.
    overrides
        Keywords of the call; ``None`` means "not given".

    Raises
    ------
    ConfigError
        When a file, the environment or a keyword holds an unknown name or an unusable value.
    """
    try:
        if config is None:
            config = Config(**(_from_file() | _from_environment() | _configured))
        given = {
            name: _coerce(name, value, "this call") for name, value in overrides.items() if value is not None
        }
        return replace(config, **given) if given else config
    except ConfigError as error:
        raise_alone(
            error.with_traceback(None)
        )  # the frames of what failed hold the values as they were given


def _from_file() -> dict[str, Any]:
    file = config_file.nearest()
    found: dict[str, Any] = {"home": config_file.home(file)}
    if file is not None:
        for name, value in file.options.items():
            known = _coerce(name, value, file.path.name)
            found[name] = file.folder / known.expanduser() if isinstance(known, Path) else known
    return found


def _from_environment() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in _KNOWN:
        value = os.environ.get(ENVIRONMENT_PREFIX + name.upper())
        if value:
            found[name] = _coerce(name, value, ENVIRONMENT_PREFIX + name.upper())
    for variable in os.environ:
        _refuse_misspelt(variable)
    key_file = os.environ.get(ENVIRONMENT_PREFIX + "MEILISEARCH_KEY_FILE")
    if key_file and "meilisearch_key" not in found:
        try:
            found["meilisearch_key"] = Secret(Path(key_file).read_text("utf-8").strip())
        except OSError as error:
            raise ConfigError(
                f"SCRYPATH_MEILISEARCH_KEY_FILE names {key_file!r}, which cannot be read: {error.strerror}.",
                hint="Name a readable file that holds the key and nothing else.",
            ) from error
    return found


def _refuse_misspelt(variable: str) -> None:
    # Other variables may begin with our prefix: Kubernetes makes some for a service of that name.
    prefix, name = variable[: len(ENVIRONMENT_PREFIX)], variable[len(ENVIRONMENT_PREFIX) :].lower()
    if prefix != ENVIRONMENT_PREFIX or name in _KNOWN or name in _BESIDE:
        return
    near = difflib.get_close_matches(name, (*_KNOWN, *_BESIDE), n=1, cutoff=0.88)
    if near:
        raise ConfigError(
            f"{variable} is set, but there is no such option.",
            hint=f"Did you mean {ENVIRONMENT_PREFIX}{near[0].upper()}?",
        )


def _require_known(name: str, where: str) -> None:
    if name not in _KNOWN:
        raise ConfigError(f"{where} names an unknown option {name!r}.", hint=did_you_mean(name, _KNOWN))


def _coerce(name: str, value: Any, where: str) -> Any:
    _require_known(name, where)
    kind = _KNOWN[name]
    try:
        return ServiceUrl(_text(value)) if name in URLS else _CONVERT[kind](value)
    except (TypeError, ValueError, OverflowError):
        shown = MASK if name in {"meilisearch_key", *URLS} else redact(repr(value))
        raise_alone(
            ConfigError(
                f"{where}: {name} cannot be {shown}.",
                hint=_HINTS.get(kind, f"It takes a value of type {kind.removesuffix(' | None')}."),
            )
        )


def _schemas(value: Any) -> tuple[str, ...]:
    names = value.split(",") if isinstance(value, str) else value
    return tuple(_text(name).strip() for name in names if _text(name).strip())


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _finite(value: Any) -> float:
    if isinstance(value, bool) or not math.isfinite(float(value)):
        raise TypeError(value)
    return float(value)


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    truth = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    return truth[str(value).lower()] if str(value).lower() in truth else _refuse(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError(value)
    return int(value)


def _refuse(value: Any) -> bool:
    raise ValueError(value)


def _shown(value: Any) -> str:
    return redact(repr(value))


_CONVERT: Mapping[str, Any] = MappingProxyType(
    {
        "str": _text,
        "str | None": _text,
        "int": _whole,
        "int | None": _whole,
        "float": _finite,
        "bool": _boolean,
        "Path": Path,
        "Path | None": Path,
        "Secret | None": lambda value: value if isinstance(value, Secret) else Secret(_text(value)),
        "SyncMode": SyncMode,
        "tuple[str, ...]": _schemas,
    }
)
_HINTS: Mapping[str, str] = MappingProxyType(
    {
        "float": "It takes a value of type float: a finite number.",
        "SyncMode": f"It takes a value of type SyncMode: {', '.join(SyncMode)}.",
        "tuple[str, ...]": "It takes import strings, as in schemas = ['package.module:Model'].",
        "Secret | None": "It takes a text.",
    }
)
# Variables that say something, but not an option of this name.
_BESIDE = ("meilisearch_key_file", "meilisearch_bin")
_KNOWN: Mapping[str, str] = MappingProxyType({field.name: str(field.type) for field in fields(Config)})


def check_option(name: str, value: Any, known: type[Any]) -> Any:
    """A StrEnum member for an option's value, or an ``InvalidOptions`` that lists the members."""
    try:
        return known(value)
    except ValueError as error:
        raise InvalidOptions(
            f"{name} cannot be {value!r}.", hint=did_you_mean(str(value), [str(member) for member in known])
        ) from error
