"""What a worker of an executor gets: which schema, read how, from which database and server."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from scrypath.compare.definition import definition
from scrypath.config import Config
from scrypath.errors import InvalidOptions, SchemaError
from scrypath.schema import SearchSchema, registry
from scrypath.schema.index_ref import IndexRef
from scrypath.vocabulary import Verification


@dataclass(frozen=True, slots=True)
class ReadJob:
    """What every part of one reading needs to know; it travels to the worker as it is.

    Parameters
    ----------
    run
        Of this reading alone: an executor that remembers results must not answer from another one.
    schema
        Import string; the schema itself for threads of this process, where it has none.
    uid
        Name of the index.
    definition
        How the rows and their fingerprint are defined here, to be the same where they are read.
    config
        Names the database and the server.
    verify
        Whether documents are judged by the fingerprint they carry or by their content.
    """

    run: str
    schema: str | SearchSchema
    uid: str
    definition: str
    config: Config
    verify: Verification

    def again(self) -> ReadJob:
        """The same for another reading."""
        return replace(self, run=uuid4().hex)


def check_executor(executor: Any) -> None:
    """Nothing, or an ``InvalidOptions`` for anything but an executor."""
    if not isinstance(executor, Executor):
        raise InvalidOptions(
            f"executor cannot be {executor!r}.",
            hint="Give a concurrent.futures.Executor: ThreadPoolExecutor(4), say, or Dask's client.get_executor().",
        )


def read_job(ref: IndexRef, verify: Verification, executor: Executor) -> ReadJob:
    """The job to read a schema on an executor.

    Raises
    ------
    SchemaError
        When the workers could not find the schema.
    """
    path = _path(ref)
    if path is None and not isinstance(executor, ThreadPoolExecutor):
        raise SchemaError(
            f"{ref.schema.name} cannot be imported by the workers of another process: it was declared as "
            f"{ref.schema.import_string!r}.",
            hint="Declare it in a module of your project and import it from there, or give a ThreadPoolExecutor.",
        )
    return ReadJob(
        uuid4().hex, path or ref.schema, ref.uid, definition(ref.schema, moments=False), ref.config, verify
    )


def ref_of(job: ReadJob) -> IndexRef:
    """The index of a job, its schema as a worker finds it.

    Raises
    ------
    SchemaError
        When it is not there, or is declared in another form.
    """
    hint = "Bring your project and scrypath to the same version there, and restart the workers."
    try:
        found = registry.find(job.schema)
    except SchemaError as error:
        raise SchemaError(f"Where the executor's workers run, {error.message}", hint=hint) from error
    if definition(found, moments=False) != job.definition:
        raise SchemaError(
            f"{found.name} is declared differently where the executor's workers run.", hint=hint
        )
    return IndexRef(found, job.config, job.uid)


def _path(ref: IndexRef) -> str | None:
    """An import string that leads to this schema, also in another process."""
    for path in (ref.schema.import_string, *ref.config.schemas):
        module, _, name = path.partition(":")
        if name and module != "__main__":
            with suppress(Exception):  # another schema's module that cannot be imported is not in the way
                if registry.load(path) is ref.schema:
                    return path
    return None
