"""What helps others to verify: paths through our log for peers, and peers' statements for our gateway, which cannot fetch them."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from safepassage.problems.requests import InvalidRequest, LogUnavailable, TemporarilyUnavailable
from safepassage.problems.trust import NotAMember
from services.records.exchange.accepting import Peer
from services.records.exchange.exchange import Exchange
from shared.caller import sibling
from shared.contracts.audit import ConsistencyResponse
from shared.internal_token import Principal
from shared.peer_statements import STATEMENTS_PATH, HeldStatement
from shared.problems import responses

router = APIRouter()

Size = Annotated[int, Query(ge=1, lt=2**53)]


@router.get("/v1/peer/consistency", tags=["peers"], responses=responses(NotAMember, InvalidRequest, LogUnavailable))
async def read_consistency(
    request: Request,
    caller: Peer,
    origin: Annotated[str, Query(max_length=200)],
    from_: Annotated[int, Query(alias="from", ge=1, lt=2**53)],
    to: Size,
) -> ConsistencyResponse:
    """The path between two sizes of this node's log (RFC 9162 section 2.1.4), for a peer that has checkpoints of both to link."""
    exchange: Exchange = request.app.state.exchange
    exchange.trust.member(caller.peer)
    if from_ > to:
        raise InvalidRequest("the sizes are in the order from, to", field="from")
    return ConsistencyResponse(path=await exchange.own_log.consistency(origin, from_, to, by=caller.principal))


@router.get(STATEMENTS_PATH, tags=["internal"], responses=responses(NotAMember, TemporarilyUnavailable))
async def read_node_statement(
    request: Request,
    _: Annotated[Principal, sibling("gateway")],
    entity_id: Annotated[str, Query(max_length=200)],
    kid: Annotated[str | None, Query(max_length=64)] = None,
) -> HeldStatement:
    """A peer's statement as it is held here, fetched again where it does not list the key `kid`. The gateway verifies it itself."""
    exchange: Exchange = request.app.state.exchange
    await exchange.trust.refresh()
    return HeldStatement(token=(await exchange.statements.of(entity_id, kid=kid)).token)
