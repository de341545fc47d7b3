"""An educator applies in another state, and the agency there asks for the educator's credentials: who it is, and on which application."""

from datetime import date
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from safepassage.claims import OrganisationId
from safepassage.record.codes import Short
from safepassage.wire import Name, Wire
from safepassage.wire_exchange import EvidenceDocument, Official

ELEMENT: Final = "educator.credentials"
"""What decisions and entries call it. It is in no student's record: an educator's credentials are no education record (34 CFR 99.3)."""
SECTIONS: Final = ("educator",)
PURPOSE: Final = "licensure"
BASIS: Final = "educator-application"


class EducatorId(Wire):
    """The number by which an agency knows an educator, with who gave it: a state's code, a district's NCES id."""

    system: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    value: Short


class EducatorSelector(Wire):
    """Who the educator is, as the agency that issued the credentials knows them. Sealed inside the request; all of it has to agree."""

    authority: UUID
    """The agency's id at the holder's node, as the educator was told it with the id of the application."""
    identifier: EducatorId
    name: Name
    birth_date: date


class ReceivingAgency(Wire):
    """The agency that the educator applies to: the recipient in law; the two nodes are conduits."""

    id: OrganisationId
    """Its id at the requester's node."""
    kind: Literal["sea", "lea"]
    name: Name


class LicensureEvidence(Wire):
    """What the requester says of the application that it has, version 1: kept by both nodes, shown as asserted by the requester."""

    v: Literal[1] = 1
    receiving_organisation: ReceivingAgency
    applied_on: date
    document: EvidenceDocument
    """The educator's signed application; it stays with the requester, its digest travels."""
    official: Official


class NewCredentialRequest(Wire):
    """`POST /v1/educator-credential-requests`."""

    holder: Annotated[str, StringConstraints(max_length=200)]
    """Entity id of the node to ask, from the trust list."""
    educator: EducatorSelector
    application_id: UUID
    """Of the educator's written application, on record at the holder's node (evidence of the kind `educator-application`)."""
    evidence: LicensureEvidence


class EducatorSubject(Wire):
    """Whose credentials a decision is about, by ids of the node that keeps them."""

    educator_id: UUID
    custodian_id: UUID
    """The agency that keeps them."""
    is_nobody: bool = Field(default=False)
    """In the place of an educator who is not here: decided as for somebody, and always denied."""
