"""AuthZEN Authorization API 1.0 as this node speaks it: an agency's enforcement point asks whether somebody may have elements of a record.

It names who, what and which evidence, by their ids; facts it never sends. Members that are not here are refused, where the standard would
have them ignored: a misspelt one would otherwise change what is asked for.
"""

from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from safepassage.wire import Code, Digest, Instant, Wire
from safepassage.wire_decisions import Obligation, Outcome
from safepassage.wire_policy import Elements

WELL_KNOWN_PATH: Final = "/.well-known/authzen-configuration"
RECORD: Final = "student_record"
"""The one type of resource."""
SUBJECT_TYPES: Final = ("vendor", "school", "lea", "sea", "agency", "person")
ACTIONS: Final = ("disclose", "redisclose")
MAX_EVALUATIONS: Final = 200

OBLIGATION_KINDS: Final = (
    "after-review", "attach-notice", "attach-statement", "copy-on-request", "copy-to-district", "destroy-by", "destroy-on-request",
    "do-not-notify", "hearing-on-request", "limit-to-order", "no-identify", "no-redisclose", "notify-parent", "provide", "purpose-limit",
    "record", "redact-others", "respond-within", "route-to", "status-only", "verify-identity",
)  # fmt: skip
"""Everything that a decision may oblige to: of these an enforcement point says what it supports."""

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Semantic = Literal["execute_all", "deny_on_first_deny", "permit_on_first_permit"]


class Recipient(Wire):
    """AuthZEN's subject: who would receive it."""

    type: Literal["vendor", "school", "lea", "sea", "agency", "person"]
    id: Identifier
    """An organisation's UUID here; of a person, its id in the agency's own systems."""


class ActionProperties(Wire):
    """What makes it lawful: the basis that is claimed, and the purpose."""

    basis: Code
    purpose: Code


class DisclosureAction(Wire):
    """AuthZEN's action."""

    name: Literal["disclose", "redisclose"]
    """redisclose: the record's originating agency is another one than the node's own (34 CFR 99.33(b))."""
    properties: ActionProperties


class RecordProperties(Wire):
    """What of the record is asked for."""

    elements: Elements
    partial: bool = False
    """True: the decision is true where at least one element is permitted; only those that are may then be released."""


class RecordResource(Wire):
    """AuthZEN's resource: the record of a student."""

    type: Literal["student_record"]
    id: Identifier
    """The student's id at this node."""
    properties: RecordProperties


class Authentication(Wire):
    """How the enforcement point's agency authenticated the recipient, 34 CFR 99.31(c). Its own act, and recorded as its word."""

    assurance_level: Literal["ial1", "ial2", "ial3"]
    method: Code
    evidence_ref: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    authenticated_at: Instant


class AccessContext(Wire):
    """Which evidence is relied on, by its ids, and what the enforcement point can do."""

    consent_id: UUID | None = None
    agreement_id: UUID | None = None
    evidence_ids: Annotated[tuple[UUID, ...], Field(max_length=20)] = ()
    recipient_proof: Authentication | None = None
    """Needed where the recipient is not the organisation that asks."""
    supported_obligations: Annotated[tuple[Code, ...], Field(max_length=100)] = ()
    """Kinds of obligation that the enforcement point meets. A decision that obliges to any other is false."""


class AccessEvaluation(Wire):
    """`POST /access/v1/evaluation`."""

    subject: Recipient
    action: DisclosureAction
    resource: RecordResource
    context: AccessContext = AccessContext()


class RecipientPart(Wire):
    """A subject of which type or id may come from the default."""

    type: Code | None = None
    id: Identifier | None = None


class ActionPart(Wire):
    """An action whose name may come from the default."""

    name: Code | None = None
    properties: ActionProperties | None = None


class RecordPart(Wire):
    """A resource of which type or id may come from the default."""

    type: Identifier | None = None
    id: Identifier | None = None
    properties: RecordProperties | None = None


class AccessPart(Wire):
    """One evaluation of several. A member that is left out is the default; one that is there replaces the whole default, type, id and name
    apart."""

    subject: RecipientPart | None = None
    action: ActionPart | None = None
    resource: RecordPart | None = None
    context: AccessContext | None = None


class EvaluationOptions(Wire):
    """How several evaluations are made."""

    evaluations_semantic: Semantic = "execute_all"


