"""Ed-Fi resources against their schemas: those of the published OpenAPI document, and what later versions of the standard added."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import jsonschema_rs

from services.records.formats.not_valid import Fault, in_kebab, named

_DOCUMENT: Final[dict[str, Any]] = json.loads((Path(__file__).parent / "edfi_schemas.json").read_text())

RESOURCES: Final = frozenset(_DOCUMENT["resources"])
"""Resources that have a schema."""


class Conformity(NamedTuple):
    """What of a body is as its schema says."""

    whole: bool
    """False where it is not the resource at all: no object, or something that must be there is absent or of another kind."""
    refused: frozenset[str]
    """Members that may be left out, and are not as they should be."""
    faults: tuple[Fault, ...] = ()
    """Which rule of the schema each member does not hold to."""


AS_IT_SHOULD_BE: Final = Conformity(whole=True, refused=frozenset())


@cache
def _schema(resource: str) -> Mapping[str, Any]:
    schema: dict[str, Any] = _DOCUMENT["resources"][resource]
    if "$ref" in schema:
        schema = _DOCUMENT["definitions"][schema["$ref"].rpartition("/")[2]]
    return schema


@cache
def _validator(resource: str) -> jsonschema_rs.Draft7Validator:
    return jsonschema_rs.Draft7Validator({**_schema(resource), "definitions": _DOCUMENT["definitions"]}, validate_formats=True)


def known_members(resource: str) -> frozenset[str]:
    """The members that a resource has by its schema; none for a resource without one."""
    return frozenset(_schema(resource)["properties"]) if resource in RESOURCES else frozenset()


def conformity(resource: str, body: Any) -> Conformity:
    """How a body stands to the schema of `resource`, one of RESOURCES. Members that the schema does not have are not looked at."""
    validator = _validator(resource)
    if validator.is_valid(body):
        return AS_IT_SHOULD_BE
    errors = list(validator.iter_errors(body))
    wrong = [error.instance_path[0] if error.instance_path else None for error in errors]
    refused = frozenset(str(member) for member in wrong if member is not None)
    whole = None not in wrong and refused.isdisjoint(_schema(resource)["required"])
    return Conformity(whole=whole, refused=refused, faults=tuple(_fault(error) for error in errors))


def _fault(error: jsonschema_rs.ValidationError) -> Fault:
    """INVARIANT: what is missing is named by the schema, what is wrong by a name that the schema has."""
    missing = [error.kind.property] if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Required) else []
    rule = next((step for step in reversed(error.schema_path) if isinstance(step, str)), "schema")
    return Fault(named([*error.instance_path, *missing], known=_names()), in_kebab(rule))


@cache
def _names() -> frozenset[str]:
    found: set[str] = set()
    waiting: list[Any] = [_DOCUMENT]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            properties = one.get("properties")
            found.update(properties if isinstance(properties, dict) else ())
            waiting.extend(one.values())
    return frozenset(found)
