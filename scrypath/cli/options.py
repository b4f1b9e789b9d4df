"""The options that commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Schemas = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SCHEMA", help="Registered name or module:Class; none means all.", show_default=False
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer, and fail, in JSON.")]
ExitZero = Annotated[
    bool, typer.Option("--exit-zero", help="End with 0 also where drift or failures were found.")
]
Limit = Annotated[
    int | None,
    typer.Option("--limit", min=1, help="Units of work looked at, newest first.", show_default=False),
]
