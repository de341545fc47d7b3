"""Entries of the log, opened and read as the record of disclosures shows them."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.wire_log import AccountedEntry, Party
from services.audit.agency_days import agency_of_node, zone_of_agency
from services.audit.disclosures.disclosure_record import OF_THE_AGENCY, accounted, phase_of
from services.audit.known_nodes import known_nodes
from services.audit.openings import OpenedEntry, Place, Sight, open_entries
from services.audit.published import PublishedLog
from services.audit.subject_keys import SubjectKeys
from services.audit.tables import OrganisationRow
from shared.contracts.audit import Actor, Context

OPENED_AT_ONCE = 500


async def accounted_entries(
    tx: AsyncSession,
    keys: SubjectKeys,
    places: Sequence[Place],
    *,
    sight: Sight,
    published: PublishedLog,
    tags: Collection[bytes] | None = None,
) -> list[AccountedEntry]:
    """What the entries at `places` are in the record of disclosures, in that order; of what `sight` does not cover, nothing.

    tags  of pages about many students, whose parts are opened; None opens all
    """
    entries: list[AccountedEntry] = []
    zone = await zone_of_agency(tx)
    for start in range(0, len(places), OPENED_AT_ONCE):
        for opened in await open_entries(tx, keys, places[start : start + OPENED_AT_ONCE], tags=tags):
            seen = opened.seen_by(sight)
            entry = None if seen is None else accounted_entry(seen, published, zone)
            if entry is not None:
                entries.append(entry)
    return entries


def accounted_entry(entry: OpenedEntry, published: PublishedLog, zone: ZoneInfo) -> AccountedEntry | None:
    """What an entry is in the record of disclosures; None if it is nothing there, or its content was destroyed."""
    if entry.actor is None or entry.context is None or not entry.subjects:
        return None
    context = Context.model_validate(entry.context.payload)
    phase = phase_of(entry.leaf.class_, context, entry.subjects[0].custodian)
    if phase is None or context.operation in OF_THE_AGENCY:
        return None
    return accounted(
        phase,
        Actor.model_validate(entry.actor.payload),
        context,
        logged_at=entry.logged_at,
        log=entry.origin,
        index=entry.place.at,
        published=entry.place < (published.log.year, published.size),
        zone=zone,
    )


async def names_in(tx: AsyncSession, own: str, entries: Sequence[AccountedEntry]) -> dict[str, str]:
    """What the organisations of this node that entries name are called, by id; and the agencies of all nodes, by entity id.

    own  the entity id of this node
    """
    named = {id_ for entry in entries for id_ in (_own(entry.party.organisation), entry.on_behalf_of) if id_ is not None}
    rows = await tx.scalars(select(OrganisationRow).where(OrganisationRow.id.in_(named)))
    agencies = (await known_nodes(tx, own)).agencies
    return {**agencies} | {str(row.id): row.organisation.name for row in rows}


async def own_agency(tx: AsyncSession) -> Party | None:
    """The state agency that runs the node, by its register; None until it is known."""
    row = await agency_of_node(tx)
    return None if row is None else Party(organisation=str(row.id), name=row.organisation.name)


def with_names(entry: AccountedEntry, names: Mapping[str, str]) -> AccountedEntry:
    """The entry with what its parties are called: 34 CFR 300.614 asks for the name."""
    further = tuple(one.model_copy(update={"party": _named(one.party, names)}) for one in entry.further_parties)
    passed_on_by = None if entry.passed_on_by is None else _named(entry.passed_on_by, names)
    return entry.model_copy(update={"party": _named(entry.party, names), "further_parties": further, "passed_on_by": passed_on_by})


def _named(party: Party, names: Mapping[str, str]) -> Party:
    """An organisation of this node by its register; one behind a peer by what its node called it in the request."""
    return party.model_copy(update={"name": names.get(party.organisation or "", party.name), "agency": names.get(party.node or "")})


def _own(party: str | None) -> UUID | None:
    """The id of an organisation of this node; None for one behind a peer, `<entity id>#<its id there>`."""
    try:
        return UUID(party or "")
    except ValueError:
        return None
