"""`/v1/peers`: the other nodes of the trust list as this service knows them, for the state agency's operators and auditors."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Request

from safepassage.node_statement import NodeStatement, verify_node_statement
from safepassage.problems import SuiteError
from safepassage.problems.requests import NotPermitted
from safepassage.public_keys import by_kid
from safepassage.suites import first_supported
from safepassage.trust_members import Member
from safepassage.wire_peers import OwnKey, PeerKey, PeerStanding, PeerStandings, PeerStatement
from services.records.exchange.exchange import Exchange
from services.records.exchange.operator_keys import SCOPE
from services.records.exchange.peer_standings import HeldStatement, StoredStanding, stored_standings
from shared.caller import Caller, caller_with
from shared.problems import responses
from shared.request_clock import Now
from shared.trust_standing import trust_list_standing

router = APIRouter(tags=["exchange"])

Overseeing = Annotated[Caller, caller_with(SCOPE, "audit:operate")]


@router.get("/v1/peers", responses=responses(NotPermitted))
async def list_peers(request: Request, _: Overseeing, now: Now) -> PeerStandings:
    """The trust list as this service holds it, and each other node of it: keys, whether it answers, what waits, how days compared."""
    exchange: Exchange = request.app.state.exchange
    held = exchange.trust.held
    others = [] if held is None else [one for one in held.members if one.entity_id != exchange.entity_id]
    stored = await exchange.database.read(lambda connection: stored_standings(connection, [one.entity_id for one in others], now))
    return PeerStandings(
        trust_list=trust_list_standing(exchange.trust),
        suites=exchange.signing.suites,
        own_keys=_own_keys(exchange, now),
        peers=tuple(_told(exchange, member, stored[member.entity_id], now) for member in others),
    )


def _told(exchange: Exchange, member: Member, stored: StoredStanding, now: datetime) -> PeerStanding:
    failures, rests_until = exchange.breakers.standing(member.entity_id)
    statement, problem = _statement(exchange, member, stored.statement, now)
    return PeerStanding(
        entity_id=member.entity_id,
        statement=statement,
        statement_problem=problem,
        failures=failures,
        rests_until=rests_until,
        delivered_at=stored.delivered_at,
        heard_at=stored.heard_at,
        waiting=stored.waiting,
        logs=stored.logs,
        days=stored.days,
    )


def _statement(exchange: Exchange, member: Member, held: HeldStatement | None, now: datetime) -> tuple[PeerStatement | None, str | None]:
    """INVARIANT: no key is told of but by a statement that verifies now, by the keys of the list that is held."""
    if held is None:
        return None, None
    try:
        keys = by_kid(member.statement_keys)
        verified = verify_node_statement(held.token, entity_id=member.entity_id, keys=keys, lowest_serial=held.serial, now=now)
    except SuiteError as error:
        return None, error.code
    said = verified.message
    return PeerStatement(
        serial=said.serial,
        issued_at=_instant(said.iat),
        expires_at=_instant(said.exp),
        fetched_at=held.fetched_at,
        suites=said.suites,
        suite=_common_suite(said, exchange),
        keys=tuple(
            PeerKey(kid=key.kid, suite=key.suite, epoch=key.epoch, not_before=_instant(key.not_before), not_after=_instant(key.not_after))
            for key in sorted(said.encryption, key=lambda one: (-one.epoch, one.suite))
        ),
    ), None


def _common_suite(said: NodeStatement, exchange: Exchange) -> str | None:
    try:
        return first_supported(said.suites, supported=exchange.signing.suites).name
    except SuiteError:
        return None


def _own_keys(exchange: Exchange, now: datetime) -> tuple[OwnKey, ...]:
    return tuple(
        OwnKey(
            kid=key.kid,
            suite=key.suite,
            epoch=key.epoch,
            not_before=key.begins,
            not_after=key.unused_from,
            destroyed_at=key.destroyed_at,
        )
        for key in sorted(exchange.epochs.alive(now), key=lambda one: (-one.epoch, one.suite))
    )


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
