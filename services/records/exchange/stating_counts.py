"""This node's signed counts of a day with a peer: the entry of the log first, then the signature over both."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from safepassage.canonical import digest_of, to_base64url
from safepassage.problems.reconciliations import CountsOfAnotherDay
from safepassage.reconciliation import Reconciliation, Stream, StreamCount, counts_digest
from services.records.exchange.events import SYSTEM
from services.records.exchange.exchange import Exchange
from shared.contracts.audit import Context, Digests, Event

LONGEST_AGO: Final = timedelta(days=8)
OPERATION: Final = "exchange-reconciliation"


def require_comparable(day: str, now: datetime) -> None:
    """Raises CountsOfAnotherDay for a day that is not over by UTC, or of more than a week ago."""
    try:
        asked = date.fromisoformat(day)
    except ValueError as error:
        raise CountsOfAnotherDay from error
    if not now.date() - LONGEST_AGO <= asked < now.date():
        raise CountsOfAnotherDay


async def stated(exchange: Exchange, peer: str, day: str, counts: Mapping[Stream, StreamCount], *, answers: str | None = None) -> str:
    """The signed counts. INVARIANT: the entry with their digest is in the log before they leave. Raises LogUnavailable."""
    digest = counts_digest(counts, day=day)
    event = Event(
        class_="request",
        key=f"reconciliation:{day}:{digest_of(peer.encode())[:16]}:{digest[:22]}",
        actor=SYSTEM,
        context=Context(operation=OPERATION, outcome="stated", recipient_node=peer, about=f"day:{day}", request_digest=digest),
        digests=Digests(ct=digest),
    )
    appended = await exchange.own_log.append(event)
    members = await exchange.proofs.members_for(peer, appended)
    seen: dict[str, Any] = {}
    latest = exchange.peer_logs.latest(exchange.trust.member(peer))
    if latest is not None:
        seen = {"seen_origin": latest.origin, "seen_size": latest.size, "seen_root": to_base64url(latest.root)}
    named = {stream.replace("-", "_"): count for stream, count in counts.items()}
    iat = int(exchange.clock().timestamp())
    message = Reconciliation(iss=exchange.entity_id, aud=peer, day=day, iat=iat, **named, **seen, **members)
    return await exchange.sign(message, answers=answers) if answers is not None else await exchange.sign(message)
