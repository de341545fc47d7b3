"""Ed-Fi resources against their schemas: those of the published OpenAPI document, and what later versions of the standard added."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import jsonschema_rs

_DOCUMENT: Final[dict[str, Any]] = json.loads((Path(__file__).parent / "edfi_schemas.json").read_text())

RESOURCES: Final = frozenset(_DOCUMENT["resources"])
"""Resources that have a schema."""


class Conformity(NamedTuple):
    """What of a body is as its schema says."""

    whole: bool
    """False where it is not the resource at all: no object, or something that must be there is absent or of another kind."""
    refused: frozenset[str]
    """Members that may be left out, and are not as they should be."""


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
    wrong = [error.instance_path[0] if error.instance_path else None for error in validator.iter_errors(body)]
    refused = frozenset(str(member) for member in wrong if member is not None)
    return Conformity(whole=None not in wrong and refused.isdisjoint(_schema(resource)["required"]), refused=refused)
