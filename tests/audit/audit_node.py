"""A real audit service for tests: its application, its store, and those who may call it; and one check of the whole log."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from fastapi import FastAPI

from safepassage.canonical import digest_of, from_base64url
from safepassage.checkpoints import Checkpoint, parse_vkey, verify_checkpoint
from safepassage.decision import Decision, decision_of
from safepassage.ids import uuid7
from safepassage.leaf import parse_leaf
from safepassage.proofs import leaf_hash, verify_inclusion
from safepassage.wire_organisations import Organisation
from services.audit.app import create_app
from services.audit.sequencer import Sequencer
from services.audit.settings import AuditSettings
from services.audit.witnessing.door import OverHttps, WitnessDoor
from shared.app import internal_tokens
from shared.clock import Clock
from shared.contracts.audit import Actor, Appended, AppendRequest, AppendResponse, Context, Digests, Event
from shared.contracts.organisations import OrganisationProjection
from shared.database import Database
from shared.in_process import Answer, call
from shared.internal_token import HEADER, CallerClaims, Principal
from shared.keys import SigningKey
from shared.settings import ServiceSettings
from shared.who_may_call import ServiceName
from tests.stores import at_head

ENTITY = "https://alder.example"
VENDOR = UUID("01a00000-0000-7000-8000-0000000000aa")
OAK, ELM = UUID("01a00000-0000-7000-8000-000000000001"), UUID("01a00000-0000-7000-8000-000000000002")
STATE = UUID("01a00000-0000-7000-8000-000000000009")
POLICY = digest_of(b"policy")


def settings_of(url: str, node_keys: Path, **more: Any) -> AuditSettings:
    return AuditSettings(**{"entity_id": ENTITY, "database_url": url, "keys_directory": node_keys / "audit"} | more)


def sqlite_url(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder}/audit.db"


async def migrated(url: str) -> None:
    await at_head("audit", url)


@dataclass
class AuditNode:
    """One running audit service."""

    app: FastAPI
    node_keys: Path
    clock: Clock
    entity: str = ENTITY
    decisions: SigningKey = field(init=False)

    def __post_init__(self) -> None:
        self.decisions = SigningKey.load(self.node_keys / "privacy" / "decision-signing.json")

    @property
    def sequencer(self) -> Sequencer:
        sequencer: Sequencer = self.app.state.sequencer
        return sequencer

    @property
    def database(self) -> Database:
        database: Database = self.app.state.database
        return database

    def _tokens(self, service: ServiceName) -> Any:
        keys = self.node_keys / service
        return internal_tokens(
            service,
            ServiceSettings(
                entity_id=self.entity, database_url="sqlite+aiosqlite:///none.sqlite", keys_directory=keys, insecure_development=True
            ),
        )

    def as_job(self, service: ServiceName) -> dict[str, str]:
        return {HEADER: self._tokens(service).for_job("audit", "outbox", self.clock())}

    def as_caller(
        self,
        *scopes: str,
        kind: str = "lea",
        organisation: UUID = OAK,
        purpose: str | None = None,
        client: str = "client-1",
        person: str | None = None,
        for_client: str | None = None,
        through: ServiceName | None = None,
    ) -> dict[str, str]:
        """A client's token, straight from the gateway or `through` a service that asks for the client."""
        details = {} if purpose is None else {"purpose": purpose}
        claims = CallerClaims.model_validate(
            {
                "person": person,
                "authenticated_at": None if person is None else self.clock(),
                "client_id": client,
                "for_client": for_client,
                "organisation_id": organisation,
                "organisation_kind": kind,
                "role": "registrar",
                "scopes": scopes,
                "details": details,
            }
        )
        if through is not None:
            return self._behind(through, claims)
        return {HEADER: self._tokens("gateway").for_caller("audit", claims, self.clock())}

    def on_behalf_of(self, kind: str, organisation: UUID) -> dict[str, str]:
        """records' token for a caller that the gateway has proven to it."""
        claims = CallerClaims.model_validate(
            {"client_id": "c", "organisation_id": organisation, "organisation_kind": kind, "role": "reader", "scopes": ["records:read"]}
        )
        return self._behind("records", claims)

    def _behind(self, service: ServiceName, claims: CallerClaims) -> dict[str, str]:
        inner = self._tokens("gateway").for_caller(service, claims, self.clock())
        principal = Principal(service="gateway", caller=claims, job=None, gateway_token=inner)
        return {HEADER: self._tokens(service).for_principal("audit", principal, self.clock())}

    async def send(self, method: str, path: str, headers: dict[str, str], body: object = None, query: str = "") -> Answer:
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        return await call(self.app, method, path, query=query, headers={"content-type": "application/json", **headers}, body=content)

    async def try_append(self, *events: Event, service: ServiceName = "records", headers: dict[str, str] | None = None) -> Answer:
        body = AppendRequest(events=events).model_dump_json(by_alias=True, exclude_none=True).encode()
        return await self.send("POST", "/internal/entries", headers or self.as_job(service), body)

    async def append(self, *events: Event, service: ServiceName = "records", headers: dict[str, str] | None = None) -> AppendResponse:
        answer = await self.try_append(*events, service=service, headers=headers)
        assert answer.status == 200, answer.body
        return AppendResponse.model_validate_json(answer.body)

    def verified(self, appended: Appended) -> Checkpoint:
        """Check an ahead-entry's proof as a receiver does."""
        assert appended.checkpoint is not None
        assert appended.path is not None
        origin = appended.checkpoint.partition("\n")[0]
        checkpoint = verify_checkpoint(appended.checkpoint, origin=origin, keys=[self.verifier(origin)])
        entry = from_base64url(appended.entry)
        path = [from_base64url(digest) for digest in appended.path]
        parse_leaf(entry)
        verify_inclusion(leaf_hash=leaf_hash(entry), index=appended.index, size=checkpoint.size, path=path, root=checkpoint.root)
        return checkpoint

    def verifier(self, origin: str) -> Any:
        signer = self.sequencer._signer
        return parse_vkey(signer.verifier(origin).vkey)

    def decision(
        self,
        student: UUID | None,
        *,
        recipient: str,
        elements: Sequence[str],
        exchange_id: UUID | None = None,
        seconds: int = 60,
        now: datetime | None = None,
        key: SigningKey | None = None,
    ) -> tuple[Decision, str]:
        issued = int((now or self.clock()).timestamp())
        decision = decision_of(
            iss=self.app.state.settings.entity_id,
            jti=uuid7(self.clock()),
            sub=student,
            action="redisclose",
            recipient=recipient,
            exchange_id=exchange_id,
            elements=tuple(elements),
            policy_hash=POLICY,
            iat=issued,
            exp=issued + seconds,
        )
        return decision, (key or self.decisions).sign_compact(typ=Decision.TYPE, payload=decision.claims())


