"""A real privacy service on a real store, and who speaks to it: gateway for its clients, records for a caller or as a job."""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import select

from safepassage.problems import Problem
from safepassage.wire import Digest
from safepassage.wire_organisations import Organisation
from services.privacy.settings import PrivacySettings
from services.privacy.tables import OutboxRow
from shared.contracts.audit import Event
from shared.contracts.organisations import OrganisationProjection
from shared.contracts.privacy import Decision, DecisionRequest, Standing, SubjectFacts
from shared.contracts.subject_batches import SubjectBatch
from shared.in_process import Answer, call
from shared.internal_token import HEADER, CallerClaims, InternalTokens, Principal
from shared.keys import SigningKey
from tests.conftest import StandingClock

ENTITY_ID = "https://alder.example"
NODE_ORGANISATION = UUID("01980000-0000-7000-8000-000000000001")


def settings_for(url: str, keys: Path) -> PrivacySettings:
    """The settings of a privacy service on the store at `url`."""
    return PrivacySettings(entity_id=ENTITY_ID, database_url=url, keys_directory=keys / "privacy", node_organisation_id=NODE_ORGANISATION)


SIGNED_IN: Final = datetime(2026, 10, 20, 11, 58, 0, tzinfo=UTC)
"""When whoever lets a client act for them proved who they are."""


@dataclass
class Client:
    """A client of an organisation, as the gateway vouches for it."""

    node: "PrivacyNode"
    organisation: Organisation
    scopes: frozenset[str]
    client_id: str
    person: Digest | None = field(default=None, kw_only=True)
    """Who signed in, and lets it act for them."""

    @property
    def claims(self) -> CallerClaims:
        return CallerClaims(
            person=self.person,
            authenticated_at=None if self.person is None else SIGNED_IN,
            client_id=self.client_id,
            organisation_id=self.organisation.id,
            organisation_kind=self.organisation.kind,
            role="information-system",
            scopes=self.scopes,
        )

    async def get(self, path: str, query: str = "", request_id: UUID | None = None) -> Answer:
        return await self.node.send("GET", path, self._token(), query=query, request_id=request_id)

    async def post(self, path: str, body: Any, *, key: str | None = None, request_id: UUID | None = None) -> Answer:
        """POST with an Idempotency-Key: a new one unless it is given."""
        headers = {"idempotency-key": key or str(uuid4())}
        return await self.node.send("POST", path, self._token(), body=body, headers=headers, request_id=request_id)

    def _token(self) -> str:
        return self.node.gateway.for_caller("privacy", self.claims, self.node.clock())


@dataclass
class PrivacyNode:
    """The service under test."""

    app: FastAPI
    clock: StandingClock
    keys: Path
    gateway: InternalTokens = field(init=False)
    records: InternalTokens = field(init=False)

    def __post_init__(self) -> None:
        self.gateway = InternalTokens("gateway", SigningKey.load(self.keys / "gateway" / "internal.json"), {})
        self.records = InternalTokens("records", SigningKey.load(self.keys / "records" / "internal.json"), {})

    async def send(
        self,
        method: str,
        path: str,
        token: str | None,
        *,
        body: Any = None,
        query: str = "",
        headers: dict[str, str] | None = None,
        request_id: UUID | None = None,
    ) -> Answer:
        """One request over the service's own ASGI interface."""
        content = body if isinstance(body, bytes) else _json(body)
        sent = {"content-type": "application/json", **(headers or {})}
        if token is not None:
            sent[HEADER] = token
        if request_id is not None:
            sent["x-request-id"] = str(request_id)
        return await call(self.app, method, path, query=query, headers=sent, body=content)

    def client(self, organisation: Organisation, *scopes: str, client_id: str = "sis", person: Digest | None = None) -> Client:
        """A client of `organisation` with `scopes`, and somebody for whom it acts."""
        return Client(self, organisation, frozenset(scopes), client_id, person=person)

    async def project(self, organisation: Organisation) -> None:
        """Project an organisation, as gateway does."""
        token = self.gateway.for_job("privacy", "outbox", self.clock())
        body = OrganisationProjection(version=organisation.version, organisation=organisation)
        answer = await self.send("PUT", f"/internal/organisations/{organisation.id}", token, body=body)
        assert answer.status == 204, answer.body

    async def push(self, facts: SubjectFacts) -> Answer:
        """Push the facts of a student, as records does."""
        token = self.records.for_job("privacy", "outbox", self.clock())
        return await self.send("PUT", f"/internal/subjects/{facts.student_id}", token, body=facts)

    async def push_all(self, *several: SubjectFacts) -> Answer:
        """Push the facts of several students in one call."""
        token = self.records.for_job("privacy", "outbox", self.clock())
        return await self.send("POST", "/internal/subjects", token, body=SubjectBatch(subjects=several))

    async def ask(self, asked: DecisionRequest | dict[str, Any], *, by: Client | None = None) -> Answer:
        """Ask for a decision as records does: on behalf of a client, or as a job."""
        return await self.send("POST", "/internal/decisions", self.records_token(by), body=asked)

    async def decide(self, asked: DecisionRequest, *, by: Client | None = None) -> Decision:
        """Ask for a decision, and read it."""
        answer = await self.ask(asked, by=by)
        assert answer.status == 200, answer.body
        return Decision.model_validate_json(answer.body)

    async def standing(self, decision_id: UUID) -> Standing:
        """Ask whether a decision stands, as records' dispatcher does."""
        answer = await self.send("POST", f"/internal/decisions/{decision_id}/standing", self.records_token(None))
        assert answer.status == 200, answer.body
        return Standing.model_validate_json(answer.body)

    def records_token(self, by: Client | None) -> str:
        """records' token: on behalf of `by`, or as its dispatcher."""
        now = self.clock()
        if by is None:
            return self.records.for_job("privacy", "dispatcher", now)
        inner = self.gateway.for_caller("records", by.claims, now)
        principal = Principal(service="gateway", caller=by.claims, job=None, gateway_token=inner)
        return self.records.for_principal("privacy", principal, now)

    async def events(self) -> list[Event]:
        """The behind-entries that wait for audit, in order."""
        async with self.app.state.database.reading() as tx:
            bodies = (await tx.execute(select(OutboxRow.body).order_by(OutboxRow.id))).scalars().all()
        return [Event.model_validate_json(self.app.state.sealer.open_text(body)) for body in bodies]

    async def count(self, row: type[Any]) -> int:
        """How many rows a table has."""
        async with self.app.state.database.reading() as tx:
            return len((await tx.execute(select(row))).scalars().all())


def problem_of(answer: Answer) -> Problem:
    """The problem document of an answer."""
    assert answer.headers["content-type"] == "application/problem+json", answer.body
    return Problem.model_validate_json(answer.body)


def organisation(kind: Any, name: str, parent: Organisation | None = None, **more: Any) -> Organisation:
    """An organisation of the node."""
    values = {"id": uuid4(), "version": 1, "kind": kind, "name": name, "valid_from": date(2020, 1, 1)}
    return Organisation(**values | {"parent_id": parent and parent.id} | more)


def instant(text: str) -> datetime:
    """An instant from RFC 3339."""
    return datetime.fromisoformat(text)


def _json(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, BaseModel):
        return body.model_dump_json(by_alias=True, exclude_none=True).encode()
    return json.dumps(body).encode()
