"""What a credential, a key, a person or an organisation touched, counted: from the index, and students from what is sealed."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.datastructures import State

from safepassage.wire_log import EntrySearch
from safepassage.wire_log_radius import BlastRadius, BlastRadiusRequest, TouchedNode, TouchedOrganisation, TouchedState
from services.audit.agency_days import zone_of_agency
from services.audit.index.lookup import Clause
from services.audit.index.projector import Projector
from services.audit.index.terms import HERE, Kind
from services.audit.known_nodes import known_nodes
from services.audit.openings import Sight
from services.audit.published import published_log
from services.audit.search_clauses import clauses_of, narrowed
from services.audit.searching import stretches_in, window_of
from services.audit.touched import LookedAt, count_touched, unheard
from services.audit.touched_recipients import recipients_of
from shared.breach_clocks import clocks_of
from shared.breach_notices import notice_of
from shared.database import Database

CAUGHT_UP_WITH: Final = 20_000
"""Entries that the index is behind by, and that are put into it before anything is counted: a second or so."""


def unnamed(_: Collection[UUID]) -> None:
    """Nobody asks which students they are."""


async def measured(
    state: State,
    asked: BlastRadiusRequest,
    sight: Sight,
    *,
    told: LookedAt = unheard,
    named: Callable[[Collection[UUID]], None] = unnamed,
) -> BlastRadius:
    """Everything that one touched between two instants, as far as `sight` reaches. `told` hears how far it is, `named` whom it touched."""
    database: Database = state.database
    projector: Projector = state.projector
    if projector.behind.entries <= CAUGHT_UP_WITH:
        await projector.catch_up()
    async with database.reading() as tx:
        stretches = await stretches_in(tx, await window_of(tx, window_asked(asked), None))
        published = await published_log(tx)
        zone = await zone_of_agency(tx)
        state_of = (await known_nodes(tx, state.settings.entity_id)).state_of
    clauses = narrowed(clauses_asked(asked), sight)
    counted = await count_touched(database, state.keys, clauses, stretches, sight, told=told)
    recipients = await recipients_of(database, state.keys, counted)
    nodes = tuple(TouchedNode(node=node, state=state_of(node), entries=count) for node, count in counted.of(Kind.NODE).items())
    named(whom := counted.whom)
    students = {} if (own := state_of(HERE)) is None else {own: len(whom)}
    students |= {other: counted.students_at(reached) for other, reached in _nodes_by_state(nodes, own).items()}
    return BlastRadius(
        entries=counted.entries,
        students=len(whom),
        first_at=counted.first_at,
        last_at=counted.last_at,
        by_class=counted.of(Kind.CLASS),
        by_outcome=counted.of(Kind.OUTCOME),
        elements=counted.of(Kind.ELEMENT),
        custodians=_custodians(counted.of(Kind.CUSTODIAN), sight),
        nodes=nodes,
        states=_states(nodes, own, counted.entries, students, asked.discovered_at, zone),
        recipients=recipients.every,
        recipients_named=recipients.named,
        checkpoint=published.note,
        not_looked_at=counted.not_looked_at,
    )


def window_asked(asked: BlastRadiusRequest) -> EntrySearch:
    """When."""
    return EntrySearch(logged_from=asked.touched_from, logged_until=asked.touched_until)


def clauses_asked(asked: BlastRadiusRequest) -> list[Clause]:
    """Whose."""
    named = EntrySearch(
        client_ids=() if asked.client_id is None else (asked.client_id,),
        key_thumbprints=() if asked.key_thumbprint is None else (asked.key_thumbprint,),
        addresses=() if asked.address is None else (asked.address,),
        acting_for=() if asked.person_id is None else (asked.person_id,),
        signed_in=() if asked.signed_in is None else (asked.signed_in,),
        organisation_ids=() if asked.organisation_id is None else (asked.organisation_id,),
        recipient_organisations=() if asked.recipient is None else (asked.recipient,),
    )
    return clauses_of(named, nodes_of=lambda _: ())


def _custodians(counts: dict[str, int], sight: Sight) -> tuple[TouchedOrganisation, ...]:
    """INVARIANT: of a page about many a district is not told whose the other students are."""
    ids = ((UUID(custodian), count) for custodian, count in counts.items())
    return tuple(TouchedOrganisation(organisation_id=id_, entries=count) for id_, count in ids if sight.covers(id_))


def _nodes_by_state(nodes: tuple[TouchedNode, ...], own: str | None) -> dict[str, list[str]]:
    """Of the states of recipients."""
    reached: dict[str, list[str]] = {}
    for node in nodes:
        if node.state is not None and node.state != own:
            reached.setdefault(node.state, []).append(node.node)
    return reached


def _states(
    nodes: tuple[TouchedNode, ...],
    own: str | None,
    entries: int,
    students: Mapping[str, int],
    discovered_at: datetime | None,
    zone: ZoneInfo,
) -> tuple[TouchedState, ...]:
    """The node's own state, whose students they are, and those of the recipients."""
    touched: Counter[str] = Counter()
    for node in nodes:
        if node.state is not None and node.state != own:
            touched[node.state] += node.entries
    if own is not None and entries:
        touched[own] = entries
    return tuple(
        TouchedState(
            state=state,
            entries=count,
            students=students[state],
            notices=tuple(notice_of(clock, discovered_at, zone=zone, students=students[state]) for clock in clocks_of(state)),
        )
        for state, count in touched.most_common()
    )
