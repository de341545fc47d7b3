"""`/v1/educator-credential-requests`: an agency to which an educator has applied asks another state's agency for the credentials."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection, select

from safepassage.problems import SuiteError
from safepassage.problems.exchanges import NoSuchExchange, ReceivingOrganisationNotYours, RequestNotPermitted
from safepassage.problems.requests import IdempotencyKeyReused, LogUnavailable, NotPermitted
from safepassage.problems.trust import NotAMember, TrustListStale
from safepassage.wire_exchange import ExchangeRequest
from safepassage.wire_licensure import NewCredentialRequest
from services.records.exchange.exchange import Exchange
from services.records.exchange.own_requests import event_of
from services.records.exchange.preparing import drafted, row_of
from services.records.exchange.requests import earlier, kept, receiving_organisation, told
from services.records.exchange.states import Asked
from services.records.tables import ExchangeRequestRow, OrganisationRow
from shared.caller import Caller, caller_with
from shared.idempotency import IdempotencyKey, request_digest
from shared.problems import responses
from shared.tenancy import belongs_to

router = APIRouter(prefix="/v1/educator-credential-requests", tags=["educators"])

Staff = Annotated[Caller, caller_with("educators:credentials")]
OPERATION = "create_educator_credential_request"


@router.post(
    "",
    status_code=201,
    responses=responses(
        ReceivingOrganisationNotYours, RequestNotPermitted, NotPermitted, NotAMember, TrustListStale, LogUnavailable, IdempotencyKeyReused
    ),
)
async def create_educator_credential_request(
    new: NewCredentialRequest, request: Request, response: Response, caller: Staff, key: IdempotencyKey
) -> ExchangeRequest:
    """Ask another state's agency for the credentials of an educator who has applied here, and has written to that agency to send them.

    Who it is leaves sealed to the other node's records service. The answer may take until `expires_at`.
    """
    exchange: Exchange = request.app.state.exchange
    now, digest = exchange.clock(), await request_digest(request)

    def known(connection: Connection) -> tuple[ExchangeRequestRow | None, UUID]:
        return earlier(connection, caller, key, digest, operation=OPERATION), receiving_organisation(connection, new, caller)

    row, organisation_id = await exchange.read(known)
    if row is None:
        draft = await drafted(exchange, new, organisation_id, now)
        [decision] = await exchange.privacy.decisions_for(caller.principal, [draft.question])
        if isinstance(decision, SuiteError):
            raise decision
        row = await kept(exchange, row_of(exchange, draft, decision, caller, now), caller, key, digest, operation=OPERATION)
    if row.state == Asked.PREPARED:
        # INVARIANT: logged before it leaves, and a client is told "requested" only of what is in the log.
        await exchange.own_log.append(event_of(row))
        exchange.wake("asking", row.id, row)
    response.headers["location"] = f"/v1/educator-credential-requests/{row.id}"
    return told(row)


@router.get("/{exchange_id}", responses=responses(NoSuchExchange))
async def read_educator_credential_request(exchange_id: UUID, request: Request, caller: Staff) -> ExchangeRequest:
    """Where it stands. `not-provided` is not final. Once `applied`, a search by the educator's number shows what came."""
    exchange: Exchange = request.app.state.exchange
    table = ExchangeRequestRow.__table__

    def visible(connection: Connection) -> ExchangeRequestRow | None:
        """INVARIANT: it is seen by the agency that asked and those above it, and by nobody else."""
        mine = belongs_to(table.c.receiving_organisation_id, OrganisationRow, caller.organisation_id)
        found = connection.execute(select(table).where(table.c.id == exchange_id, table.c.is_educators, mine)).first()
        return None if found is None else ExchangeRequestRow(**found._asdict())

    row = await exchange.read(visible)
    if row is None:
        raise NoSuchExchange
    return told(row)
