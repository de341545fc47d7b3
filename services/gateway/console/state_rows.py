"""A member of the trust list in a row, and the order and choice of rows. Pure but for the reader's words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from fastapi import Query

from safepassage.trust_members import Member
from safepassage.wire_peers import PeerKey, PeerStanding
from services.gateway.console.charts.days import DayRow
from services.gateway.console.pages import Frame
from services.gateway.console.peers_named import host_of
from services.gateway.console.sorting import Columns, in_words
from services.gateway.console.state_names import STATE_NAMES
from services.gateway.console.state_words import Counters, Reach, Status, Witness
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

PATH: Final = "/console/states"
ONE: Final = f"{PATH}/{{state}}"
SILENT: Final[frozenset[Reach]] = frozenset({"failing", "resting"})

OnList = Annotated[Status | None, Query()]
Reached = Annotated[Reach | Literal["silent"] | None, Query()]
"""silent: whichever way it does not answer."""
Agreeing = Annotated[Counters | None, Query()]


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


COLUMNS: Final = Columns(
    {
        "state": lambda row: (in_words(row.name), row.host),
        "-heard": lambda row: row.heard_at,
        "-waits": lambda row: row.waits,
    },
    region="#main",
)
Sorted = Annotated[str, COLUMNS.query]


def in_order(rows: Sequence[ShownState], sort: str) -> list[ShownState]:
    """By one column, then by name; of whom nothing was heard comes last either way."""
    return COLUMNS.rows(COLUMNS.rows(rows, COLUMNS.usual), sort)


def chosen_rows(rows: Sequence[ShownState], status: str | None, reach: str | None, counters: str | None) -> list[ShownState]:
    """Those that fit each filter that is set."""

    def fits(row: ShownState) -> bool:
        is_reached = reach is None or row.reach == reach or (reach == "silent" and row.reach in SILENT)
        return status in (None, row.status) and is_reached and counters in (None, row.counters)

    return [row for row in rows if fits(row)]
