"""A whole node behind its door, with what two districts have in it, and everybody who might ask for what is not theirs."""

import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

from fastapi import FastAPI

from node.folder import NodeFolder
from safepassage.ids import uuid7
from safepassage.wire_clients import ClientJwk, JwkSet, NewClient
from safepassage.wire_organisations import NewOrganisation, Organisation
from services.gateway.oauth.scopes import SCOPES
from services.gateway.registry.administration import Administration, administration
from shared.settings import ServiceSettings
from shared.who_may_call import ServiceName
from tests.audit.audit_node import AuditNode
from tests.conftest import StandingClock
from tests.gateway.by_hand import Answer, Party, ask_token, call
from tests.isolation.work import Counted
from tests.privacy.node import PrivacyNode
from tests.privacy.world import World
from tests.records.one_state import DISTRICT, OTHER_DISTRICT, OTHER_VENDOR, STATE_AGENCY, VENDOR, OneState, make_state, one_state
from tests.records.oneroster.conftest import SCHEDULE as ROSTER_ELEMENTS

SCHOOL, OTHER_SCHOOL = "030000100006", "030000200004"
THIRD_VENDOR: Final = UUID("01980000-0000-7000-8000-0000000000f3")
AGENCY: Final = UUID("01980000-0000-7000-8000-0000000000e1")
"""Another agency of the state, with no mandate."""
ISSUER: Final = "http://127.0.0.1:9"
MOST_SCOPES: Final = 32
"""Of one client; whoever may have more has two clients."""


class Unhurried(NodeFolder):
    """A node that lets one client ask as often as a matrix needs."""

    def settings(self, service: ServiceName) -> ServiceSettings:
        """As ever, but for the gateway's limits."""
        settings = super().settings(service)
        return settings.model_copy(update={"client_burst": 1_000_000, "anonymous_burst": 1_000_000}) if service == "gateway" else settings


@dataclass(frozen=True)
class Stranger:
    """Somebody whose the things in the matrix are not; `tokens` have together every scope that one of their kind can have."""

    who: str
    kind: str
    parties: tuple[Party, ...]
    tokens: tuple[str, ...]
    scopes: tuple[frozenset[str], ...]

    def with_scope(self, wanted: frozenset[str]) -> tuple[Party, str]:
        """The client to ask with: one that has a scope of the route, else any, which the door refuses."""
        for party, token, scopes in zip(self.parties, self.tokens, self.scopes, strict=True):
            if scopes & wanted:
                return party, token
        return self.parties[0], self.tokens[0]


@dataclass
class TwoDistricts:
    """The node of Alder: what is asked about is the first district's, or its vendor's."""

    state: OneState
    privacy: World
    audit: AuditNode
    hand: Administration
    strangers: dict[str, Stranger] = field(default_factory=dict)
    owners: dict[str, Stranger] = field(default_factory=dict)

    @property
    def door(self) -> FastAPI:
        """The gateway."""
        return self.state.node.applications["gateway"]

    async def register(self, organisation_id: UUID, *scopes: str, purposes: tuple[str, ...] = (), role: str = "registrar") -> Party:
        """A client of an organisation."""
        party = Party("", ISSUER)
        new = NewClient(
            organisation_id=organisation_id,
            name="A client",
            kind="information-system",
            role=role,
            scopes=scopes,
            purposes=purposes,
            jwks=JwkSet(keys=(ClientJwk.model_validate(party.jwk),)),
        )
        party.client_id = str((await self.hand.register_client(new)).id)
        return party

    async def token(self, party: Party, **details: str) -> str:
        """A token for everything that the client may have, for one purpose."""
        now, wanted = self.state.clock(), [{"type": "student_data_access", **details}]
        answer = await ask_token(self.door, party, now, form=party.form(now, authorization_details=json.dumps(wanted)))
        assert answer.status == 200, answer.body
        return str(answer.json["access_token"])

    async def somebody(self, who: str, kind: str, organisation_id: UUID, *, purpose: str, role: str = "registrar") -> Stranger:
        """With every scope that this kind of organisation can have."""
        scopes = sorted(name for name, meaning in SCOPES.items() if kind in meaning.kinds)
        parts = [tuple(scopes[start : start + MOST_SCOPES]) for start in range(0, len(scopes), MOST_SCOPES)]
        parties = [await self.register(organisation_id, *part, purposes=(purpose,), role=role) for part in parts]
        await self.door.state.standing.refresh()
        tokens = [await self.token(party, purpose=purpose) for party in parties]
        return Stranger(who, kind, tuple(parties), tuple(tokens), tuple(map(frozenset, parts)))

    async def under(self, stranger: Stranger, agreement_id: UUID) -> Stranger:
        """The same clients with tokens for one agreement."""
        about = {"purpose": "instruction", "agreement_id": str(agreement_id)}
        return replace(stranger, tokens=tuple([await self.token(party, **about) for party in stranger.parties]))

    async def ask(self, by: Stranger, wanted: frozenset[str], request: "Request", *, through: Counted | None = None) -> Answer:
        """One request through the door; `through`: the door, counted."""
        party, token = by.with_scope(wanted)
        headers = [("idempotency-key", str(uuid4())), *request.headers]
        path = request.path + (f"?{request.query}" if request.query else "")
        about: dict[str, Any] = {"headers": headers}
        if isinstance(request.body, bytes):
            about["body"] = request.body
        elif request.body is not None:
            about["json"] = request.body
        return await call(through or self.door, party, self.state.clock(), token, request.method, path, **about)


