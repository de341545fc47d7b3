"""`/v1/exchange-requests`: an information system asks another state for a child's record, and sees how far it is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Connection, bindparam, select

from safepassage.problems import REGISTRY, SuiteError
from safepassage.problems.attachments import ScannerNotConfigured
from safepassage.problems.exchanges import NoSuchExchange, ReceivingOrganisationNotYours, RequestNotPermitted, UnknownSection
from safepassage.problems.requests import IdempotencyKeyReused, LogUnavailable, NotPermitted, TemporarilyUnavailable
from safepassage.problems.rights import NoSuchDuty
from safepassage.problems.trust import NotAMember, TrustListStale
from safepassage.wire_exchange import ExchangeRequest, NewExchangeRequest
from services.records.exchange import stored_rows
from services.records.exchange.exchange import Exchange
from services.records.exchange.new_requests import New
from services.records.exchange.own_requests import event_of
from services.records.exchange.preparing import drafted, row_of
from services.records.exchange.states import Asked, as_told
from services.records.tables import ExchangeRequestRow, IdempotencyRow, OrganisationRow
from shared import prepared
from shared.asked_once import rows_once
from shared.caller import Caller, caller_with
from shared.group_commit import Expected, Writing
from shared.idempotency import IdempotencyKey, claim_at, claiming, effect_at, forgetting, keys_used, request_digest
from shared.prepared import Change
from shared.problems import responses
from shared.request_clock import Now
from shared.tenancy import belongs_to

router = APIRouter(prefix="/v1/exchange-requests", tags=["exchange"])

Asker = Annotated[Caller, caller_with("exchange:request")]
OPERATION = "create_exchange_request"


@router.post(
    "",
    status_code=201,
    responses=responses(
        ReceivingOrganisationNotYours,
        NotPermitted,
        RequestNotPermitted,
        NoSuchDuty,
        UnknownSection,
        ScannerNotConfigured,
        NotAMember,
        TrustListStale,
        LogUnavailable,
        IdempotencyKeyReused,
    ),
)
async def create_exchange_request(
    new: NewExchangeRequest, request: Request, response: Response, caller: Asker, key: IdempotencyKey, now: Now
) -> ExchangeRequest:
    """Ask another state for a child's record. It is asked once `requested`; read its state with the id.

    The child's particulars leave sealed to the other agency's records service. The answer may take until `expires_at`.
    """
    exchange: Exchange = request.app.state.exchange
    digest = await request_digest(request)

    def known(connection: Connection) -> tuple[ExchangeRequestRow | None, UUID]:
        return earlier(connection, caller, key, digest), receiving_organisation(connection, new, caller)

    row, organisation_id = await exchange.look(known)
    if row is None:
        row = await _prepare(exchange, new, organisation_id, caller, key, digest, now)
    if row.state == Asked.PREPARED:
        # INVARIANT: logged before it leaves, and a client is told "requested" only of what is in the log.
        await exchange.own_log.append(event_of(row))
        exchange.wake("asking", row.id, row)
    response.headers["location"] = f"/v1/exchange-requests/{row.id}"
    return told(row)


async def _prepare(
    exchange: Exchange, new: NewExchangeRequest, organisation_id: UUID, caller: Caller, key: str, digest: str, now: datetime
) -> ExchangeRequestRow:
    """Seal, sign, have it permitted, store."""
    draft = await drafted(exchange, new, organisation_id, now)
    [decision] = await exchange.privacy.decisions_for(caller.principal, [draft.question])
    if isinstance(decision, SuiteError):
        raise decision
    return await kept(exchange, row_of(exchange, draft, decision, caller, now), caller, key, digest)


async def kept(
    exchange: Exchange, row: ExchangeRequestRow, caller: Caller, key: str, digest: str, *, operation: str = OPERATION
) -> ExchangeRequestRow:
    """The row, stored; or the one that the same request of this caller has made before. Raises TemporarilyUnavailable."""

    about = _about(caller, key, digest, operation)

    def store(tx: Writing) -> ExchangeRequestRow:
        if tx.is_shared:
            _store_beside(tx, exchange.database.dialect, row, about)
            return row
        before = claim_at(tx.connection, IdempotencyRow, **about, effect_id=row.id, now=row.requested_at)
        if before is None:
            stored_rows.store(tx.connection, row)
            return row
        held = stored_rows.row_at(tx.connection, ExchangeRequestRow, before)
        if held is None:
            raise TemporarilyUnavailable("what this key has made is not there any more")
        return held

    dialect = exchange.database.dialect
    changes = [_claiming(dialect, row, about), stored_rows.storing(dialect, row)]
    forgotten = forgetting(IdempotencyRow, now=row.requested_at)
    return await exchange.write(Expected(changes, row, otherwise=store, beside=[forgotten]))


def _claiming(dialect: str, row: ExchangeRequestRow, about: dict[str, Any]) -> Change:
    return claiming(dialect, IdempotencyRow, **about, effect_id=row.id, now=row.requested_at)


def _store_beside(tx: Writing, dialect: str, row: ExchangeRequestRow, about: dict[str, Any]) -> None:
    """In a transaction of several: that this key has made something before is seen at its end, and then each is stored by itself."""
    if "keys-forgotten" not in tx.done:
        tx.done.add("keys-forgotten")
        prepared.change(tx.connection, *forgetting(IdempotencyRow, now=row.requested_at))
    used = TemporarilyUnavailable("the same request came at this moment")
    tx.expect(_claiming(dialect, row, about), used)
    tx.expect(stored_rows.storing(dialect, row), used)


def _about(caller: Caller, key: str, digest: str, operation: str) -> dict[str, Any]:
    return {"client_id": caller.client_id, "operation": operation, "key": key, "digest": digest}


def used_before(connection: Connection, caller: Caller, keys: Sequence[str], *, operation: str = OPERATION) -> set[str]:
    """Those of the keys for which `earlier` has something to say."""
    return keys_used(connection, IdempotencyRow, client_id=caller.client_id, operation=operation, keys=keys)


def earlier(connection: Connection, caller: Caller, key: str, digest: str, *, operation: str = OPERATION) -> ExchangeRequestRow | None:
    """What this key has made before. Raises IdempotencyKeyReused."""
    effect = effect_at(connection, IdempotencyRow, **_about(caller, key, digest, operation))
    return None if effect is None else stored_rows.row_at(connection, ExchangeRequestRow, effect)


_KIND_WITHIN = select(OrganisationRow.kind).where(
    OrganisationRow.id == bindparam("id_"),
    belongs_to(OrganisationRow.id, OrganisationRow, bindparam("caller", type_=OrganisationRow.id.type)),
)


def receiving_organisation(connection: Connection, new: New, caller: Caller) -> UUID:
    """The id of the receiving school, district or agency: of this node, of the kind named, the caller's or below it.

    Raises ReceivingOrganisationNotYours.
    """
    named = new.evidence.receiving_organisation
    try:
        identifier = UUID(named.id)
    except ValueError as error:
        raise ReceivingOrganisationNotYours(field="evidence.receiving_organisation.id") from error
    held = rows_once(connection, _KIND_WITHIN, {"id_": identifier, "caller": caller.organisation_id})
    if not held or held[0].kind != named.kind or str(identifier) != named.id:
        raise ReceivingOrganisationNotYours(field="evidence.receiving_organisation")
    return identifier


async def _visible(exchange_id: UUID, caller: Asker, request: Request) -> ExchangeRequestRow:
    """INVARIANT: a request is seen by the receiving organisation and those above it, and by nobody else.

    A transaction of its own, over when the endpoint begins: the endpoint may call the log.
    """
    asked = ExchangeRequestRow
    mine = belongs_to(asked.receiving_organisation_id, OrganisationRow, caller.organisation_id)
    of_a_child = (asked.finding_id.is_(None), asked.is_educators.is_(False))
    query = select(asked).where(asked.id == exchange_id, mine, *of_a_child)
    async with request.app.state.database.reading() as tx:
        row: ExchangeRequestRow | None = (await tx.execute(query)).scalar_one_or_none()
    if row is None:
        raise NoSuchExchange
    return row


VisibleRequest = Annotated[ExchangeRequestRow, Depends(_visible)]


@router.get("/{exchange_id}", responses=responses(NoSuchExchange))
async def read_exchange_request(row: VisibleRequest) -> ExchangeRequest:
    """Where a request stands. `not-provided` is not final: a record may follow until `expires_at`."""
    return told(row)


def told(row: ExchangeRequestRow) -> ExchangeRequest:
    """The request as the information system is told of it."""
    problem = REGISTRY.get(row.problem_code or "")
    return ExchangeRequest(
        id=row.id,
        holder=row.holder,
        state=as_told(Asked(row.state)),
        requested_at=row.requested_at,
        expires_at=row.expires_at,
        student_id=row.student_id,
        problem_code=row.problem_code,
        remedy=None if problem is None else problem.remedy,
        requeued_as=row.requeued_as,
    )
