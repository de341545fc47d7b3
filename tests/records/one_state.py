"""One embedded node without a socket: the real audit, privacy and records; the test stands where the gateway does."""

import importlib
import json
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from fastapi import FastAPI
from sqlalchemy import select

from node.embedded import EmbeddedNode
from node.folder import NodeFile, NodeFolder
from node.synthetic import ALDER, SyntheticStudent, organisations, students
from safepassage.problems import Problem
from safepassage.record.loads import LoadedStudent, NewStudent, RosterPage, Student
from safepassage.wire_log import EntrySearch, FoundEntries, FoundEntry
from safepassage.wire_organisations import Organisation
from shared.contracts.organisations import OrganisationProjection
from shared.in_process import Answer, call
from shared.internal_token import HEADER, CallerClaims, InternalTokens
from shared.keys import SigningKey
from shared.tenancy import project
from shared.who_may_call import ServiceName
from tests.conftest import StandingClock
from tests.silent_services import silent

STATE_AGENCY = UUID("01980000-0000-7000-8000-000000000001")
VENDOR, OTHER_VENDOR = UUID("01980000-0000-7000-8000-0000000000f1"), UUID("01980000-0000-7000-8000-0000000000f2")
DISTRICT, OTHER_DISTRICT = "0300001", "0300002"
SERVICES: tuple[ServiceName, ...] = ("privacy", "records", "audit")


@dataclass
class Caller:
    """A client, as the gateway vouches for it."""

    state: "OneState"
    claims: CallerClaims

    async def send(self, method: str, path: str, body: Any = None, *, query: str = "", **headers: str) -> Answer:
        """One request to records."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        token = self.state.gateway.for_caller("records", self.claims, self.state.clock())
        sent = {"content-type": "application/json", HEADER: token, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return await call(self.state.records, method, path, query=query, headers=sent, body=content)

    async def load(self, student: NewStudent, *, key: str | None = None) -> LoadedStudent:
        """POST /v1/students."""
        body = student.model_dump_json(exclude_none=True).encode()
        answer = await self.send("POST", "/v1/students", body, idempotency_key=key or str(uuid4()))
        assert answer.status == 201, answer.body
        return LoadedStudent.model_validate_json(answer.body)

    async def load_roster(self, roster: bytes, media_type: str = "application/zip", *, key: str | None = None) -> Answer:
        """POST /v1/rosters."""
        return await self.send("POST", "/v1/rosters", roster, content_type=media_type, idempotency_key=key or str(uuid4()))

    async def read(self, student_id: UUID, query: str = "") -> Student:
        """GET /v1/students/{id}."""
        answer = await self.send("GET", f"/v1/students/{student_id}", query=query)
        assert answer.status == 200, answer.body
        return Student.model_validate_json(answer.body)

    async def page(self, agreement_id: UUID, query: str = "") -> RosterPage:
        """GET /v1/roster-entries."""
        answer = await self.send("GET", "/v1/roster-entries", query=f"agreement_id={agreement_id}&{query}")
        assert answer.status == 200, answer.body
        return RosterPage.model_validate_json(answer.body)


@dataclass
class OneState:
    """The node of Alder."""

    node: EmbeddedNode
    clock: StandingClock
    gateway: InternalTokens
    by_key: dict[str, UUID] = field(default_factory=dict)

    @property
    def records(self) -> FastAPI:
        return self.node.applications["records"]

    def caller(self, organisation_id: UUID, kind: str, *scopes: str, client_id: str = "sis", **details: str) -> Caller:
        """A client of an organisation."""
        return Caller(
            self,
            CallerClaims.model_validate(
                {
                    "client_id": client_id,
                    "organisation_id": organisation_id,
                    "organisation_kind": kind,
                    "role": "information-system",
                    "scopes": scopes,
                    "details": details,
                }
            ),
        )

    def district(self, key: str = DISTRICT, *scopes: str) -> Caller:
        """A district's information system."""
        wanted = scopes or ("records:read", "records:load", "matches:resolve")
        return self.caller(self.by_key[key], "lea", *wanted, client_id=f"sis-{key}")

    def vendor(self, organisation_id: UUID = VENDOR, purpose: str = "instruction") -> Caller:
        """A vendor's application."""
        return self.caller(organisation_id, "vendor", "records:read", client_id=f"vendor-{organisation_id}", purpose=purpose)

    async def project(self, *projected: Organisation) -> None:
        """Organisations as gateway's projection leaves them in every service, in one transaction each."""
        for service in SERVICES:
            row = importlib.import_module(f"services.{service}.tables").OrganisationRow
            async with self.node.applications[service].state.database.transaction() as tx:
                for organisation in projected:
                    await project(tx, row, OrganisationProjection(version=organisation.version, organisation=organisation))

    async def tell(self) -> None:
        """Send what waits in the outboxes."""
        for service in ("records", "privacy"):
            await self.node.applications[service].state.outbox.drain()

    async def agree(self, elements: Sequence[str], *, districts: Sequence[str] = (DISTRICT,), recipient_id: UUID = VENDOR) -> UUID:
        """A contractor's agreement with districts, recorded by the state agency's staff."""
        today = self.clock().date()
        claims = CallerClaims(
            client_id="legal", organisation_id=STATE_AGENCY, organisation_kind="sea", role="staff", scopes=frozenset({"agreements:write"})
        )
        body = {
            "kind": "contractor",
            "recipient_id": str(recipient_id),
            "district_ids": [str(self.by_key[key]) for key in districts],
            "document": "A" * 43,
            "signed_on": str(today - timedelta(days=30)),
            "starts_on": str(today - timedelta(days=20)),
            "ends_on": str(today + timedelta(days=200)),
            "elements": list(elements),
            "purposes": ["instruction"],
            "institutional_service": "section 2",
            "direct_control": "section 3",
            "redisclosure_limits": "section 4",
            "legitimate_interest": "annual notice, page 2",
            "destruction": "section 9",
            "security": "section 7",
            "breach_notice": "section 8",
        }
        headers = {"content-type": "application/json", "idempotency-key": str(uuid4())}
        headers[HEADER] = self.gateway.for_caller("privacy", claims, self.clock())
        answer = await call(self.node.applications["privacy"], "POST", "/v1/agreements", headers=headers, body=json.dumps(body).encode())
        assert answer.status == 201, answer.body
        return UUID(json.loads(answer.body)["id"])

    async def logged(self, *classes: str) -> list[FoundEntry]:
        """The entries of these classes, oldest first, as the state agency's auditor finds them."""
        claims = CallerClaims(
            client_id="auditor",
            organisation_id=STATE_AGENCY,
            organisation_kind="sea",
            role="auditor",
            scopes=frozenset({"audit:search"}),
            details={"purpose": "audit-evaluation"},
        )
        headers = {"content-type": "application/json", HEADER: self.gateway.for_caller("audit", claims, self.clock())}
        body = EntrySearch(classes=classes).model_dump_json().encode()
        answer = await call(self.node.applications["audit"], "POST", "/v1/log/searches", query="limit=1000", headers=headers, body=body)
        assert answer.status == 200, answer.body
        return list(reversed(FoundEntries.model_validate_json(answer.body).entries))

    @contextmanager
    def audit_gone(self) -> Iterator[None]:
        """A fault: audit does not answer records."""
        with silent(self.records, "audit"):
            yield

    async def rows(self, row: type[Any]) -> list[Any]:
        """Every row of a table of records."""
        async with self.records.state.database.reading() as tx:
            return list((await tx.execute(select(row))).scalars().all())