@dataclass(frozen=True)
class Request:
    """One request as an owner would send it, and the ids in it that are theirs."""

    method: str
    path: str
    ids: tuple[str, ...]
    body: Any = None
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    def of_nobody(self, nobody: Mapping[str, str]) -> "Request":
        """The same with ids that nobody has."""
        body = self.body
        if isinstance(body, bytes):
            body = _replaced(body.decode("latin-1"), nobody).encode("latin-1")
        elif body is not None:
            body = json.loads(_replaced(json.dumps(body), nobody))
        return Request(self.method, _replaced(self.path, nobody), tuple(nobody.values()), body, _replaced(self.query, nobody), self.headers)


def _replaced(text: str, nobody: Mapping[str, str]) -> str:
    for there, absent in nobody.items():
        text = text.replace(there, absent)
    return text


_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def nobodys(request: Request) -> dict[str, str]:
    """For each id of a request one of the same form that nobody has."""
    return {one: _UUID.sub(_others, one) if _UUID.search(one) else "9" * len(one) for one in request.ids}


def _others(found: re.Match[str]) -> str:
    return found[0][:14] + str(uuid4())[14:]


# Also what an answer says of the log as it is now, which grows with each question.
_OF_THE_REQUEST: Final = re.compile(r'"(?:request_id|incident|decision_id|entry_id)":"[^"]*"|"(?:index|checkpoint)":(?:[0-9]+|"[^"]*")')


def alike(answer: Answer, nobody: Mapping[str, str]) -> tuple[int, str, tuple[tuple[str, str], ...]]:
    """What a stranger can see of an answer, but for the ids that they sent themselves and those of the request."""
    if answer.body.startswith(b"%PDF"):  # two prints of one text are not equal byte for byte
        return answer.status, "", tuple(sorted((name, "") for name, _ in answer.fields))
    body = answer.body.decode("utf-8", "replace")
    for there, absent in nobody.items():
        body = body.replace(absent, there)
    grows = '"index"' in body or '"checkpoint"' in body
    body = _OF_THE_REQUEST.sub("", body)
    left_out = {"x-request-id", "ratelimit", "dpop-nonce", *(("content-length",) if grows else ())}
    fields = sorted((name, value) for name, value in answer.fields if name not in left_out)
    return answer.status, body, tuple(fields)


def organisations_of_the_gateway(state: OneState) -> Iterator[tuple[UUID, NewOrganisation]]:
    """Those that matter here, under the ids that they have in every service."""
    since = date(2020, 1, 1)
    by = state.by_key
    yield STATE_AGENCY, NewOrganisation(kind="sea", name="Alder", valid_from=since)
    for key in (DISTRICT, OTHER_DISTRICT):
        yield by[key], NewOrganisation(kind="lea", name=f"District {key}", parent_id=STATE_AGENCY, valid_from=since)
    for key, parent in ((SCHOOL, DISTRICT), (OTHER_SCHOOL, OTHER_DISTRICT)):
        yield by[key], NewOrganisation(kind="school", name=f"School {key}", parent_id=by[parent], valid_from=since)
    for one in (VENDOR, OTHER_VENDOR, THIRD_VENDOR):
        yield one, NewOrganisation(kind="vendor", name=f"Vendor {one}", valid_from=since)
    yield AGENCY, NewOrganisation(kind="agency", name="Department of Health", valid_from=since)


