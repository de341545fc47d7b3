"""Where the student and the family are reached, and who holds rights."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from safepassage.record.codes import Coded, Long, Period, Section, Short, Some, ceds, ceds_id
from safepassage.record.identity import LegalName
from safepassage.wire import Name, Wire


class Address(Period):
    """A postal address and when it held."""

    kind: Coded | None = ceds("000010")
    street: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = ceds("000269")
    unit: Short | None = ceds("000019")
    city: Name | None = ceds("000040")
    county: Name | None = ceds("000190")
    state: Short | None = ceds("000267")
    postal_code: Short | None = ceds("000214")
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = ceds("000050")
    protected: bool = False
    """The family is in an address confidentiality programme or a shelter: policies keep the address back from everyone."""


class Telephone(Wire):
    """A telephone number."""

    number: Annotated[Short, ceds_id("000279")]
    kind: Coded | None = ceds("000280")
    primary: Annotated[bool, ceds_id("000219")] = False


class Email(Wire):
    """An e-mail address."""

    address: Annotated[Annotated[str, StringConstraints(min_length=3, max_length=254)], ceds_id("000088")]
    kind: Coded | None = ceds("000089")


class CourtDocument(Period):
    """A court order, statute or binding document that touches custody, rights or contact. The document itself stays with the agency."""

    kind: Literal["custody", "rights-revoked", "no-contact", "guardianship", "adoption", "other"]
    reference: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    issued_on: date | None = None


class Rights(Wire):
    """FERPA rights of a parent or guardian: full, unless a binding document specifically ended them (34 CFR 99.4)."""

    begin_date: date | None = None
    """None: from birth."""
    ended_on: date | None = None
    ended_by: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    """Reference of the document in `court_documents`."""


class Guardian(Wire):
    """A parent, a guardian, or another person to be reached."""

    person_id: UUID | None = None
    """Random id in the node that holds the record; it does not leave, and a node gives its own to who arrives without one."""
    name: Annotated[LegalName, ceds_id("000115")]
    relation: Annotated[Coded, ceds_id("000425")]
    rights: Rights | None = None
    """None: someone to reach who holds no rights (an aunt, a neighbour)."""
    court_documents: Some[CourtDocument] | None = None
    lives_with_student: bool | None = ceds("001425")
    contact_restriction: Long | None = ceds("001424")
    priority: Annotated[int, Field(ge=1, le=99)] | None = ceds("001423")
    addresses: Some[Address] | None = ceds("000269")
    telephones: Some[Telephone] | None = ceds("000279")
    emails: Some[Email] | None = ceds("000088")
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{3}$")] | None = ceds("000317")


class Contacts(Section):
    """Section `contacts`."""

    addresses: Some[Address] | None = ceds("000269")
    telephones: Some[Telephone] | None = ceds("000279")
    emails: Some[Email] | None = ceds("000088")
    guardians: Some[Guardian] | None = ceds("000425")
