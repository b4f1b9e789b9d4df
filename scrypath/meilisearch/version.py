"""Which server answers, and what it can do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from scrypath import reach
from scrypath.config import Config
from scrypath.errors import InvalidOptions, ScrypathError, did_you_mean
from scrypath.meilisearch.wire import connect

FLOOR = "1.26.0"  # below it, the kit does not promise anything
SWAP_HISTORY = "1.30.1"  # below it, a swap renames the task history of one index only

# Numbers of a few digits each, and after a hyphen what a prerelease is called.
_VERSION = re.compile(r"\d{1,9}\.\d{1,9}(?:\.\d{1,9})?(?:[-+][\w.+-]{1,100})?", re.ASCII)

FEATURES: Mapping[str, str] = MappingProxyType(
    {
        "batches": "1.12.0",
        "documents_by_ids": "1.14.0",
        "documents_sort": "1.16.0",
        "export": "1.16.0",
        "swap_rename": "1.18.0",
        "custom_metadata": "1.26.0",
        "swap_history": SWAP_HISTORY,
        "skip_creation": "1.31.0",
        "attribute_rank": "1.50.0",
    }
)


@dataclass(frozen=True, slots=True)
class ServerVersion:
    """A server's version.

    Examples
    --------
    >>> version = ServerVersion("1.28.2")
    >>> version.at_least("1.26"), version.at_least("1.30.1"), version.supports("swap_rename")
    (True, False, True)
    >>> version.warnings
    ('Meilisearch 1.28.2 renames the history of one index only when two are swapped; 1.30.1 does both.',)
    """

    text: str

    @property
    def parts(self) -> tuple[int, int, int]:
        """Major, minor, patch; zeros where the text has none."""
        return _parts(self.text)

    def at_least(self, version: str) -> bool:
        """Whether this server is ``version`` or newer."""
        return self.parts >= _parts(version)

    def supports(self, feature: str) -> bool:
        """Whether this server has a feature of ``FEATURES``.

        Raises
        ------
        InvalidOptions
            For a feature that the table does not know.
        """
        if feature not in FEATURES:
            raise InvalidOptions(
                f"No server feature is called {feature!r}.", hint=did_you_mean(feature, FEATURES)
            )
        return self.at_least(FEATURES[feature])

    @property
    def features(self) -> dict[str, bool]:
        """Every feature of the table, and whether this server has it."""
        return {feature: self.at_least(since) for feature, since in FEATURES.items()}

    @property
    def supported(self) -> bool:
        """Whether the kit's promises hold with this server."""
        return self.at_least(FLOOR)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What an operator should know before trusting this server, in sentences."""
        if not self.supported:
            return (f"Meilisearch {self.text} is older than {FLOOR}, the oldest version the kit supports.",)
        if not self.at_least(SWAP_HISTORY):
            return (
                f"Meilisearch {self.text} renames the history of one index only when two are swapped; "
                f"{SWAP_HISTORY} does both.",
            )
        return ()


def server_version(config: Config) -> ServerVersion:
    """Ask the server for its version.

    Raises
    ------
    TransportError
        When it cannot be reached or is not Meilisearch; ``Unauthorised`` when it refuses the key.
    """
    reply = connect(config).request("GET", "/version")
    text = reply.mapping().get("pkgVersion")
    if not isinstance(text, str) or not _VERSION.fullmatch(text):
        raise reply.malformed()
    return ServerVersion(text)


def health(config: Config) -> bool:
    """Whether the server answers that it is available; never raises for one that does not."""
    try:
        return (
            connect(config).request("GET", "/health", idempotent=False).mapping().get("status") == "available"
        )
    except ScrypathError:
        return False


def probed(config: Config) -> AbstractContextManager[None]:
    """Find out beside the block whether the server answers, so that a call does not wait for it after another."""
    if config.meilisearch_url is None:
        return nullcontext()
    return reach.probed(connect(config).url, partial(_probe, config))


def _probe(config: Config) -> None:
    health(config)


def _parts(text: str) -> tuple[int, int, int]:
    numbers = [int(number) for number in re.findall(r"\d+", text.partition("-")[0])[:3]]
    major, minor, patch = (*numbers, 0, 0, 0)[:3]
    return major, minor, patch