class AccessEvaluations(AccessPart):
    """`POST /access/v1/evaluations`: several at once, of one instant. Without `evaluations` it is one, and answered as one."""

    evaluations: Annotated[tuple[AccessPart, ...], Field(max_length=MAX_EVALUATIONS)] = ()
    options: EvaluationOptions = EvaluationOptions()


class AccessWithheld(Wire):
    """An element that is not permitted, and why, as far as the caller may hear it."""

    element: str
    reason: Code
    """`withheld` where the reason is a fact of a student whose record another agency keeps."""
    policy: Code | None = None
    citation: str | None = None


class AccessFault(Wire):
    """Why one evaluation of several was not made."""

    code: Code
    field: str | None = None
    detail: str | None = None


Denial = Literal["not-permitted", "partly-permitted", "obligation-not-supported", "no-such-student"]


class AccessAnswer(Wire):
    """What the decision says, beyond true and false."""

    outcome: Outcome | None = None
    """What the policies permit; the decision is true only if the enforcement point may act on it."""
    denied_as: Denial | None = None
    permitted: tuple[str, ...] = ()
    withheld: tuple[AccessWithheld, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    """Owed from now on, if the decision is true."""
    unsupported_obligations: tuple[Code, ...] = ()
    statement_ids: tuple[UUID, ...] = ()
    """The statements of disagreement that go with what is permitted, if the decision is true (34 CFR 99.21(c))."""
    citations: tuple[str, ...] = ()
    decision_id: UUID | None = None
    decided_at: Instant | None = None
    valid_until: Instant | None = None
    """Ask again then at the latest, and before each part of a long transfer."""
    policy_hash: Digest | None = None
    reviewed: bool | None = None
    """False while any policy that the answer rests on is an unreviewed draft of law."""
    error: AccessFault | None = None


class AccessDecision(Wire):
    """AuthZEN's answer to one evaluation. False means: nothing may be released."""

    decision: bool
    context: AccessAnswer


class AccessDecisions(Wire):
    """In the order of the evaluations; shorter where the semantic ends at the first denial, or the first permission."""

    evaluations: tuple[AccessDecision, ...]


class SearchPage(Wire):
    """Every result fits one page: a token is never given, and none is taken."""

    limit: Annotated[int, Field(ge=1, le=1000)] | None = None
    token: Annotated[str, StringConstraints(max_length=0)] | None = None


class SearchedSubject(Wire):
    """A subject that is searched for: any of a type. An id is ignored, as the standard says."""

    type: Identifier
    id: Identifier | None = None


class NamedSubject(Wire):
    """A subject; of a type that does not exist there are no results."""

    type: Identifier
    id: Identifier


class SearchedProperties(Wire):
    """Whose record is searched."""

    student_id: Identifier
    """The student's id at this node."""


class SearchedRecord(Wire):
    """A resource that is searched for: what of a student's record. An id is ignored, as the standard says."""

    type: Identifier
    id: Identifier | None = None
    properties: SearchedProperties


class NamedRecord(Wire):
    """A resource; of a type that does not exist there are no results."""

    type: Identifier
    id: Identifier
    properties: RecordProperties


class NamedAction(Wire):
    """An action; of a name that does not exist there are no results."""

    name: Identifier
    properties: ActionProperties


class PurposeContext(AccessContext):
    """The context of a search for actions: for which purpose."""

    purpose: Code


class SubjectSearch(Wire):
    """`POST /access/v1/search/subject`."""

    subject: SearchedSubject
    action: NamedAction
    resource: NamedRecord
    context: AccessContext = AccessContext()
    page: SearchPage | None = None


class ResourceSearch(Wire):
    """`POST /access/v1/search/resource`: which elements of a student's record may this recipient have?"""

    subject: NamedSubject
    action: NamedAction
    resource: SearchedRecord
    context: AccessContext = AccessContext()
    page: SearchPage | None = None


class ActionSearch(Wire):
    """`POST /access/v1/search/action`: by which action, on which bases, may this recipient have these elements for this purpose?"""

    subject: NamedSubject
    resource: NamedRecord
    context: PurposeContext
    page: SearchPage | None = None


class FoundSubjects(Wire):
    """Subjects for whom an evaluation would be true."""

    results: tuple[Recipient, ...]


class FoundResources(Wire):
    """The record with the elements for which an evaluation would be true; nothing where there are none."""

    results: tuple[RecordResource, ...]


class FoundActions(Wire):
    """Actions for which an evaluation would be true."""

    results: tuple[DisclosureAction, ...]
