"""``scrypath rehearse``: make an incident happen to the catalogue of the local stack."""

from __future__ import annotations

from typing import Annotated

import typer

from scrypath.cli import answers
from scrypath.cli.options import AsJson
from scrypath.cli.running import Exit


def rehearse(
    incident: Annotated[
        str | None,
        typer.Argument(help="Its name; none lists what there is.", show_default=False),
    ] = None,
    documents: Annotated[
        int | None, typer.Option("--documents", min=1, help="Rows it touches.", show_default=False)
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Chooses the rows.", show_default=False)] = None,
    as_json: AsJson = False,
) -> int:
    """Make an incident happen, for practice, to the catalogue of the local stack."""
    from scrypath.local import rehearsal

    if incident is None:
        names = [str(name) for name in rehearsal.IncidentName]
        if as_json:
            answers.write(names)
        else:
            typer.echo("\n".join(names))
        return Exit.FINE
    happened = rehearsal.rehearse(
        incident, documents=documents, seed=rehearsal.SEED if seed is None else seed
    )
    if as_json:
        answers.write(happened.as_dict())
    else:
        typer.echo(str(happened))
    return Exit.FINE
