"""Directory information, and what parents and eligible students said about disclosures: 34 CFR 99.37; 20 USC 7908(a)(2); 99.4."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from safepassage.wire import Digest, Instant, Wire
from safepassage.wire_ground import Proof
from safepassage.wire_policy import ActingFor, Elements, PartyId, Purposes


class DirectoryNotice(Proof):
    """A district's public notice of what it designated as directory information, 99.37(a), (d)."""

    kind: Literal["directory-notice"] = "directory-notice"
    designated: Elements
    given_at: Instant
    objections_until: Instant
    """The end of the period within which parents and eligible students may refuse, (a)(3)."""
    only_to: Annotated[tuple[PartyId, ...], Field(max_length=200)] | None = None
    """A limited policy: the parties to whom alone it is disclosed, (d)."""
    only_for: Purposes | None = None
    """A limited policy: the purposes for which alone, (d)."""


class _Said(Wire):
    student_id: UUID
    acting_for: ActingFor
    document: Digest
    received_at: Instant


class DirectoryOptOut(_Said):
    """A refusal to let any or all types of directory information be designated, 99.37(a)(2); it outlives the enrolment, (b)."""

    kind: Literal["directory-opt-out"] = "directory-opt-out"
    elements: Elements | None = None
    """None: all of them."""


class RecruiterOptOut(_Said):
    """A request that nothing be released to recruiters without prior written consent, 20 USC 7908(a)(2)(A); 10 USC 503(c)(1)(B)."""

    kind: Literal["recruiter-opt-out"] = "recruiter-opt-out"
    recruiters: Literal["military", "higher-education", "both"]


class DisclosureRefusal(_Said):
    """A rights holder does not want what another consents to."""

    kind: Literal["disclosure-refusal"] = "disclosure-refusal"
    recipient_id: PartyId | None = None
    """None: any party."""
    elements: Elements | None = None
    purposes: Purposes | None = None


class ParentsDisagree(Proof):
    """What a district chose to do where one parent consents and another with full rights refuses: 99.4 leaves it to the agency.

    any-refusal-blocks  nothing goes on the consent until a person has decided; so it is where a district chose nothing
    latest-decides      what was said last counts
    consent-stands      one parent's consent is enough
    """

    kind: Literal["parents-disagree"] = "parents-disagree"
    choice: Literal["any-refusal-blocks", "latest-decides", "consent-stands"]


NewPreference = Annotated[DirectoryOptOut | RecruiterOptOut | DisclosureRefusal, Field(discriminator="kind")]


class Preference(Wire):
    """A preference on record. It holds until it is rescinded."""

    id: UUID
    district_id: UUID
    """The agency to which it was told: it binds that agency."""
    of: NewPreference
    recorded_at: Instant
    rescinded_at: Instant | None = None