async def _privacy_world(state: OneState, folder: Path) -> World:
    """The privacy tests' world on this node, with this node's districts as Oak and Elm."""
    node = PrivacyNode(state.node.applications["privacy"], state.clock, folder / "keys")
    notices = {
        "onward_transfer_agreed": "board minute 12",
        "annual_notice_forwards_records": "notice 2026 p. 2",
        "annual_notice_school_officials": "notice 2026 p. 3",
    }

    def organisation(identifier: UUID, kind: str, parent: UUID | None = None, **more: Any) -> Organisation:
        values = {"id": identifier, "version": 2, "kind": kind, "name": kind, "parent_id": parent, "valid_from": date(2020, 1, 1)}
        return Organisation.model_validate(values | more)

    world = World(node, sea=organisation(STATE_AGENCY, "sea"), vendor=organisation(VENDOR, "vendor"))
    by = state.by_key
    world.oak = organisation(by[DISTRICT], "lea", STATE_AGENCY, **notices)
    world.elm = organisation(by[OTHER_DISTRICT], "lea", STATE_AGENCY, **notices)
    world.oak_school = organisation(by[SCHOOL], "school", by[DISTRICT])
    world.elm_school = organisation(by[OTHER_SCHOOL], "school", by[OTHER_DISTRICT])
    others = (organisation(AGENCY, "agency"), organisation(THIRD_VENDOR, "vendor"))
    for one in (world.sea, world.oak, world.elm, world.oak_school, world.elm_school, world.vendor, world.birch, *others):
        await node.project(one)
    return world


@asynccontextmanager
async def two_districts(folder: Path, keys: Path, clock: StandingClock) -> AsyncIterator[TwoDistricts]:
    """The node, running, with its organisations; nobody is registered and nothing is in it yet."""
    await make_state(folder, keys, clock)
    async with one_state(folder, clock, kind=Unhurried) as state:
        settings: Any = Unhurried(folder).settings("gateway")
        audit = AuditNode(state.node.applications["audit"], folder / "keys", clock)
        async with administration(settings, clock=clock) as hand:
            for identifier, new in organisations_of_the_gateway(state):
                await hand.add_organisation(new, organisation_id=identifier)
            yield TwoDistricts(state, await _privacy_world(state, folder), audit, hand)


async def meet_everybody(two: TwoDistricts) -> None:
    """Register who asks, last: their tokens are for five minutes of a clock that stands still."""
    by = two.state.by_key
    agreement = await two.state.agree(ROSTER_ELEMENTS, districts=(OTHER_DISTRICT,), recipient_id=OTHER_VENDOR)
    two.owners = {
        "district": await two.somebody("the district itself", "lea", by[DISTRICT], purpose="audit-evaluation"),
        "vendor": await two.somebody("the vendor of the agreement", "vendor", VENDOR, purpose="instruction"),
        "state": await two.somebody("the state agency", "sea", STATE_AGENCY, purpose="audit-evaluation"),
    }
    strangers = [
        await two.somebody("another district", "lea", by[OTHER_DISTRICT], purpose="audit-evaluation"),
        await two.somebody("another district's auditor", "lea", by[OTHER_DISTRICT], purpose="audit-evaluation", role="auditor"),
        await two.somebody("a school of another district", "school", by[OTHER_SCHOOL], purpose="audit-evaluation"),
        await two.somebody("another district's vendor", "vendor", OTHER_VENDOR, purpose="instruction"),
        await two.somebody("a vendor without an agreement", "vendor", THIRD_VENDOR, purpose="instruction"),
        await two.somebody("another agency", "agency", AGENCY, purpose="audit-evaluation"),
    ]
    strangers.append(replace(await two.under(strangers[3], agreement), who="another district's vendor, under its own agreement"))
    two.strangers = {one.who: one for one in strangers}


def new_id(two: TwoDistricts) -> str:
    """Of something that does not exist yet."""
    return str(uuid7(two.state.clock()))
