"""Links of the node's document (OpenAPI 3.1 section 4.8.20): from what an operation makes, or does, to what can be done next.

Most follow from the paths: what is made in a collection is below it, under its id; what is put somewhere is there; what is done to a thing
leads to reading the thing. The rest is a table, and what leads nowhere says why; a test wants each creation in one of them.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

Paths = Mapping[str, dict[str, Any]]

JSON: Final = "application/json"
DONE: Final = ("200", "201", "202")

ID: Final[Mapping[str, str]] = {
    "gateway.register_oneself": "client_id",
    "privacy.draft_policy_set": "policy_hash",
}
"""The member of the answer that names what was made, where it is not `id`."""

ANSWERED_200: Final = frozenset({"records.ask_statistics"})
"""What is asked for again may be answered with what was made before: so these say 200, and make something."""

HANDED_ON: Final[Mapping[str, str]] = {"records.make_hand_carry_copy": "records.print_hand_carry_copy"}
"""To what the whole answer is sent."""

ELSEWHERE: Final[Mapping[str, str]] = {
    "privacy.import_agreement": "/v1/agreements",
    "records.issue_educator_credential": "/v1/credentials",
    "records.issue_transcript": "/v1/credentials",
    "privacy.attest_question": "/v1/readiness/attestations",
}
"""The collection in which it is, where that is not the path it was sent to."""

NOWHERE: Final[Mapping[str, str]] = {
    "audit.sign_alert_review": "reviews are read as a list",
    "gateway.push_authorization_request": "a browser takes the name of the request to a page",
    "privacy.clear_destruction": "the clearance is the answer, and names itself to whoever destroys",
    "records.receive_educator_credential": "it is found by the educator, whose name is in no URL",
}
"""Creations that lead to no operation."""


def creations(paths: Paths) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, status and operation of each that makes something and tells of it in JSON."""
    for path, operations in paths.items():
        operation = operations.get("post", {})
        for status in ("201", "202", *(("200",) if operation.get("operationId") in ANSWERED_200 else ())):
            if JSON in operation.get("responses", {}).get(status, {}).get("content", {}):
                yield path, status, operation


def link(paths: Paths) -> None:
    """Put the links into the answers of each operation that makes or changes something."""
    made = {operation["operationId"] for _, _, operation in creations(paths)}
    operation_of = {one["operationId"]: one for operations in paths.values() for one in operations.values()}
    for path, operations in paths.items():
        for method, operation in operations.items():
            if method == "get":
                continue
            name, found = operation["operationId"], dict(_after(paths, _left(path) if method == "delete" else path))
            if method == "put" and path.endswith("}"):
                found |= _there(paths, path)
            if name in made:
                found |= _made(paths, path, name)
            if name in HANDED_ON:
                found |= {HANDED_ON[name]: _link(operation_of[HANDED_ON[name]], {}) | {"requestBody": "$response.body"}}
            found.pop(name, None)
            for status, answer in operation["responses"].items() if found else ():
                if status == "204" or (status in DONE and JSON in answer.get("content", {})):
                    answer["links"] = dict(sorted(found.items()))


def _made(paths: Paths, path: str, made_by: str) -> dict[str, dict[str, Any]]:
    """What is below the collection in which it was made, by operation."""
    own = _own(path)
    found: dict[str, dict[str, Any]] = {}
    for other, operations in paths.items():
        more = [name for name in _parameters(other) if name not in own]
        if other.startswith(ELSEWHERE.get(made_by, path) + "/{") and len(more) == 1:
            known = {name: own[name] for name in _parameters(other) if name in own}
            named = {**known, more[0]: f"$response.body#/{ID.get(made_by, 'id')}"}
            found |= {one["operationId"]: _link(one, named) for one in operations.values()}
    return found


def _there(paths: Paths, path: str) -> dict[str, dict[str, Any]]:
    """What can be done to what was put there."""
    own = _own(path)
    below = {other: operations for other, operations in paths.items() if other == path or other.startswith(path + "/")}
    alone = [operations for other, operations in below.items() if _own(other) == own]
    return {one["operationId"]: _link(one, own) for operations in alone for one in operations.values()}


def _after(paths: Paths, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The thing itself, read: that to which something was done."""
    thing = path
    while "}" in thing:
        thing = thing[: thing.rindex("}") + 1]
        read = paths.get(thing, {}).get("get")
        if read is not None:
            yield read["operationId"], _link(read, _own(thing))
            return
        thing = thing[: thing.rindex("{")]


def _left(path: str) -> str:
    """Of a path at which something is deleted, what is left to be read: not the thing itself."""
    return path[: path.rindex("{")] if path.endswith("}") else path


def _own(path: str) -> dict[str, str]:
    return {name: f"$request.path.{name}" for name in _parameters(path)}


def _link(operation: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    return {"operationId": operation["operationId"], "parameters": dict(parameters)}


def _parameters(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]
