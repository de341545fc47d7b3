"""A family member who came in by a one-time link: of one student, with the rights of one person, and nothing else."""

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from safepassage.wire import Wire
from safepassage.wire_family import FamilyRole
from safepassage.wire_organisations import OrganisationKind
from safepassage.wire_policy import ActingFor
from shared.actors import FAMILY
from shared.contracts.audit import Actor
from shared.internal_token import CallerClaims, FamilyMember

CLIENT: Final = FAMILY
"""What the log calls the page that they work with."""
PURPOSE: Final = "records-access"
SCOPES: Final = frozenset({"audit:accounting", "rights:act"})
"""Of these the services open to a family member only what asks for one by name (shared.caller.family_or)."""


class Particulars(Wire):
    """What is sealed under the link, then under the cookie."""

    student_id: UUID
    acting_for: ActingFor
    secret: str | None = None
    """43 random characters of the visit; None in a link."""


@dataclass(frozen=True)
class Member:
    """Who is behind a visit, as it was read for one request."""

    word: str
    """What the log calls them: 43 characters, a keyed digest of the agency's id of them."""
    student_id: UUID
    acting_for: ActingFor
    organisation_id: UUID
    organisation_kind: OrganisationKind
    organisation_name: str
    time_zone: str
    """The agency's (IANA): its days are the days of its clocks."""
    session: bytes
    """Digest of the cookie, the key of the visit's row."""
    link_id: UUID
    form_token: str
    """To be in every form of this visit's pages, as `token`."""
    secret: str = field(repr=False)

    @property
    def role(self) -> FamilyRole:
        """As what: whoever is the student is not a parent."""
        return role_of(self.student_id, self.acting_for.person_id)

    def claims(self, address: str | None) -> CallerClaims:
        """For the services. INVARIANT: bound to the one student and the one person of the link."""
        return family_claims(
            self.student_id,
            self.acting_for.person_id,
            organisation_id=self.organisation_id,
            organisation_kind=self.organisation_kind,
            word=self.word,
            address=address,
        )

    def actor(self, address: str | None) -> Actor:
        """For the log: ids, no name."""
        return Actor(
            kind="person",
            acting_for=self.acting_for.person_id,
            client_id=CLIENT,
            organisation_id=self.organisation_id,
            person=self.word,
            role=self.role,
            address=address,
        )


def role_of(student_id: UUID, person_id: UUID) -> FamilyRole:
    """The student of age acts under their own id."""
    return "student" if person_id == student_id else "parent"


def family_claims(
    student_id: UUID, person_id: UUID, *, organisation_id: UUID, organisation_kind: OrganisationKind, word: str, address: str | None
) -> CallerClaims:
    """The family member as the services are told: another kind of principal than a client or an official."""
    return CallerClaims(
        client_id=CLIENT,
        organisation_id=organisation_id,
        organisation_kind=organisation_kind,
        role=role_of(student_id, person_id),
        scopes=SCOPES,
        details={"purpose": PURPOSE},
        address=address,
        person=word,
        family=FamilyMember(student_id=student_id, person_id=person_id),
    )
