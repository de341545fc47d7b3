"""Organisations: who sees whose students follows from this tree."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from safepassage.wire import Name, Wire

OrganisationKind = Literal["sea", "lea", "school", "vendor", "agency", "peer"]


class NewOrganisation(Wire):
    """What an operator says of an organisation."""

    kind: OrganisationKind
    name: Name
    parent_id: UUID | None = None
    """lea → sea, school → lea; none for the others."""
    nces_id: Annotated[str, StringConstraints(pattern=r"^[0-9]{7}([0-9]{5})?$")] | None = None
    """7 digits (agency) or 12 (school)."""
    state_id: Annotated[str, StringConstraints(pattern=r"^[ -~]{1,64}$")] | None = None
    entity_id: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,200}$")] | None = None
    """Of a peer node: its https URL in the trust list."""
    time_zone: Annotated[str, StringConstraints(max_length=64)] = "America/New_York"
    """IANA name."""
    onward_transfer_agreed: Annotated[str, StringConstraints(max_length=200)] | None = None
    """Reference of the document in which a district agrees that the state agency rediscloses transfers on its behalf (34 CFR 99.33(b))."""
    annual_notice_forwards_records: Annotated[str, StringConstraints(max_length=200)] | None = None
    """Reference of the annual notice that says records are forwarded on request (34 CFR 99.34(a)(1)(ii))."""
    annual_notice_school_officials: Annotated[str, StringConstraints(max_length=200)] | None = None
    """Reference of the annual notice with the criteria of school official and legitimate interest (34 CFR 99.7(a)(3)(iii))."""
    valid_from: date
    valid_until: date | None = None


class Organisation(NewOrganisation):
    """An organisation of the node."""

    id: UUID
    version: Annotated[int, Field(ge=1)]


class OrganisationPage(Wire):
    """`GET /v1/organisations`: in the order of their ids, which is the order in which they came."""

    organisations: tuple[Organisation, ...]
