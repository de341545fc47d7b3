"""Other states' nodes as they are shown: on the list, reachable, agreeing, witnessing. Pure, of what the services told and now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from safepassage.notes import parse_vkey
from safepassage.trust_members import Member
from safepassage.wire_log_witnesses import LogWitness, LogWitnesses, WitnessedLog, WitnessFinding
from safepassage.wire_peers import PeerKey, PeerStanding
from safepassage.wire_reconciliations import ReconciliationState
from services.gateway.console.charts.days import DayRow, day_row
from services.gateway.console.state_words import Counters, Reach, Witness

WAITED_LONG: Final = timedelta(hours=1)
"""What has waited so long was tried several times: a process that has just started knows of no failure."""
COSIGNED_LATELY: Final = timedelta(days=1)
COMPARED_DAYS: Final = 30


def reach_of(member: Member, peer: PeerStanding | None, now: datetime) -> Reach:
    """Whether it can be reached: by what is known of the last calls, and of what waits."""
    if member.status != "active":
        return "closed"
    if peer is None:
        return "unknown"
    if member.pulls:
        return "pulls"
    if peer.rests_until is not None and now < peer.rests_until:
        return "resting"
    if peer.failures or (peer.waiting.since is not None and now - peer.waiting.since >= WAITED_LONG):
        return "failing"
    return "never" if peer.delivered_at is None and peer.heard_at is None else "answers"


_NEWEST: Final[dict[ReconciliationState, Counters]] = {"agreed": "agree", "differs": "differ", "due": "due", "lapsed": "lapsed"}


def counters_of(peer: PeerStanding | None) -> Counters:
    """A difference of the last 30 days stays one, whatever later days say: what was lost is still lost."""
    if peer is None:
        return "unknown"
    if any(one.state == "differs" for one in peer.days):
        return "differ"
    newest = next(iter(peer.days), None)
    if newest is None:
        return "never"
    return _NEWEST[newest.state]


def key_in_use(peer: PeerStanding | None, now: datetime) -> PeerKey | None:
    """To which this node seals now for it: that of the common suite whose time it is."""
    statement = None if peer is None else peer.statement
    if statement is None:
        return None
    usable = [key for key in statement.keys if key.suite == statement.suite and key.not_before <= now < key.not_after]
    return max(usable, key=lambda key: key.epoch, default=None)


def cosigning(member: Member, witnesses: LogWitnesses) -> list[LogWitness]:
    """Its keys among those of this node's policy."""
    return [one for one in witnesses.witnesses if one.vkey in member.witness_keys]


def cosigned_logs(member: Member, witnesses: LogWitnesses) -> list[WitnessedLog]:
    """Its logs of which this node has cosigned a checkpoint."""
    origins = {log.origin for log in member.logs}
    return [one for one in witnesses.witnessed if one.origin in origins]


def findings_of(member: Member, witnesses: LogWitnesses) -> list[WitnessFinding]:
    """About its logs, or about it as a witness."""
    about = {log.origin for log in member.logs} | {one.url for one in cosigning(member, witnesses)}
    return [one for one in witnesses.findings if one.about in about]


def witness_of(member: Member, witnesses: LogWitnesses | None, now: datetime) -> Witness:
    """What it is as a witness of our log: the least that one of its keys has done."""
    if witnesses is None:
        return "unknown"
    if findings_of(member, witnesses):
        return "wrong"
    keys = cosigning(member, witnesses)
    if not keys:
        return "could" if member.witness_keys and member.status == "active" else "no"
    least = min(keys, key=lambda one: one.size)
    if least.cosigned_at is None:
        return "none-yet"
    if least.size >= witnesses.size:
        return "all"
    return "behind" if now - least.cosigned_at < COSIGNED_LATELY else "late"


def compared_days(peer: PeerStanding, today: date, *, step: float = 5.0, height: float = 18.0) -> DayRow:
    """The last 30 days that are over (UTC)."""
    ended = {date.fromisoformat(one.day): one.state for one in peer.days}
    return day_row(ended, last=today - timedelta(days=1), count=COMPARED_DAYS, step=step, height=height)


@dataclass(frozen=True)
class ComparedDays:
    """How the days that are over ended."""

    agreed: int
    compared: int
    newest: date | None


def compared(peer: PeerStanding) -> ComparedDays:
    """Days that are not due any more."""
    over = [one for one in peer.days if one.state != "due"]
    newest = max((date.fromisoformat(one.day) for one in over), default=None)
    return ComparedDays(sum(one.state == "agreed" for one in over), len(over), newest)


def waits_of(peer: PeerStanding) -> int:
    """Messages that it has not acknowledged."""
    waiting = peer.waiting
    return waiting.requests + waiting.answers + waiting.receipts + waiting.notices + waiting.endings


def key_ids(vkeys: Sequence[str]) -> list[tuple[str, str]]:
    """Name and id (hexadecimal) of each verifier key: what two people compare on the telephone."""
    return [(key.name, key.key_id.hex()) for key in map(parse_vkey, vkeys)]
