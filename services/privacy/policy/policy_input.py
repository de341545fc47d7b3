"""Everything that a decision depends on besides the policy set: facts, as integers, strings, Booleans and lists, that can be hashed.

It holds no name, no birth date, no text of an agreement; of a person nothing but the student's node-local id. It is what is recorded.

# INVARIANT: the members of each model stand in alphabetical order and are ASCII, so that pydantic's compact JSON without absent members
# is the RFC 8785 form (a test compares); instants are milliseconds since the epoch; lists that stand for sets are sorted.
"""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from safepassage.canonical import digest_of
from safepassage.wire import Digest, Wire
from services.privacy.policy.evidence_input import GroundFacts, Milliseconds, Word


class AgreementFacts(Wire):
    """The agreement that the request names (Cedar: Agreement). The same for every student of a page."""

    clauses: tuple[Word, ...]
    direct_control: bool
    elements: tuple[Word, ...]
    ends_at: Milliseconds
    institutional_service: bool
    kind: Word
    legitimate_interest: bool
    names_recipient: bool
    purposes: tuple[Word, ...]
    redisclosure_limits: bool
    signed: bool
    starts_at: Milliseconds
    terminated_at: Milliseconds | None = None


class ApplicationFacts(Wire):
    """The educator's application that the request names (Cedar: Application)."""

    about_educator: bool
    begins_at: Milliseconds
    elements: tuple[Word, ...]
    ends_at: Milliseconds
    for_discloser: bool
    names_recipient: bool


class AskerFacts(Wire):
    """Who asks another state, for the actions that ask (Cedar: Asker)."""

    names_consent: bool
    receives: bool


class ConsentFacts(Wire):
    """The consent that the request names, of the one student that it is about (Cedar: Consent)."""

    approval_indicated: bool
    dated: bool
    elements: tuple[Word, ...]
    expires_at: Milliseconds | None = None
    granted_at: Milliseconds
    grantor_holds_rights: bool
    grantor_rights_ended_at: Milliseconds | None = None
    grantor_role: Word
    names_recipient: bool
    purposes: tuple[Word, ...]
    refused: tuple[Word, ...]
    """Elements that another parent with rights refuses."""
    signature: Word
    signed: bool
    source_authenticated: bool
    withdrawn_at: Milliseconds | None = None


class CustodyFacts(Wire):
    """Who made and who keeps the record, and what those agencies told and agreed (Cedar: Custody)."""

    annual_notice_forwards_records: bool
    annual_notice_school_officials: bool
    keeper_party_to_agreement: bool
    onward_transfer_agreed: bool
    onward_understood: bool
    originated_here: bool
    originator_party_to_agreement: bool
    recipient_debarred_until: Milliseconds | None = None
    recipient_is_another: bool


class Evidence(Wire):
    """Where the facts come from. No rule reads it; the input hash covers it."""

    agreement: UUID | None = None
    asserted_by: Word | None = None
    consent: UUID | None = None
    held: tuple[UUID, ...] | None = None
    """Other evidence, consents and preferences that were read."""
    request_digest: Digest | None = None


class RecipientFacts(Wire):
    """Who would receive it (Cedar: the principal, and Recipient)."""

    authenticated: bool
    id: Word
    in_exchange: bool
    kind: Word
    known: bool


class StudentFacts(Wire):
    """What the rules may know of a student (Cedar: Student)."""

    eligible: bool
    homeless: bool
    jurisdiction: Word
    protected_address: bool


class EnrollmentFacts(Wire):
    """Enrolment evidence as asserted by the receiving side (Cedar: Transfer)."""

    documented: bool
    enrolled: bool
    names_recipient: bool
    official_attested_at: Milliseconds
    official_named: bool
    parent_initiated: bool
    seeks_enrollment: bool


class LicensureFacts(Wire):
    """An educator's application at the receiving side, as asserted there (Cedar: Licensure)."""

    documented: bool
    names_recipient: bool
    official_attested_at: Milliseconds
    official_named: bool


class StudentGroup(Wire):
    """The facts of one or more students of the request, alike to the last: they are decided once."""

    consent: ConsentFacts | None = None
    custody: CustodyFacts
    grounds: GroundFacts | None = None
    """Evidence of other bases, each of its members a member of the context."""
    other_consents: Annotated[tuple[ConsentFacts, ...], Field(max_length=20)] | None = None
    """Each is evaluated by itself in the place of `consent`."""
    student: StudentFacts


Subject = tuple[str, int, int | None]
"""Student id, version of the facts, index of the group; no group where the facts could not be used, and all is withheld.

An educator stands here alike, of whom privacy has no facts and whose group is 0: what bears on the answer is the application.
"""

ASKING = frozenset({"request", "seek-credentials"})
"""Actions that ask another state."""
OF_EDUCATORS = "send-credentials"


class PolicyInput(Wire):
    """The input of one decision: of one student, of up to 1,000 of a vendor's page, of an educator, or of none (another state is asked)."""

    action: Word
    agreement: AgreementFacts | None = None
    application: ApplicationFacts | None = None
    asker: AskerFacts | None = None
    basis: Word
    elements: Annotated[tuple[Word, ...], Field(min_length=1, max_length=200)]
    """Sorted, each once."""
    evidence: Evidence
    groups: Annotated[tuple[StudentGroup, ...], Field(max_length=1000)] = ()
    holds_until: Milliseconds | None = None
    """The first instant after `now` at which a fact changes by the mere passing of time."""
    licensure: LicensureFacts | None = None
    now: Milliseconds
    purpose: Word
    recipient: RecipientFacts
    record_class: Word | None = None
    """None: education records."""
    subjects: Annotated[tuple[Subject, ...], Field(max_length=1000)] = ()
    transfer: EnrollmentFacts | None = None
    v: Literal[1] = 1

    @model_validator(mode="after")
    def _whole(self) -> Self:
        asks = self.action in ASKING
        if asks != (self.asker is not None) or asks != (not self.subjects):
            raise ValueError("who asks another state is an asker, about no student; every other action has students, or an educator")
        groups = 1 if self.action == OF_EDUCATORS else len(self.groups)
        if any(group is not None and not 0 <= group < groups for _, _, group in self.subjects):
            raise ValueError("a student's group is not there")
        return self

    def canonical(self) -> bytes:
        """The RFC 8785 form, to be recorded and hashed."""
        return self.model_dump_json(exclude_none=True).encode()

    @property
    def digest(self) -> Digest:
        """The input hash."""
        return digest_of(self.canonical())
