"""What an agreement and the register of organisations leave of the details that a client asks for: the other parts of the intersection.

Privacy knows the agreements and is asked for each token; where it does not answer there is no token.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import select

from safepassage.elements import BY_ID
from safepassage.problems import SuiteError
from safepassage.problems.privacy import NoSuchAgreement
from safepassage.wire_organisations import OrganisationKind
from services.gateway.oauth.authorization_details import StudentDataAccess
from services.gateway.oauth.oauth_errors import AgreementNotVerifiable, DetailsRefused
from services.gateway.tables import OrganisationRow
from shared.contracts.privacy import AgreementTerms
from shared.database import Database
from shared.siblings import Siblings, segment
from shared.tenancy import within

JOB: Final = "token-details"


@dataclass(frozen=True)
class Agreed:
    """Asks privacy, and the gateway's own register."""

    database: Database
    siblings: Siblings

    async def granted(self, details: StudentDataAccess, *, organisation_id: UUID, organisation_kind: OrganisationKind) -> StudentDataAccess:
        """What is granted of `details` to a client of the organisation. Raises DetailsRefused, AgreementNotVerifiable.

        Not within a transaction.
        """
        if details.agreement_id is not None:
            return within_terms(details, await self._terms(details.agreement_id, organisation_id))
        if details.districts is not None:
            await self._require_own(details.districts, organisation_id, organisation_kind)
        return details

    async def _terms(self, agreement_id: UUID, recipient_id: UUID) -> AgreementTerms:
        path = f"/internal/agreements/{segment(agreement_id)}/terms"
        try:
            return await self.siblings.call(
                "privacy", "GET", path, answer=AgreementTerms, by=JOB, query={"recipient_id": str(recipient_id)}
            )
        except NoSuchAgreement as error:
            raise DetailsRefused("there is no such agreement in force with the client's organization") from error
        except SuiteError as error:
            raise AgreementNotVerifiable from error

    async def _require_own(self, districts: Collection[UUID], organisation_id: UUID, organisation_kind: OrganisationKind) -> None:
        """Without an agreement a district is the organisation's own, or below it; the state agency's are all of the node."""
        if organisation_kind not in ("sea", "lea"):
            raise DetailsRefused("districts are those of an agreement, which agreement_id names")
        query = select(OrganisationRow.id).where(OrganisationRow.id.in_(districts), OrganisationRow.kind == "lea")
        if organisation_kind != "sea":
            query = query.where(OrganisationRow.id.in_(within(OrganisationRow, organisation_id)))
        async with self.database.reading() as tx:
            own = set((await tx.execute(query)).scalars())
        if not own.issuperset(districts):
            raise DetailsRefused("a district is none of the client's organization")


def within_terms(details: StudentDataAccess, terms: AgreementTerms) -> StudentDataAccess:
    """The intersection of what is asked for and an agreement in force. Raises DetailsRefused where nothing is left. Pure.

    Where no datatypes or districts are asked for, none are said: the services go by the agreement as it is at each use.
    """
    if details.purpose not in terms.purposes:
        raise DetailsRefused("the agreement is not for that purpose")
    if details.legal_basis not in (None, terms.kind):
        raise DetailsRefused("the agreement is no legal basis of that kind")
    left: dict[str, object] = {"expires": _earlier(details.expires, terms.ends_on)}
    if details.districts is not None:
        left["districts"] = tuple(one for one in details.districts if one in terms.district_ids)
    if details.datatypes is not None:
        left["datatypes"] = _scheduled(details.datatypes, terms.elements)
    if not all(left.values()):
        raise DetailsRefused("the agreement schedules nothing of what is asked for")
    return details.model_copy(update=left)


def _scheduled(datatypes: Collection[str], elements: Collection[str]) -> tuple[str, ...]:
    """Elements and whole sections stay; a section that is scheduled in part is its scheduled elements."""
    kept: list[str] = []
    for asked in datatypes:
        of_it = [element for element in BY_ID if asked in (element, BY_ID[element].section)]
        left = [element for element in of_it if element in elements]
        kept += [asked] if left == of_it else left
    return tuple(dict.fromkeys(kept))


def _earlier(asked: date | None, ends_on: date) -> date:
    return ends_on if asked is None else min(asked, ends_on)
