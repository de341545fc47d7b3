"""`/v1/findings`: which node may have a child whose former state nobody knows. Each node is asked by a request of its own."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from safepassage.finding import SECTIONS
from safepassage.ids import uuid7
from safepassage.problems import SuiteError
from safepassage.problems.exchanges import NoSuchExchange, ReceivingOrganisationNotYours, RequestNotPermitted
from safepassage.problems.findings import NobodyToAsk, NoNameToSeek
from safepassage.problems.requests import IdempotencyKeyReused, LogUnavailable, NotPermitted, TemporarilyUnavailable
from safepassage.problems.trust import NotAMember, TrustListStale
from safepassage.wire_exchange import NewExchangeRequest
from safepassage.wire_finding import AskedNode, Finding, NewFinding, NodeState
from services.records.exchange import stored_rows
from services.records.exchange.exchange import Exchange
from services.records.exchange.own_requests import event_of
from services.records.exchange.preparing import Draft, drafted, row_of
from services.records.exchange.requests import receiving_organisation
from services.records.exchange.states import Asked
from services.records.finding.seeking import seek
from services.records.finding.tokens import sought_texts
from services.records.tables import ExchangeRequestRow, IdempotencyRow, OrganisationRow
from shared.caller import Caller, caller_with
from shared.group_commit import Writing
from shared.idempotency import IdempotencyKey, effect_at, keep_at, request_digest
from shared.problems import responses
from shared.request_clock import Now
from shared.tenancy import belongs_to

router = APIRouter(prefix="/v1/findings", tags=["exchange"])

Asker = Annotated[Caller, caller_with("exchange:request")]
OPERATION: Final = "create_finding"
LASTS: Final = timedelta(days=2)
"""What is sought is kept no longer, at either side."""

_STATES: Final[dict[Asked, NodeState]] = {
    Asked.APPLIED: "perhaps",
    Asked.NOT_PROVIDED: "nothing-told",
    Asked.REFUSED: "refused",
    Asked.REJECTED: "refused",
    Asked.EXPIRED: "expired",
}


@router.post(
    "",
    status_code=201,
    responses=responses(
        ReceivingOrganisationNotYours,
        NotPermitted,
        RequestNotPermitted,
        NobodyToAsk,
        NoNameToSeek,
        NotAMember,
        TrustListStale,
        LogUnavailable,
        IdempotencyKeyReused,
    ),
)
async def create_finding(new: NewFinding, request: Request, response: Response, caller: Asker, key: IdempotencyKey, now: Now) -> Finding:
    """Ask other nodes whether they may have a child, for one whose former state is not known. No node is told who the child is.

    Read how far it is with the id; ask a node that says `perhaps` for the record.
    """
    exchange: Exchange = request.app.state.exchange
    about = {"client_id": caller.client_id, "operation": OPERATION, "key": key, "digest": await request_digest(request)}

    def known(connection: Connection) -> tuple[UUID | None, UUID]:
        person = NewExchangeRequest(holder="", person=new.person, sections=SECTIONS, evidence=new.evidence)
        return effect_at(connection, IdempotencyRow, **about), receiving_organisation(connection, person, caller)

    finding_id, organisation_id = await exchange.read(known)
    if finding_id is None:
        rows = await _prepared(exchange, new, organisation_id, caller, now)
        finding_id = await _kept(exchange, rows, about, now)
    rows = await exchange.read(lambda connection: _rows(connection, finding_id, caller.organisation_id))
    for row in (row for row in rows if row.state == Asked.PREPARED):
        # INVARIANT: logged before it leaves, and a client is told "asked" only of what is in the log.
        await exchange.own_log.append(event_of(row))
        exchange.wake("asking", row.id, row)
    response.headers["location"] = f"/v1/findings/{finding_id}"
    return _told(rows)


async def _prepared(exchange: Exchange, new: NewFinding, organisation_id: UUID, caller: Caller, now: datetime) -> list[ExchangeRequestRow]:
    """A request to each node, sealed, signed and permitted. One that cannot be asked now is left out, unless it is the only one."""
    if not sought_texts(new.person):
        raise NoNameToSeek(field="person.first_name")
    if exchange.pulls:
        raise NobodyToAsk("this node fetches its messages, so that nobody could compare with it")
    members = exchange.trust.current().members
    others = sorted(one.entity_id for one in members if one.status == "active" and one.entity_id != exchange.entity_id)
    wanted = others if new.nodes is None else sorted(set(new.nodes))
    if not wanted or exchange.entity_id in wanted:
        raise NobodyToAsk(field="nodes")
    sought = seek(new.person, exchange.vault.tags)

    async def draft(node: str) -> Draft | SuiteError:
        one = NewExchangeRequest(holder=node, person=new.person, sections=SECTIONS, evidence=new.evidence)
        try:
            return await drafted(exchange, one, organisation_id, now, seek=sought, lasts=min(LASTS, exchange.settings.exchange_lifetime))
        except SuiteError as error:
            return error

    made = await asyncio.gather(*map(draft, wanted))
    drafts = [one for one in made if isinstance(one, Draft)]
    if not drafts:
        raise next(one for one in made if isinstance(one, SuiteError))
    decisions = await exchange.privacy.decisions_for(caller.principal, [one.question for one in drafts])
    finding_id, rows = uuid7(now), []
    for one, decision in zip(drafts, decisions, strict=True):
        if isinstance(decision, SuiteError):
            raise decision
        rows.append(row_of(exchange, one, decision, caller, now, finding_id=finding_id))
    return rows


async def _kept(exchange: Exchange, rows: Sequence[ExchangeRequestRow], about: dict[str, Any], now: datetime) -> UUID:
    """Store them all, or none; the id of the finding, or of the one that the same request has made before."""

    def store(tx: Writing) -> UUID:
        before = effect_at(tx.connection, IdempotencyRow, **about)
        [finding_id] = {row.finding_id for row in rows if row.finding_id is not None}
        if before is not None:
            return before
        keep_at(tx.connection, IdempotencyRow, **about, effect_id=finding_id, now=now)
        for row in rows:
            stored_rows.store(tx.connection, row)
        return finding_id

    try:
        return await exchange.write(store)
    except IntegrityError as error:  # the same key came twice at once, by two processes
        raise TemporarilyUnavailable("the same request is being made at this moment") from error


def _rows(connection: Connection, finding_id: UUID, organisation_id: UUID) -> list[ExchangeRequestRow]:
    """INVARIANT: a finding is seen by the receiving organisation and those above it, and by nobody else."""
    table = ExchangeRequestRow.__table__
    mine = belongs_to(table.c.receiving_organisation_id, OrganisationRow, organisation_id)
    found = connection.execute(select(table).where(table.c.finding_id == finding_id, mine).order_by(table.c.holder))
    return [ExchangeRequestRow(**row._asdict()) for row in found]


@router.get("/{finding_id}", responses=responses(NoSuchExchange))
async def read_finding(finding_id: UUID, request: Request, caller: Asker) -> Finding:
    """Which nodes were asked, and which of them say `perhaps`. Each answers at a tick of its own, whether it has the child or not."""
    exchange: Exchange = request.app.state.exchange
    rows = await exchange.read(lambda connection: _rows(connection, finding_id, caller.organisation_id))
    if not rows:
        raise NoSuchExchange
    return _told(rows)


def _told(rows: Sequence[ExchangeRequestRow]) -> Finding:
    asked = tuple(AskedNode(node=row.holder, exchange_id=row.id, state=_STATES.get(Asked(row.state), "asked")) for row in rows)
    first = rows[0]
    if first.finding_id is None:
        raise NoSuchExchange
    return Finding(id=first.finding_id, requested_at=first.requested_at, expires_at=first.expires_at, asked=asked)
