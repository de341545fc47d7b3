"""What this node's rostering service has, as an OpenAPI document at the address where consumers look for it (1EdTech OneRoster 1.2 REST
binding, section 2.5: a provider publishes its own). It tells of the service and of nobody in it: open to everybody.
"""

import json
import re
from functools import cache
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from services.records.formats.oneroster_places import PREFIX
from services.records.formats.oneroster_vocabulary import FIELDS, RECORD, SINGULAR
from services.records.oneroster.routes import ALL, CORE, DEMOGRAPHICS, ONE, SEVERAL, One, Several

router = APIRouter(prefix=PREFIX, tags=["OneRoster 1.2 rostering"])

NAMES: Final = {
    "discover_rostering_service": "onerosterv1p2rostersservice_openapi3_v1p0.json",
    "discover_rostering_service_by_guide": "imsorv1p2_rostering_openapi3_v1p0.json",
}
"""By operation: as the REST binding names it, and as the guide to conformance does."""

Schema = dict[str, Any]
_TEXT: Final[Schema] = {"type": "string"}
_REFERENCES: Final = {
    "org": "org", "parent": "org", "children": "org", "primaryOrg": "org", "school": "org", "course": "course", "class": "class",
    "user": "user", "agents": "user", "terms": "academicSession", "schoolYear": "academicSession", "resources": "resource",
}  # fmt: skip
_SEVERAL: Final = frozenset({"children", "agents", "terms", "resources", "grades", "subjects", "subjectCodes", "periods"})
_OBJECTS: Final = frozenset({"userIds", "roles", "userProfiles"})
_DATES: Final = frozenset({"startDate", "endDate", "beginDate", "birthDate"})
_ERRORS: Final = {
    "400": "A filter, a selection or a page that is not valid.",
    "401": "No token, or none that is good.",
    "403": "The token does not reach this.",
    "404": "No such object.",
    "429": "Too many requests.",
    "500": "A fault of the service.",
    "default": "Any other refusal.",
}
_QUERY: Final = {
    "limit": {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 100},
    "offset": {"type": "integer", "minimum": 0, "default": 0},
    "sort": _TEXT,
    "orderBy": {"type": "string", "enum": ["asc", "desc"]},
    "filter": _TEXT,
    "fields": {"type": "array", "items": _TEXT},
}


async def _discovered(request: Request) -> Response:
    """The OpenAPI document of the rostering service as it is here; open to everybody."""
    return Response(_document(request.app.state.settings.entity_id), media_type="application/json")


for _name, _file in NAMES.items():
    router.add_api_route(
        f"/discovery/{_file}",
        _discovered,
        methods=["GET"],
        name=_name,
        response_class=Response,
        responses={
            200: {"description": "An OpenAPI document.", "content": {"application/json": {"schema": {"type": "object"}}}},
        },
    )


@cache
def _document(entity_id: str) -> bytes:
    made = {
        "openapi": "3.0.3",
        "info": {
            "title": "OneRoster 1.2 rostering service",
            "version": "1.2",
            "description": "Tokens name the agreement under which they read (authorization_details) and are bound to a key.",
        },
        "servers": [{"url": entity_id + PREFIX}],
        "paths": {_path(one): {"get": _operation(one)} for one in (*SEVERAL, *ONE)},
        "components": {"securitySchemes": {"OAuth2CC": _security(entity_id)}, "schemas": _schemas()},
    }
    return json.dumps(made, separators=(",", ":")).encode()


def _path(operation: Several | One) -> str:
    """With the names that the standard has for parameters: `school_sourced_id` is `schoolSourcedId`."""
    path = re.sub(r"_(\w)", lambda found: found[1].upper(), operation.path)
    return re.sub(r"^/(student|teacher)s/{user", r"/\1s/{\1", path)


def _operation(operation: Several | One) -> Schema:
    path = [{"name": name, "in": "path", "required": True, "schema": _TEXT} for name in re.findall(r"{(\w+)}", _path(operation))]
    asked = _QUERY if isinstance(operation, Several) else {"fields": _QUERY["fields"]}
    query = [{"name": name, "in": "query", "schema": schema} for name, schema in asked.items()]
    given = f"{operation.collection}Set" if isinstance(operation, Several) else f"{SINGULAR[operation.collection]}Single"
    told: Schema = {"description": operation.summary, "content": _json(given)}
    if isinstance(operation, Several):
        told["headers"] = {"X-Total-Count": {"schema": {"type": "integer"}}, "Link": {"schema": _TEXT}}
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [*path, *query],
        "security": [{"OAuth2CC": [one]} for one in (ALL, DEMOGRAPHICS if operation.collection == "demographics" else CORE)],
        "responses": {"200": told} | {code: {"description": why, "content": _json("imsx_StatusInfo")} for code, why in _ERRORS.items()},
    }


def _json(name: str) -> Schema:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def _security(entity_id: str) -> Schema:
    scopes = {ALL: "All of the roster.", CORE: "All but demographics.", DEMOGRAPHICS: "Demographics alone."}
    return {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": f"{entity_id}/oauth/token", "scopes": scopes}}}


def _schemas() -> Schema:
    made: Schema = {}
    for collection, one in SINGULAR.items():
        properties = {name: _member(collection, name) for name in sorted(FIELDS[collection])}
        made[one] = {"type": "object", "required": ["sourcedId", "status", "dateLastModified"], "properties": properties}
        refers = {"$ref": f"#/components/schemas/{one}"}
        made[f"{collection}Set"] = {"type": "object", "properties": {collection: {"type": "array", "items": refers}}}
        made[f"{one}Single"] = {"type": "object", "properties": {one: refers}}
    return made | {"imsx_StatusInfo": _status()}


def _member(collection: str, name: str) -> Schema:
    if name in RECORD:
        known: dict[str, Schema] = {
            "status": {"type": "string", "enum": ["active", "tobedeleted"]},
            "dateLastModified": {"type": "string", "format": "date-time"},
            "metadata": {"type": "object"},
        }
        return known.get(name, _TEXT)
    if name in _OBJECTS:
        return {"type": "array", "items": {"type": "object"}}
    refers = _REFERENCES.get(name)
    if collection == "academicSessions":
        refers = {"parent": "academicSession", "children": "academicSession"}.get(name)
    schema = _TEXT if refers is None else _reference(refers)
    if name in _DATES:
        schema = {"type": "string", "format": "date"}
    return {"type": "array", "items": schema} if name in _SEVERAL else schema


def _reference(kind: str) -> Schema:
    properties = {"href": {"type": "string", "format": "uri"}, "sourcedId": _TEXT, "type": {"type": "string", "enum": [kind]}}
    return {"type": "object", "required": list(properties), "properties": properties}


def _status() -> Schema:
    minor = {"imsx_codeMinorFieldName": _TEXT, "imsx_codeMinorFieldValue": _TEXT}
    fields = {"type": "array", "items": {"type": "object", "properties": minor}}
    return {
        "type": "object",
        "required": ["imsx_codeMajor", "imsx_severity"],
        "properties": {
            "imsx_codeMajor": _TEXT,
            "imsx_severity": _TEXT,
            "imsx_description": _TEXT,
            "imsx_CodeMinor": {"type": "object", "properties": {"imsx_codeMinorField": fields}},
        },
    }
