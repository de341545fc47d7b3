"""One OpenAPI document of the whole node: what is reached through the door, under the names of the services that answer it.

Who may call an operation is what the routing table says; what is not in the table is not in the document.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from node.document_links import link
from safepassage import __version__
from services.gateway.door.route import Route, shape
from services.gateway.door.routing_table import ROUTES
from services.gateway.oauth.scopes import SCOPES
from shared.status_info import is_of_1edtech
from shared.who_may_call import ServiceName

SCHEMAS: Final = "#/components/schemas/"
PROBLEM: Final = "Gateway_Problem"
TOKEN, PROOF, SESSION, VISIT = "token", "proof", "session", "visit"
DOOR: Final[Mapping[str, str]] = {
    "400": "The request cannot be read in one way only, or is not what the operation takes",
    "401": "No token or proof that counts",
    "403": "The token does not open this",
    "413": "The body is too large",
    "415": "The body is of another kind, or coded",
    "429": "Too many requests: Retry-After says when",
    "431": "The header is too large",
    "503": "Not now: Retry-After says when",
    "504": "The answer did not come in its time",
}
"""What the door itself answers, where the service that answers has nothing of its own to say there."""


def merged(documents: Mapping[ServiceName, Mapping[str, Any]], table: Sequence[Route] = ROUTES) -> dict[str, Any]:
    """The document of the node, of those of its services. Raises ValueError where two of them say different things of one operation."""
    # OpenAPI knows no parameter that takes several segments.
    routes = {(route.method, shape(route.template).replace("{rest}", "{}")): route for route in table}
    paths: dict[str, dict[str, Any]] = {}
    schemas: dict[str, Any] = {}
    for service, document in documents.items():
        named = {name: f"{service.capitalize()}_{name}" for name in document["components"]["schemas"]}
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                route = routes.get((method.upper(), shape(path)))
                if route is None:
                    continue
                if method in paths.setdefault(path, {}):
                    raise ValueError(f"two services describe {method.upper()} {path}")
                paths[path][method] = _operation(_renamed(operation, named), service, route, of_1edtech=is_of_1edtech(path))
        schemas |= {named[name]: _renamed(schema, named) for name, schema in document["components"]["schemas"].items()}
    link(paths)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Safe Passage",
            "version": __version__,
            "summary": "Everything that one node answers to clients and to other nodes.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in sorted(_tags(paths))],
        "paths": paths,
        "components": {"schemas": _reached(paths, schemas), "securitySchemes": _schemes()},
    }


def _operation(operation: dict[str, Any], service: ServiceName, route: Route, *, of_1edtech: bool) -> dict[str, Any]:
    operation["operationId"] = f"{service}.{operation['operationId']}"
    operation["tags"] = [f"{service}: {tag}" for tag in operation.get("tags", ["other"])]
    operation["security"] = _security(route)
    operation["x-limits"] = {"header_bytes": route.header.bytes, "header_fields": route.header.fields, "body_bytes": route.body_bytes}
    if route.ending is not None:
        operation["deprecated"] = True
        operation["description"] = "\n\n".join(filter(None, (operation.get("description"), route.ending.said)))
    for status, said in () if route.is_page else DOOR.items():
        if (route.accepts == "anonymous" and status in ("401", "403")) or (service == "gateway" and status == "504"):
            continue
        if of_1edtech:
            operation["responses"].setdefault(status, {"description": said, "content": {"application/json": {}}})
        else:
            problem = {"application/problem+json": {"schema": {"$ref": SCHEMAS + PROBLEM}}}
            operation["responses"].setdefault(status, {"description": said, "content": problem})
    return operation


def _tags(paths: Mapping[str, Any]) -> set[str]:
    return {tag for operations in paths.values() for operation in operations.values() for tag in operation["tags"]}


def _security(route: Route) -> list[dict[str, list[str]]]:
    """One of the alternatives is needed: a token with a scope of the route and all that it always needs, and a proof; or a session."""
    if route.accepts == "anonymous":
        return []
    if route.accepts == "people":
        return [{SESSION: []}]
    if route.accepts == "families":
        return [{VISIT: []}]
    return [{TOKEN: sorted({scope, *route.and_scopes}), PROOF: []} for scope in sorted(route.scopes)]


def _schemes() -> dict[str, Any]:
    scopes = {name: meaning.summary for name, meaning in sorted(SCOPES.items())}
    return {
        TOKEN: {
            "type": "oauth2",
            "description": "An access token bound to a key, sent as `Authorization: DPoP <token>`; asked for with a signed assertion.",
            "flows": {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": scopes}},
        },
        PROOF: {"type": "apiKey", "in": "header", "name": "DPoP", "description": "A proof of that key, made for this request (RFC 9449)."},
        SESSION: {"type": "apiKey", "in": "cookie", "name": "__Host-sid", "description": "Of a person who is signed in, in a browser."},
        VISIT: {"type": "apiKey", "in": "cookie", "name": "__Host-family", "description": "Of a family that used its link, in a browser."},
    }


def _renamed(value: Any, named: Mapping[str, str]) -> Any:
    """A copy whose references lead to the schemas' new names."""
    if isinstance(value, dict):
        return {key: _renamed(one, named) for key, one in value.items()}
    if isinstance(value, list):
        return [_renamed(one, named) for one in value]
    if isinstance(value, str) and value.startswith(SCHEMAS):
        return SCHEMAS + named[value.removeprefix(SCHEMAS)]
    return value


def _reached(paths: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """The schemas that an operation leads to: those of internal routes are told to nobody."""
    seen: dict[str, Any] = {}
    waiting = list(_references(paths))
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen[name] = schemas[name]
            waiting += _references(schemas[name])
    return seen


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)
    elif isinstance(value, str) and value.startswith(SCHEMAS):
        yield value.removeprefix(SCHEMAS)
