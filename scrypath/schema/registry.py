"""The schemas this process knows, by name."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from scrypath import config_file
from scrypath.config import Config
from scrypath.errors import SchemaError, ScrypathError, did_you_mean, presentable
from scrypath.redaction import redact
from scrypath.schema.index_names import rollback_of, target_of
from scrypath.schema.metadata import SearchSchema
from scrypath.schema.row_query import query_can_be_tried, row_query

_FORM = "Write it as package.module:Model."

_schemas: dict[str, SearchSchema] = {}
# Whose query could not be tried when they were declared: it names what came later.
_untried: set[SearchSchema] = set()
# The model's own name, say, which Python knows only after the declaration.
KNOWN_LATER = (NameError, AttributeError, ImportError)


def add(schema: SearchSchema) -> SearchSchema:
    """Register a schema; the same declaration again (a notebook cell run twice) replaces the former.

    Raises
    ------
    SchemaError
        When another schema has the name, or would share the index or one that a rebuild of it works with, or when
        the schema's query cannot say what a row is: at once where SQLAlchemy knows already, otherwise when the
        schema is first used.
    """
    _try_query(schema)
    for other in _schemas.values():
        if other.name == schema.name:
            if other.import_string == schema.import_string:
                continue
            raise SchemaError(
                f"Two schemas are named {schema.name!r}: {other.import_string} and {schema.import_string}.",
                hint="Give one of them name=.",
            )
        if other.index_prefix == schema.index_prefix:  # whatever prefix the configuration gives
            _refuse_one_name(schema, schema.table.name, other, other.table.name)
    _schemas[schema.name] = schema
    return schema


def remove(name: str) -> None:
    """Forget a schema."""
    _schemas.pop(name, None)


def names() -> tuple[str, ...]:
    """Names of all registered schemas, sorted."""
    return tuple(sorted(_schemas))


def find(given: Any) -> SearchSchema:
    """The schema for a registered name, an import string, a model or a schema.

    Raises
    ------
    SchemaError
        When nothing is registered under it; the hint names the nearest. When the schema's query cannot say what a row
        is, and that could not be seen when it was declared.
    """
    found = _find(given)
    if found in _untried and _tried(found, KNOWN_LATER):
        _untried.discard(found)
    return found


def _find(given: Any) -> SearchSchema:
    if isinstance(given, SearchSchema):
        return given
    if isinstance(given, str):
        if given in _schemas:
            return _schemas[given]
        if ":" in given:
            return load(given)
        raise SchemaError(f"No schema is named {given!r}.", hint=did_you_mean(given, _schemas))
    for schema in _schemas.values():
        if schema.model is given or schema.table is given:
            return schema
    raise SchemaError(
        f"{getattr(given, '__name__', given)!r} is not declared searchable.",
        hint="Put @searchable(fields=[…]) on it, or name a schema: " + did_you_mean(str(given), _schemas),
    )


def every(config: Config) -> tuple[SearchSchema, ...]:
    """All schemas: those that ``config.schemas`` imports, and those declared in this process.

    Raises
    ------
    SchemaError
        When an import string does not lead to a schema, or no schema is known at all.
    """
    for path in config.schemas:
        load(path)
    if not _schemas:
        raise SchemaError(
            "No schema is known.",
            hint="Set schemas = ['package.module:Model'] in scrypath.toml, or SCRYPATH_SCHEMAS.",
        )
    return tuple(_schemas[name] for name in sorted(_schemas))


def available(config: Config) -> tuple[list[SearchSchema], dict[str, SchemaError]]:
    """All schemas that can be used, and by name or import string what keeps others from being used.

    Raises
    ------
    SchemaError
        When no schema is named anywhere.
    """
    lost: dict[str, SchemaError] = {}
    for path in config.schemas:
        try:
            load(path)
        except SchemaError as error:
            lost[path] = error
        except ScrypathError as error:  # of the module itself
            lost[path] = SchemaError(f"{path!r} cannot be imported: {error.message}", hint=error.hint)
    known = []
    for name in names():
        try:
            found = find(name)
            index_of(found, config)
            known.append(found)
        except SchemaError as error:  # its query cannot be applied, or its index is another's
            lost[name] = error
    return (known, lost) if known or lost else ([*every(config)], lost)


def by_index(config: Config) -> dict[str, SearchSchema]:
    """The registered schemas by the name of their index.

    Raises
    ------
    SchemaError
        When two of them have the same under this configuration.
    """
    return {index_of(schema, config): schema for schema in _schemas.values()}


def index_of(schema: SearchSchema, config: Config) -> str:
    """The name of a schema's index under a configuration, which no other registered schema may have.

    Raises
    ------
    SchemaError
        When another has it, or works with it when it is rebuilt: each would overwrite the other's documents.
    """
    uid = schema.index_name(config)
    for other in _schemas.values():
        if other.name != schema.name:
            _refuse_one_name(schema, uid, other, other.index_name(config))
    return uid


def _refuse_one_name(schema: SearchSchema, index: str, other: SearchSchema, others_index: str) -> None:
    named = {found.name: f"{found.name} (table {found.table.fullname})" for found in (schema, other)}
    if index == others_index:
        problem = f"{' and '.join(named[name] for name in sorted(named))} would share the index {index!r}."
    elif index in (target_of(others_index), rollback_of(others_index)):
        problem = (
            f"{named[schema.name]} would share the index {index!r} with a rebuild of {named[other.name]}."
        )
    elif others_index in (target_of(index), rollback_of(index)):
        problem = f"{named[other.name]} would share the index {others_index!r} with a rebuild of {named[schema.name]}."
    else:
        return
    raise SchemaError(problem, hint="Give one of them an index_prefix= that makes another name.")


def _try_query(schema: SearchSchema) -> None:
    if schema.query is None:
        return
    if not query_can_be_tried(schema):
        _untried.add(schema)
        return
    if not _tried(schema, ()):
        _untried.add(schema)


def _tried(schema: SearchSchema, known: tuple[type[Exception], ...]) -> bool:
    """Whether the query was applied; it may need what is not there yet, such as the tenant of a request."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        row_query(schema)
    except SchemaError as error:
        # A traceback that shows a secret is no cause, but still the context.
        raised = error.__context__ if error.__suppress_context__ else None
        if raised is None or isinstance(raised, (SQLAlchemyError, *known)):
            raise
        return False
    return True


