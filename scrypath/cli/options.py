"""The options that commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Schemas = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SCHEMA", help="Registered name or module:Class; all when none is given.", show_default=False
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result, or the error, as JSON.")]
ExitZero = Annotated[
    bool, typer.Option("--exit-zero", help="Exit with 0 also when drift or failures were found.")
]
Limit = Annotated[
    int | None,
    typer.Option(
        "--limit", min=1, help="Read at most this many units of work, newest first.", show_default=False
    ),
]
