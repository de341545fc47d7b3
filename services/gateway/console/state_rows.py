"""A member of the trust list in a row, and the order and choice of rows. Pure but for the reader's words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from safepassage.trust_members import Member
from safepassage.wire_peers import PeerKey, PeerStanding
from services.gateway.console.charts.days import DayRow
from services.gateway.console.pages import Frame
from services.gateway.console.peers_named import host_of
from services.gateway.console.state_names import STATE_NAMES
from services.gateway.console.state_words import COUNTERS, REACHES, STATUSES, Counters, Reach, Status, Witness
from services.gateway.console.states_known import StatesKnown
from services.gateway.console.states_shown import (
    ComparedDays,
    compared,
    compared_days,
    cosigning,
    counters_of,
    key_in_use,
    reach_of,
    waits_of,
    witness_of,
)
from services.gateway.console.whole_tables import Filter, WholeTable
from services.gateway.console.words import word
from shared.word_order import in_words

PATH: Final = "/console/states"
ONE: Final = f"{PATH}/{{state}}"
SILENT: Final[frozenset[Reach]] = frozenset({"failing", "resting"})


@dataclass(frozen=True)
class ShownState:
    """A row of the table."""

    href: str
    name: str
    organisation: str
    host: str
    status: Status
    reach: Reach
    counters: Counters
    witness: Witness
    key: PeerKey | None
    suite: str
    peer: PeerStanding | None
    waits: int
    days: DayRow | None
    compared: ComparedDays | None
    cosigned: int | None
    """The least size of our log that one of its keys has cosigned; None where it is no witness of ours."""

    @property
    def heard_at(self) -> datetime | None:
        """The last sign of it: what it acknowledged, or what came."""
        if self.peer is None:
            return None
        return max((at for at in (self.peer.delivered_at, self.peer.heard_at) if at is not None), default=None)


def name_of(member: Member, frame: Frame) -> str:
    """The state's name; its letters where they are none that anybody knows."""
    return frame.translate(STATE_NAMES[member.state]) if member.state in STATE_NAMES else member.state


def shown_state(member: Member, known: StatesKnown, frame: Frame) -> ShownState:
    """A member of the list in a row."""
    now, peer = frame.viewing.now, known.peer(member.entity_id)
    keys = [] if known.witnesses is None else cosigning(member, known.witnesses)
    return ShownState(
        href=ONE.format(state=known.code(member)),
        name=name_of(member, frame),
        organisation=member.organisation,
        host=host_of(member.entity_id),
        status=member.status,
        reach=reach_of(member, peer, now),
        counters=counters_of(peer),
        witness=witness_of(member, known.witnesses, now),
        key=key_in_use(peer, now) if member.status == "active" else None,
        suite=(peer.statement.suite or "") if peer is not None and peer.statement is not None else "",
        peer=peer,
        waits=0 if peer is None else waits_of(peer),
        days=None if peer is None or not peer.days else compared_days(peer, now.astimezone(UTC).date()),
        compared=None if peer is None else compared(peer),
        cosigned=min((one.size for one in keys), default=None),
    )


def _shown(words: Any) -> Callable[[str, Callable[[str], str]], tuple[str, str]]:
    return lambda code, translate: (code, translate(words[code][2]))


_STATUS, _REACH, _COUNTERS = map(_shown, (STATUSES, REACHES, COUNTERS))
_SILENT: Final = word("Does not answer, for whatever reason")


def _reaches(row: ShownState, translate: Callable[[str], str]) -> list[tuple[str, str]]:
    silent = [("silent", translate(_SILENT))] if row.reach in SILENT else []
    return [_REACH(row.reach, translate), *silent]


STATES: Final = WholeTable(
    "states",
    {
        "state": lambda row: (in_words(row.name), row.host),
        "-heard": lambda row: row.heard_at,
        "-waits": lambda row: row.waits,
    },
    filters={
        "status": Filter(word("On the list"), lambda row, _: [_STATUS(row.status, _)], STATUSES),
        "reach": Filter(word("Reachable"), _reaches, (*REACHES, "silent")),
        "counters": Filter(word("Counters"), lambda row, _: [_COUNTERS(row.counters, _)], COUNTERS),
    },
    file={},
    is_first=True,
)
"""Of whom nothing was heard comes last either way."""


def by_name(rows: Sequence[ShownState]) -> list[ShownState]:
    """As they are before they are sorted otherwise."""
    return STATES.rows(rows, STATES.usual)