def _make_project_importable() -> None:
    # An operator's schemas are modules of the project, whatever folder of it a command or a kernel is started in.
    file = config_file.nearest()
    for folder in ([file.folder] if file is not None else []) + [Path.cwd()]:
        if str(folder) not in sys.path:
            sys.path.append(str(folder))


def load(path: str) -> SearchSchema:
    """The schema behind an import string such as ``shop.search:City``."""
    module_name, _, attribute = path.partition(":")
    if not module_name.strip(".") or module_name.startswith(".") or not attribute:
        raise SchemaError(f"{path!r} does not name a model in a module.", hint=_FORM)
    _make_project_importable()
    try:
        target: Any = importlib.import_module(module_name)
    except ScrypathError:
        raise
    except ImportError as error:
        raise SchemaError(f"{path!r} cannot be imported: {error}.", hint=_FORM) from presentable(error)
    except (Exception, SystemExit) as error:  # a module may do anything when it is imported
        raise SchemaError(
            f"{path!r} cannot be imported: {type(error).__name__}: {redact(str(error))}.",
            hint=f"Fix the module; python -m {module_name} shows where it fails.",
        ) from presentable(error)
    for part in attribute.split("."):
        target = getattr(target, part, None)
    if target is None:
        raise SchemaError(f"{module_name} has no {attribute!r}.", hint=did_you_mean(attribute, _schemas))
    return find(target)
