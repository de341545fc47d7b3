"""Who received the record, and why: the accounting of disclosures in plain words, newest first (34 CFR 99.32).

Audit leaves out what a court keeps secret. What is left out here besides: who of a party's staff it was, which client, the words of a
threat, and every id; a family is told in person what an emergency's threat was.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import select
from starlette.responses import Response

from safepassage.wire_log import AccountedEntry, DisclosureAccounting, Party
from services.gateway.console.element_words import ELEMENT_WORDS
from services.gateway.console.purpose_words import PURPOSE_WORDS
from services.gateway.console.state_names import STATE_NAMES
from services.gateway.console.words import spaced, word
from services.gateway.family.admission import HOME
from services.gateway.family.frame import FamilyFrame, FamilyRoute, Framed
from services.gateway.family.member import Member
from services.gateway.family.reasons import REASONS
from services.gateway.family.rights_file import TheirFile
from services.gateway.family.visited import FamilyNode
from services.gateway.people.pages import page_responses
from services.gateway.tables import OrganisationRow
from shared.database import Database

router = APIRouter(tags=["families"], route_class=FamilyRoute)

PER_PAGE: Final = 25

HAPPENED: Final[Mapping[str, str]] = {
    "request": word("Asked for information"),
    "refused": word("Asked for information and was told no"),
    "emergency": word("An emergency was written down"),
    "disclosure": word("Got information"),
    "withdrawal": word("It was taken back before it got there"),
    "receipt": word("Said that it got there"),
    "onward": word("Got it from an agency that we gave it to"),
    "notice": word("Was told how the move to the new school went"),
}
"""What an entry is, by its phase."""

Names = Mapping[str, str]
"""What organisations are called, by id; of nodes the state, by entity id."""


@dataclass(frozen=True)
class ShownEntry:
    """One line of the record of disclosures."""

    at: datetime
    happened: str
    tone: str
    who: str
    why: str
    use: str
    data: tuple[str, ...]
    law: str
    in_person: bool
    """There is more, which is told in person."""


@router.get(HOME, response_model=None, responses=page_responses(200, 404))
async def show_family_record(
    frame: Framed, node: FamilyNode, _: TheirFile, cursor: Annotated[str | None, Query(max_length=2000)] = None
) -> Response:
    """Who asked for the student's information, and who got it."""
    query: dict[str, str | int] = {"limit": PER_PAGE, **({} if cursor is None else {"cursor": cursor})}
    path = f"/v1/students/{frame.member.student_id}/disclosure-accounting"
    accounting, following = await node.page("audit", path, DisclosureAccounting, query)
    names = await names_of(frame, {*(entry.party for entry in accounting.entries), *accounting.may_disclose_further})
    return frame.page(
        "record.html",
        entries=[shown_entry(entry, names, frame.translate) for entry in accounting.entries],
        first=cursor is None,
        more=None if following is None else f"{HOME}?{urlencode({'cursor': following['cursor']})}",
        destroyed=bool(accounting.destroyed),
        further=[agency_name(one, names, frame.translate) for one in accounting.may_disclose_further],
        title=title_of(frame.member, frame.translate),
    )


def title_of(member: Member, _: Callable[[str], str]) -> str:
    """As whom they come."""
    return _("Who got my record, and why?") if member.role == "student" else _("Who got my child’s record, and why?")


def shown_entry(entry: AccountedEntry, names: Names, _: Callable[[str], str]) -> ShownEntry:
    """Pure. INVARIANT: of the party its name and state alone; no client, no id, no text that somebody wrote."""
    happened: str = "notice" if entry.operation == "exchange-notice" and entry.phase != "onward" else entry.phase
    if entry.phase == "request" and entry.outcome == "deny":
        happened = "refused"
    basis, purpose = entry.interest.basis, entry.interest.purpose
    return ShownEntry(
        at=entry.at,
        happened=_(HAPPENED[happened]),
        tone={"disclosure": "info", "refused": "good", "emergency": "warn", "onward": "info"}.get(happened, "plain"),
        who=party_name(entry.party, names, _),
        why="" if basis is None else _(REASONS[basis]) if basis in REASONS else _(spaced(basis)),
        use="" if purpose is None else _(PURPOSE_WORDS.get(purpose, spaced(purpose))),
        data=tuple(_(ELEMENT_WORDS.get(element, spaced(element.rpartition(".")[2]))) for element in entry.elements),
        law="; ".join(entry.interest.citations),
        in_person=entry.threat is not None,
    )


def party_name(party: Party, names: Names, _: Callable[[str], str]) -> str:
    """Who it was: an organisation, never a person of it. One of another state as its node called it in the request."""
    own = names.get(party.organisation or "")
    if own is not None:
        return own
    state = names.get(party.node or "")
    if state is not None and party.name is not None:
        return _("%(name)s in %(state)s") % {"name": party.name, "state": _(STATE_NAMES.get(state, state))}
    if state is not None:
        return _("A school or agency in %(state)s") % {"state": _(STATE_NAMES.get(state, state))}
    if party.organisation is None and party.node is None:
        return _("This agency")
    # Its node has left the trust list: what it was called stays.
    return party.name or party.agency or _("A school or agency in another state")


def agency_name(party: Party, names: Names, _: Callable[[str], str]) -> str:
    """An authority that may pass it on; one of another state as the trust list calls it."""
    return party_name(party if party.name is not None else party.model_copy(update={"name": party.agency}), names, _)


async def names_of(frame: FamilyFrame, parties: Collection[Party]) -> Names:
    """Of this node's organisations by the register, of other nodes by the trust list."""
    state = frame.request.app.state
    database: Database = state.database
    async with database.reading() as tx:
        asked = {id_ for party in parties if (id_ := _own_id(party)) is not None}
        rows = await tx.scalars(select(OrganisationRow).where(OrganisationRow.id.in_(asked)))
        named = {str(row.id): row.organisation.name for row in rows}
    members = () if state.trust.held is None else state.trust.held.members
    return named | {member.entity_id: member.state for member in members}


def _own_id(party: Party) -> UUID | None:
    try:
        return UUID(party.organisation or "")
    except ValueError:
        return None
