"""The client and the services name the same operations, methods and paths."""

import inspect
import re
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints
from uuid import UUID

import pytest
from pydantic import BaseModel

from safepassage.client import calls
from safepassage.client.call import Call
from safepassage.client.methods import Awaited
from safepassage.client.operations import AsyncOperations
from services.gateway.door.routing_table import ROUTES
from shared.who_may_call import SERVICES
from tests.documented import documented

NOT_FOR_CLIENTS = (
    "/internal/",
    "/public",
    "/v1/peer/",
    "/v1/witness/",
    "/v1/mirror/",
    "/v1/node-statements",
    "/v1/trust-lists",
    "/oauth/",
    "/.well-known/",
    "/livez",
    "/readyz",
    "/ims/",
    "/assets/",
    "/console",
    "/docs",
    "/family",
    "/openapi.json",
    "/sign",
)
"""/assets/, /console, /family, /sign: pages for people. /ims/: OneRoster's 41 operations are read by one call of ours (ONE_FOR_MANY)."""
ONE_FOR_MANY = {"read_oneroster": "/ims/oneroster/rostering/v1p2/"}
"""Calls that read whatever is below a path of another standard."""
VARIANTS = {
    "read_received_record_as_document": "read_received_record",
    "read_received_record_as_edfi": "read_received_record",
    "read_received_record_naming_unread": "read_received_record",
    "record_audit_agreement": "record_agreement",
    "record_study_agreement": "record_agreement",
}
"""Calls that are another form of an operation."""


DOCUMENTED = [documented(service)["paths"] for service in SERVICES]


def operations() -> Iterator[tuple[str, str, str]]:
    for paths in DOCUMENTED:
        for path, members in paths.items():
            if path == "/oauth/token_info" or not path.startswith(NOT_FOR_CLIENTS):
                yield from ((operation["operationId"], method.upper(), path) for method, operation in members.items())


OPERATIONS = {name: (method, path) for name, method, path in operations()}
CALLS = {name: held.build for name, held in vars(AsyncOperations).items() if isinstance(held, Awaited)}


TOLD_ONCE = {"make_client_secret", "make_family_link"}
"""What they make is in their answer and nowhere else."""


def example(kind: Any) -> Any:
    """A value for a parameter, good enough to build the path."""
    if isinstance(kind, str):  # a word of a closed vocabulary
        return kind
    if get_args(kind):  # one of several
        return example(get_args(kind)[0])
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind.model_construct(id=UUID(int=1))
    return {UUID: UUID(int=1), int: 7, bytes: b"", str: "x"}[kind]


def built(name: str) -> Call[Any]:
    call, hints = CALLS[name], get_type_hints(CALLS[name])
    required = [p.name for p in inspect.signature(call).parameters.values() if p.default is inspect.Parameter.empty]
    made: Call[Any] = call(**{parameter: example(hints[parameter]) for parameter in required})
    return made


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_operation_has_a_call_of_its_name_method_and_path(name: str) -> None:
    assert name in CALLS, "add it to a file of safepassage/client/calls.py, and to operations.py"
    method, path = OPERATIONS[name]
    call = built(name)
    assert call.method == method
    assert re.fullmatch(re.sub(r"\\\{[a-z_]+\\\}", "[^/]+", re.escape(path)), call.path)


def test_every_call_is_found_under_its_name_among_all_of_them() -> None:
    """The README sends its reader to `safepassage.client.calls`, whichever file a call stands in."""
    assert [name for name, build in CALLS.items() if getattr(calls, name, None) is not build] == []


@pytest.mark.parametrize("name", ONE_FOR_MANY)
def test_a_call_for_many_operations_reads_them_by_their_paths(name: str) -> None:
    paths = [path for documented in DOCUMENTED for path in documented if path.startswith("/ims/")]
    assert len(paths) > 40
    assert {CALLS[name](path.removeprefix(ONE_FOR_MANY[name])).path for path in paths} == set(paths)


@pytest.mark.parametrize("name", sorted(CALLS.keys() - ONE_FOR_MANY))
def test_every_call_is_an_operation(name: str) -> None:
    assert VARIANTS.get(name, name) in OPERATIONS


def test_what_is_told_once_is_never_asked_for_again_by_the_client_itself() -> None:
    """The node keeps a digest of it: asked again, it could only make another one, and a lost answer is for a person to look at."""
    assert [built(name).may_repeat for name in sorted(TOLD_ONCE)] == [False] * len(TOLD_ONCE)


DOOR = {(route.method, route.template): min(route.answer_seconds, route.total_seconds) for route in ROUTES}


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_an_answer_is_waited_for_as_long_as_the_door_lets_it_take(name: str) -> None:
    """Who leaves earlier stops a load that goes well, and begins it anew: it would never end."""
    method, path = OPERATIONS[name]
    assert built(name).answer_seconds >= DOOR[method, path.replace("{tile_path}", "{path:path}")]


@pytest.mark.parametrize("name", ONE_FOR_MANY)
def test_a_call_for_many_operations_waits_for_the_slowest_of_them(name: str) -> None:
    slowest = max(seconds for (_, template), seconds in DOOR.items() if template.startswith(ONE_FOR_MANY[name]))
    assert CALLS[name]("orgs").answer_seconds >= slowest


@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() - TOLD_ONCE))
def test_what_changes_something_has_a_key_and_what_only_reads_may_be_repeated(name: str) -> None:
    call = built(name)
    assert call.may_repeat
    assert (call.idempotency_key is not None) == (call.method != "GET" and not call.repeatable)
