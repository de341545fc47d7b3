"""Who of a student's family may be let to the family's page, and which links wait for them. Pure but for what stands in the store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from safepassage.problems.people import HandleUnknown
from safepassage.wire_student_rights import CurrentRights, StudentRights
from services.gateway.console.handles import Handles
from services.gateway.console.node_reader import NodeReader
from services.gateway.console.pages import Frame
from services.gateway.console.student_words import RELATIONS
from services.gateway.console.students import ONE
from services.gateway.console.words import spaced
from services.gateway.family.admission import FamilyAdmission
from services.gateway.family.links import OpenLink
from services.gateway.people.roles import Role
from services.gateway.registry.reach import reached
from services.gateway.tables import FamilyLinkRow
from shared.database import Database

MAKING: Final = f"{ONE}/family-links/{{holder}}"
TAKING_BACK: Final = f"{ONE}/family-links/{{link_id}}/withdrawal"
OPTING_OUT: Final = f"{ONE}/opt-outs/{{holder}}"
CONSENTING: Final = f"{ONE}/paper-consents/{{holder}}"
RESCINDING: Final = f"{ONE}/preferences/{{preference_id}}/rescission"
ROLES: Final[tuple[Role, ...]] = ("privacy-officer", "district-officer")
"""Who answers families: of the state, or of a district for its own students."""
HOLDER: Final = "rights-holder"
"""Kind of the handles that stand for a person who holds a student's rights."""


@dataclass(frozen=True)
class ShownHolder:
    """Somebody who may be told and may decide."""

    name: str
    id: str
    """The agency's own of them: by it staff tell two of a name apart."""
    making: str
    """The page on which a link is made for them; empty where none may be."""
    opting_out: str
    """The page on which an opt-out of theirs is written down."""
    consenting: str
    """And a consent."""


@dataclass(frozen=True)
class ShownLink:
    """A link that waits, or the visit that came of it."""

    name: str
    made_at: datetime
    until: datetime
    visiting: bool
    taking_back: str


def holder_name(holder: CurrentRights, frame: Frame) -> str:
    """What they are to the student: the node knows no name of theirs here."""
    _ = frame.translate
    if holder.role == "student":
        return _("The student, who decides now")
    relation = holder.relation or "parent"
    return _(RELATIONS[relation]) if relation in RELATIONS else spaced(relation)


def sealed_holder(student_id: UUID, person_id: UUID, handles: Handles) -> str:
    """What stands for the person in an address, beside this student's handle and no other's."""
    return handles.seal(HOLDER, f"{student_id} {person_id}")


def opened_holder(student_id: UUID, holder: str, handles: Handles) -> UUID:
    """Raises HandleUnknown for what this session has not sealed for this student."""
    whose, _, person_id = handles.open(HOLDER, holder).partition(" ")
    if whose != str(student_id):
        raise HandleUnknown
    return UUID(person_id)


def shown_holders(rights: StudentRights, handle: str, frame: Frame, handles: Handles) -> list[ShownHolder]:
    """In the order of the record."""
    shown = []
    for one in rights.held_by:
        sealed = sealed_holder(rights.student_id, one.person_id, handles)
        making = "" if rights.in_person_only else MAKING.format(handle=handle, holder=sealed)
        opting_out, consenting = (page.format(handle=handle, holder=sealed) for page in (OPTING_OUT, CONSENTING))
        shown.append(ShownHolder(holder_name(one, frame), str(one.person_id), making, opting_out, consenting))
    return shown


async def open_links_of(frame: Frame, node: NodeReader, student_id: UUID) -> Sequence[OpenLink]:
    """The links for the student's family that the person reaches: the state's officer all, a district's its own."""
    state = frame.request.app.state
    database: Database = state.database
    families: FamilyAdmission = state.families
    reach = reached(FamilyLinkRow.organisation_id, node.claims, named=True)
    async with database.reading() as tx:
        return await families.visits.open_links(tx, student_id, reach=reach, now=frame.viewing.now)


def shown_links(links: Sequence[OpenLink], rights: StudentRights, handle: str, frame: Frame) -> list[ShownLink]:
    """The newest first."""
    return [
        ShownLink(
            name=whose_link(link, rights, frame),
            made_at=link.made_at,
            until=link.expires_at,
            visiting=link.used_at is not None,
            taking_back=TAKING_BACK.format(handle=handle, link_id=link.id),
        )
        for link in links
    ]


def whose_link(link: OpenLink, rights: StudentRights, frame: Frame) -> str:
    """Whom it is for, by the word that the node has for them; whoever holds no rights any more is nobody that is known here."""
    families: FamilyAdmission = frame.request.app.state.families
    words: Mapping[str, CurrentRights] = {families.visits.word_of(link.organisation_id, one.person_id): one for one in rights.held_by}
    holder = words.get(link.member_word or "")
    return frame.translate("Somebody whose rights have ended") if holder is None else holder_name(holder, frame)
