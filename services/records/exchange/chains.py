"""The redisclosure chain of a record: asked by an auditor of this node, put together from both logs; and this node's part for the other.

INVARIANT: the other node learns of this one's log what passed between both of them, and nothing of what happened before or behind it but
what the law has it told: where the record went on to (34 CFR 99.32(b)(2), 99.33(b)).
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from safepassage.chain_links import Bound, bind
from safepassage.chain_part import ChainPart, Onward, VerifiedPart, proven_links, read_checkpoints
from safepassage.chains import ChainSignature, chain_digest, require_one_history, told_of
from safepassage.problems import SuiteError
from safepassage.problems.chains import ChainNotProven, NoSuchChain
from safepassage.problems.log import LogFrozen, PurposeMissing
from safepassage.problems.requests import LogUnavailable, NotPermitted, TooManyRequests
from safepassage.wire_chain import PeerAnswer, RedisclosureChain, SignedChain
from services.records.exchange.accepting import Peer
from services.records.exchange.chain_parts import entries_of, own_part, peers_part
from services.records.exchange.chain_rows import Kept, delivered, kept
from services.records.exchange.deliveries import JOSE
from services.records.exchange.exchange import Exchange
from services.records.exchange.onward import onward_of
from shared.caller import Caller, caller_with
from shared.contracts.chains import ChainEntries
from shared.problems import responses

router = APIRouter()

Auditor = Annotated[Caller, caller_with("audit:search")]


@router.get(
    "/v1/log/chains/{exchange_id}",
    tags=["log"],
    responses=responses(NotPermitted, PurposeMissing, NoSuchChain, ChainNotProven, TooManyRequests, LogFrozen, LogUnavailable),
)
async def read_redisclosure_chain(exchange_id: UUID, request: Request, caller: Auditor) -> SignedChain:
    """The chain district → state → state → district of one exchange, from both logs, with proofs and what ties them; signed.

    The other node is asked for its part; where it gives none, or one that its log does not prove, the chain says so. Seen by the state
    agency with a purpose in its token, and by a district whose student it is about. Both logs have who looked.
    """
    exchange: Exchange = request.app.state.exchange
    now = exchange.clock().replace(microsecond=0)
    request.app.state.chain_limit.count(caller.client_id, now)
    one, onward = await exchange.database.read(lambda connection: _held(connection, exchange_id, None))
    events, peer_id = ((), None) if one is None else (one.events, one.peer)
    entries = await entries_of(exchange, exchange_id, one, events, peer=peer_id, by=caller.principal)
    if one is None:
        raise NoSuchChain
    token, part = own_part(exchange, exchange_id, one, entries, onward, audience=exchange.entity_id, now=now)
    peer, found = await peers_part(exchange, exchange_id, one)
    return _signed(exchange, one, entries, (token, part), (peer, found), now)


@router.get(
    "/v1/peer/chains/{exchange_id}",
    tags=["peers"],
    responses=responses(NotPermitted, NoSuchChain, ChainNotProven, TooManyRequests, LogFrozen, LogUnavailable),
    response_class=Response,
)
async def read_chain_part(exchange_id: UUID, request: Request, caller: Peer) -> Response:
    """This node's part of an exchange with the calling node (sp-chain-part+jws). Of another node's exchange there is nothing to tell."""
    exchange: Exchange = request.app.state.exchange
    now, peer = exchange.clock(), caller.peer
    request.app.state.chain_limit.count(caller.client_id, now)
    exchange.trust.member(peer)
    one, onward = await exchange.database.read(lambda connection: _held(connection, exchange_id, peer))
    entries = await entries_of(exchange, exchange_id, one, () if one is None else delivered(one), peer=peer, by=caller.principal)
    if one is None:
        raise NoSuchChain
    token, _ = own_part(exchange, exchange_id, one, entries, onward, audience=peer, now=now, suite=await exchange.suite_for(peer))
    return Response(token, media_type=JOSE)


def _held(connection: Connection, exchange_id: UUID, peer: str | None) -> tuple[Kept | None, tuple[Onward, ...]]:
    one = kept(connection, exchange_id, peer=peer)
    if one is None or one.received_by is None:
        return one, ()
    return one, onward_of(connection, exchange_id, one.received_by)


def _signed(
    exchange: Exchange,
    one: Kept,
    entries: ChainEntries,
    own: tuple[str, ChainPart],
    answered: tuple[PeerAnswer, VerifiedPart | None],
    now: datetime,
) -> SignedChain:
    """The chain of both parts, or of the own one where the other does not fit to the messages."""
    peer, theirs = answered
    try:
        bound = _bound(exchange, one, own[1], peer, theirs)
    except SuiteError:
        if theirs is None:
            raise
        peer, theirs = "not-proven", None
        bound = _bound(exchange, one, own[1], peer, theirs)
    parts = (own[1],) if theirs is None else (own[1], theirs.part.message)
    chain = RedisclosureChain(
        **told_of(one.said, bound, parts),
        peer=peer,
        messages=one.messages,
        parts=(own[0],) if theirs is None else (own[0], theirs.part.token),
        inside=entries.inside,
        inside_left_out=entries.inside_left_out,
        inside_not_looked_at=entries.not_looked_at,
        assembled_by=exchange.entity_id,
        assembled_at=now,
    )
    word = ChainSignature(iss=exchange.entity_id, exchange_id=chain.exchange_id, chain_digest=chain_digest(chain), iat=int(now.timestamp()))
    return SignedChain(chain=chain, signature=exchange.signing.sign_compact(typ=ChainSignature.TYPE, payload=word.claims()))


def _bound(exchange: Exchange, one: Kept, own: ChainPart, peer: PeerAnswer, theirs: VerifiedPart | None) -> Bound:
    """Raises ChainNotProven, and what else shows that an entry is of something else."""
    said, proven = one.said, proven_links(own, read_checkpoints(own))
    if theirs is not None:
        require_one_history(said, theirs)
        proven += theirs.links
    return bind(said, proven, asked=exchange.entity_id, peer=peer)