def problem(answer: Answer) -> str:
    """The code of a problem."""
    assert answer.headers["content-type"] == "application/problem+json"
    return Problem.model_validate_json(answer.body).code


def some_students(count: int = 40) -> list[SyntheticStudent]:
    """Students of Alder, the hard cases first."""
    return list(_students(max(count, 60))[:count])


@cache
def _students(count: int) -> tuple[SyntheticStudent, ...]:
    """Drawn once in a process, for all who load some of them."""
    return tuple(students(ALDER, as_of=date(2026, 10, 20), count=count))


async def make_state(folder: Path, keys: Path, clock: StandingClock, *, kind: type[NodeFolder] = NodeFolder) -> None:
    """A node's folder with its organisations, two vendors among them, and no student: to be copied."""
    shutil.copytree(keys, folder / "keys", dirs_exist_ok=True)
    file = NodeFile(
        entity_id="http://127.0.0.1:9",
        name="Alder Department of Education",
        state="XA",
        organisation_id=STATE_AGENCY,
        port=9,
        insecure_development=True,
    )
    (folder / "node.json").write_text(file.model_dump_json())
    async with one_state(folder, clock, kind=kind) as state:
        since = date(2020, 1, 1)
        agencies = [
            Organisation(
                id=state.by_key[one.key],
                version=1,
                kind=one.kind,
                name=one.name,
                parent_id=state.by_key[one.parent] if one.parent else None,
                nces_id=one.nces_id,
                state_id=one.state_id,
                time_zone=one.time_zone,
                annual_notice_school_officials="https://notices.example/2026" if one.kind == "lea" else None,
                valid_from=since,
            )
            for one in organisations(ALDER)
        ]
        vendors = [Organisation(id=one, version=1, kind="vendor", name=f"Vendor {one}", valid_from=since) for one in (VENDOR, OTHER_VENDOR)]
        await state.project(*agencies, *vendors)


@asynccontextmanager
async def one_state(folder: Path, clock: StandingClock, *, kind: type[NodeFolder] = NodeFolder) -> AsyncIterator[OneState]:
    """The node of a folder, running. Its outboxes rest: the test sends what waits (`tell`)."""
    node = EmbeddedNode(kind(folder), clock=clock)
    async with node.running():
        for app in node.applications.values():
            for task in app.state.tasks:
                if task.get_coro().__qualname__ == "_send_outbox":
                    task.cancel()
        gateway = InternalTokens("gateway", SigningKey.load(folder / "keys" / "gateway" / "internal.json"), {})
        keys = {one.key: number for number, one in enumerate(organisations(ALDER), start=1)}
        yield OneState(node, clock, gateway, {key: UUID(int=STATE_AGENCY.int + number - 1) for key, number in keys.items()})
