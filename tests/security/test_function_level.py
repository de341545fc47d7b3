"""Every operation of clients by every set of scopes that is not enough for it: at the door, and at the service, which asks by itself.

What is left out of a set is one scope that the operation needs, with those that would do in its place. Everything else that there is, or
that a client of that kind can have, is in it: so no set without them opens anything.
"""

import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from services.gateway.door.route import Route
from services.gateway.oauth.scopes import SCOPES
from shared.in_process import call
from shared.internal_token import HEADER, CallerClaims, FamilyMember
from tests.conftest import StandingClock
from tests.gateway.by_hand import Party, ask_token
from tests.gateway.by_hand import call as call_with
from tests.isolation.coverage import operations, route_of
from tests.isolation.two_districts import MOST_SCOPES, Stranger, TwoDistricts, meet_everybody, two_districts
from tests.records.one_state import STATE_AGENCY

pytestmark = pytest.mark.anyio

ID = "019a0000-0000-7000-8000-000000000000"
OF_FAMILIES = {
    "audit.disclosure_accounting",
    *("privacy.record_consent", "privacy.narrow_consent", "privacy.withdraw_consent"),
    *("privacy.record_preference", "privacy.rescind_preference"),
    *("privacy.read_rights_file", "privacy.request_amendment", "privacy.request_hearing"),
    *("privacy.request_inspection", "privacy.take_inspection_step"),
}
"""What is open to a parent or student who came by a link, too: of their own student alone (tests/gateway/family)."""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def two(tmp_path_factory: pytest.TempPathFactory, node_keys: Path) -> AsyncIterator[TwoDistricts]:
    clock = StandingClock(datetime(2026, 10, 20, 12, 0, 0, tzinfo=UTC))
    async with two_districts(tmp_path_factory.mktemp("node"), node_keys, clock) as opened:
        await meet_everybody(opened)
        yield opened


def of_clients() -> Iterator[tuple[str, Route, str]]:
    """Operations of clients, each with a path that names nothing that there is."""
    for operation, (_, path) in operations().items():
        if route_of(operation).accepts == "clients":
            parts = (ID if part.startswith("{") else part for part in path.split("/"))
            yield operation, route_of(operation), "/".join(parts)


def needed_by(route: Route) -> tuple[frozenset[str], ...]:
    """Of each set one scope is needed."""
    return (route.scopes, *(frozenset({one}) for one in sorted(route.and_scopes)))


def somebody(scopes: frozenset[str], kind: str, family: FamilyMember | None = None) -> CallerClaims:
    """An administrator with these scopes, as the gateway tells a service of them."""
    return CallerClaims.model_validate(
        {
            "client_id": "a-client",
            "organisation_id": STATE_AGENCY,
            "organisation_kind": kind,
            "role": "administrator",
            "scopes": scopes,
            "details": {"purpose": "enrollment", "entity_id": "https://birch.example"},
            "family": family,
        }
    )


async def at_the_service(two: TwoDistricts, route: Route, path: str, claims: CallerClaims) -> tuple[int, str | None]:
    """The status of the service itself for whom the gateway vouches for, and the scopes that it says are missing."""
    fields = {HEADER: two.state.gateway.for_caller(route.service, claims, two.state.clock()), "content-type": "application/json"}
    answer = await call(two.state.node.applications[route.service], route.method, path, headers=fields)
    return answer.status, answer.headers.get("sp-needs-scope")


@pytest.mark.requirement("DOOR-functions")
async def test_a_service_asks_for_the_scopes_of_each_operation_by_itself(two: TwoDistricts) -> None:
    tried = 0
    for operation, route, path in of_clients():
        if route.service == "gateway":
            continue
        for needed in needed_by(route):
            for kind in ("sea", "lea", "vendor", "peer"):
                status, missing = await at_the_service(two, route, path, somebody(frozenset(SCOPES) - needed, kind))
                assert (status, set((missing or "").split()) <= needed) == (403, True), (operation, kind, status, missing)
                tried += 1
    assert tried > 700


@pytest.mark.requirement("DOOR-functions")
async def test_whoever_came_by_a_familys_link_opens_nothing_that_is_not_open_to_families_by_name(two: TwoDistricts) -> None:
    member = FamilyMember(student_id=UUID(ID), person_id=UUID(ID))
    opened = set()
    for operation, route, path in of_clients():
        if route.service != "gateway":
            status, missing = await at_the_service(two, route, path, somebody(frozenset(SCOPES), "lea", member))
            if (status, missing) != (403, None):
                opened.add(operation)
    assert opened == OF_FAMILIES


async def _token(two: TwoDistricts, party: Party, scopes: frozenset[str]) -> str:
    now = two.state.clock()
    answer = await ask_token(two.door, party, now, form=party.form(now, scope=" ".join(sorted(scopes))))
    assert answer.status == 200, answer.body
    return str(answer.json["access_token"])


async def _narrowed(two: TwoDistricts, by: Stranger, needed: frozenset[str]) -> list[tuple[Party, str]]:
    """Tokens that together have every scope that they can have but those of `needed`."""
    left = [(party, scopes - needed) for party, scopes in zip(by.parties, by.scopes, strict=True)]
    return [(party, await _token(two, party, scopes)) for party, scopes in left if scopes]


@pytest.mark.requirement("DOOR-functions")
async def test_the_door_opens_no_operation_to_a_token_without_its_scopes(two: TwoDistricts) -> None:
    everybody = [two.owners["state"], two.owners["district"], two.owners["vendor"]]
    everybody += [one for one in two.strangers.values() if one.kind in ("school", "agency")]
    tried = 0
    for by in everybody:
        tokens: dict[frozenset[str], list[tuple[Party, str]]] = {}
        for operation, route, path in of_clients():
            for needed in needed_by(route):
                if needed not in tokens:
                    tokens[needed] = await _narrowed(two, by, needed)
                for party, token in tokens[needed]:
                    answer = await call_with(two.door, party, two.state.clock(), token, route.method, path)
                    assert answer.status == 403, (operation, by.who, answer.status, answer.body)
                    # all that is needed: a service names its own alone, so this is the door's word
                    challenge = re.search(r'error="insufficient_scope", scope="([^"]+)"', answer.headers["www-authenticate"])
                    assert challenge is not None, operation
                    assert all(one & set(challenge[1].split()) for one in needed_by(route)), (operation, challenge[1])
                    tried += 1
    assert max(len(one.parties) for one in everybody) * MOST_SCOPES >= len(SCOPES) > MOST_SCOPES
    assert tried > 1_500
