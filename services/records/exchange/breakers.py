"""One breaker a peer: after several calls in a row that nobody answered none is made for a while, then one that tells whether to go on.

What waits for a peer that is away keeps its own schedule (retries); the breaker keeps a thousand messages from each finding out by itself.
Pure but for what it remembers; a process that starts knows of no failure.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from safepassage.problems.exchanges import PeerResting
from services.records.exchange.retries import JITTER, LONGEST_WISH
from shared.clock import EPOCH

OPENS_AFTER = 5
FIRST_REST, LONGEST_REST = timedelta(seconds=15), timedelta(minutes=10)
PROBE_LASTS = timedelta(minutes=2)
"""A call that was let through to find out counts as unanswered after this long."""


@dataclass
class _Of:
    failures: int = 0
    """In a row."""
    rests_until: datetime = EPOCH
    probing_until: datetime = EPOCH


class Breakers:
    """Of one process, by peer. `chance` gives a number in [0, 1), which spreads the rests of nodes that failed together."""

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._peers: dict[str, _Of] = {}

    def require_closed(self, peer: str, now: datetime) -> None:
        """Raises PeerResting while no call is to be made. Once the rest is over one call may be, and until its end no other."""
        of = self._peers.get(peer)
        if of is None or of.rests_until == EPOCH:
            return
        until = max(of.rests_until, of.probing_until)
        if now < until:
            raise PeerResting(retry_after_seconds=max(1, int((until - now).total_seconds())))
        of.probing_until = now + PROBE_LASTS

    def standing(self, peer: str) -> tuple[int, datetime | None]:
        """Failures in a row, and until when it rests or has rested after them; None where it was not left alone."""
        of = self._peers.get(peer)
        return (0, None) if of is None else (of.failures, None if of.rests_until == EPOCH else of.rests_until)

    def answered(self, peer: str) -> None:
        """The peer has answered: whatever it said, it is there."""
        self._peers.pop(peer, None)

    def failed(self, peer: str, now: datetime, *, wished: timedelta | None = None) -> bool:
        """Nobody answered, or that it cannot now. True if the peer rests from here on.

        wished  how long it asked to be left alone (429): it is, at once
        """
        of = self._peers.setdefault(peer, _Of())
        of.failures += 1
        of.probing_until = EPOCH
        if of.failures < OPENS_AFTER and wished is None:
            return False
        rest = timedelta()
        if of.failures >= OPENS_AFTER:
            doubled = FIRST_REST * 2 ** min(of.failures - OPENS_AFTER, 10)
            rest = min(doubled, LONGEST_REST) * (1 + JITTER * (2 * self._chance() - 1))
        of.rests_until = now + max(rest, min(wished or timedelta(), LONGEST_WISH))
        return True
