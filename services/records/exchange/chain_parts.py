"""Parts of a chain: making this node's own, and having the peer's, which counts for nothing until it is proven."""

import logging
from datetime import datetime
from uuid import UUID

from safepassage.chain_part import MAX_LENGTH, ChainPart, Onward, VerifiedPart, verify_part
from safepassage.checkpoints import Checkpoint
from safepassage.compact import kid_of
from safepassage.logged import Logged, verify_continues
from safepassage.problems import SuiteError
from safepassage.problems.exchanges import PeerAddressRefused, PeerUnavailable
from safepassage.problems.requests import TemporarilyUnavailable
from safepassage.problems.trust import NotAMember
from safepassage.suites import Suite
from safepassage.wire_chain import PeerAnswer
from services.records.exchange.chain_rows import Kept
from services.records.exchange.exchange import Exchange
from services.records.exchange.peer_logs import Pinned
from shared.contracts.chains import ChainEntries, ChainEntriesRequest, NamedEvent
from shared.internal_token import Principal

log = logging.getLogger(__name__)

PATH = "/v1/peer/chains/{exchange_id}"


async def entries_of(
    exchange: Exchange, exchange_id: UUID, one: Kept | None, events: tuple[NamedEvent, ...], *, peer: str | None, by: Principal
) -> ChainEntries:
    """What the own log has of it, for the caller: also where there is nothing, so that every look is logged.

    Raises NoSuchChain, LogUnavailable, and what else audit refuses it with.
    """
    body = ChainEntriesRequest(
        exchange_id=exchange_id,
        peer=peer,
        events=events,
        sizes=() if one is None else one.sizes(exchange.entity_id),
    )
    return await exchange.siblings.call("audit", "POST", "/internal/exchange-entries", answer=ChainEntries, by=by, body=body)


def own_part(
    exchange: Exchange,
    exchange_id: UUID,
    one: Kept,
    entries: ChainEntries,
    onward: tuple[Onward, ...],
    *,
    audience: str,
    now: datetime,
    suite: Suite | None = None,
) -> tuple[str, ChainPart]:
    """This node's part, for `audience`, signed as its suite says; without one as this node's first does."""
    part = ChainPart(
        iss=exchange.entity_id,
        aud=audience,
        exchange_id=exchange_id,
        iat=int(now.timestamp()),
        checkpoints=entries.checkpoints,
        continues=entries.continues,
        links=entries.links,
        origin=one.origin,
        onward=onward,
    )
    return exchange.signing.sign_compact(typ=ChainPart.TYPE, payload=part.claims(), suite=suite), part


async def peers_part(exchange: Exchange, exchange_id: UUID, one: Kept) -> tuple[PeerAnswer, VerifiedPart | None]:
    """The peer's part, proven by logs of the peer that continue what this node has seen of them; or why there is none."""
    try:
        await exchange.trust.refresh()
        member = exchange.trust.member(one.peer)
        answer = await exchange.peers.get(member, PATH.format(exchange_id=exchange_id), {})
    except (NotAMember, PeerAddressRefused, PeerUnavailable) as error:
        return _said(one, "unreachable", error.code)
    if 400 <= answer.status < 500 and answer.status not in (401, 408, 429):
        return _said(one, "refused", str(answer.status))
    if answer.status != 200:
        return _said(one, "unreachable", str(answer.status))
    try:
        token = answer.body.decode("ascii")
        keys = await exchange.signing_keys_of(one.peer, kid=kid_of(token, max_length=MAX_LENGTH))
        found = verify_part(token, issuer=one.peer, audience=exchange.entity_id, keys=keys, logs=member.log_identities())
        if found.part.message.exchange_id != exchange_id:
            return _said(one, "not-proven", "other-exchange")
        for place, checkpoint in enumerate(found.checkpoints):
            await _require_known_history(exchange, one.peer, found.part.message.checkpoints[place], checkpoint, found)
    except UnicodeDecodeError:
        return _said(one, "not-proven", "not-ascii")
    except (PeerUnavailable, TemporarilyUnavailable) as error:
        return _said(one, "unreachable", error.code)
    except SuiteError as error:
        return _said(one, "not-proven", error.code)
    return "answered", found


async def _require_known_history(exchange: Exchange, peer: str, note: str, checkpoint: Checkpoint, found: VerifiedPart) -> None:
    """INVARIANT: a log that shows us another past here than it has shown us in messages is not believed."""

    def verify(pinned: Pinned, path: list[bytes] | None) -> tuple[None, Logged]:
        known = pinned.get(checkpoint.origin)
        if known is not None:
            verify_continues(checkpoint, pinned=known, path=path)
        leaf = next(one.leaf for one in found.links if one.log == checkpoint.origin)
        return None, Logged(leaf, 0, checkpoint, note)

    if any(one.log == checkpoint.origin for one in found.links):
        await exchange.peer_logs.verify(exchange.trust.member(peer), note, verify)


def _said(one: Kept, why: PeerAnswer, code: str) -> tuple[PeerAnswer, None]:
    log.info("peer's part of a chain is missing", extra={"peer": one.peer, "code": code, "event": why})
    return why, None