@asynccontextmanager
async def running(
    url: str, node_keys: Path, clock: Clock, *, reach_witnesses: Callable[[AuditSettings], WitnessDoor] = OverHttps, **settings: Any
) -> AsyncIterator[AuditNode]:
    """An audit service on a store that is at head."""
    app = create_app(settings_of(url, node_keys, **settings), clock=clock, reach_witnesses=reach_witnesses)
    async with app.router.lifespan_context(app):
        yield AuditNode(app, node_keys, clock)


def event(
    class_: str = "match", *, student: UUID | None = None, custodian: UUID | None = OAK, key: str | None = None, **context: Any
) -> Event:
    """An event about one student, or about nobody."""
    return Event(
        class_=class_,
        key=key or f"test:{uuid4()}",
        subjects=() if student is None else (student,),
        custodians=() if custodian is None else (custodian,),
        actor=Actor(kind="client", client_id="sis-1", organisation_id=OAK, role="registrar"),
        context=Context(**{"operation": "test", "outcome": "done"} | context),
    )


def disclosure(
    node: AuditNode,
    student: UUID,
    *,
    elements: Sequence[str] = ("identity.name",),
    custodian: UUID = OAK,
    recipient: str = "https://birch.example#school-7",
    **more: Any,
) -> Event:
    """A disclosure that privacy has signed."""
    exchange = uuid7(node.clock())
    decision, token = node.decision(student, recipient=recipient, elements=elements, exchange_id=exchange)
    context: dict[str, Any] = {
        "operation": "exchange",
        "outcome": "permit",
        "purpose": "enrollment",
        "basis": "transfer",
        "recipient_organisation": recipient,
        "recipient_node": "https://birch.example",
        "exchange_id": exchange,
        "decision_id": decision.jti,
        "elements": tuple(elements),
    }
    return Event(
        class_="disclosure",
        key=str(uuid7(node.clock())),
        subjects=(student,),
        custodians=(custodian,),
        actor=Actor(kind="system", job="exchange"),
        context=Context(**context | more),
        digests=Digests(ct=digest_of(b"ct"), pt_commit=digest_of(b"pt")),
        decision_token=token,
    )


async def give_organisations(node: AuditNode, time_zone: str = "America/New_York") -> None:
    """The state with its districts Oak and Elm."""
    tree = ((STATE, "sea", None), (OAK, "lea", STATE), (ELM, "lea", STATE))
    for id_, kind, parent in tree:
        organisation = Organisation.model_validate(
            {
                "id": id_,
                "kind": kind,
                "parent_id": parent,
                "name": str(kind),
                "valid_from": "2020-01-01",
                "version": 1,
                "time_zone": time_zone,
            }
        )
        body = OrganisationProjection(version=1, organisation=organisation).model_dump_json().encode()
        answer = await node.send("PUT", f"/internal/organisations/{id_}", node.as_job("gateway"), body)
        assert answer.status == 204, answer.body
