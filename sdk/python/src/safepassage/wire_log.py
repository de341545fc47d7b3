"""The audit log as a client sees it: an entry with its proof, what a search finds, and the accounting of disclosures of one student."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from safepassage.elements import Category
from safepassage.wire import Base64Url, Code, Digest, Instant, Name, NetworkAddress, Wire
from safepassage.wire_policy import ElementId
from safepassage.wire_retention import DestroyedYear

Index = Annotated[int, Field(ge=0)]

LogOrder = Literal["logged_at", "-logged_at"]
"""Of what a search finds: with a minus the newest first. The index gives these two, however long the log is."""


class OpenedGroup(Wire):
    """Who did it, or what was done and why. With its salt the payload gives the leaf's commitment (safepassage.leaf.verify_commitment)."""

    salt: Base64Url
    payload: dict[str, Any]


class OpenedSubject(OpenedGroup):
    """A student whom the entry is about: `payload` has student, custodian and tag. `position` is its place in the subject commitment."""

    position: Index


class _Named(Wire):
    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)


class LogEntry(_Named):
    """`GET /v1/log/entries/{index}`: an entry and its proof."""

    log: str
    """Origin of the log that holds it."""
    index: Index
    class_: Annotated[Code, Field(alias="class", serialization_alias="class")]
    logged_at: Instant
    entry: Base64Url
    """The leaf's bytes."""
    path: tuple[Digest, ...]
    """Inclusion path in the tree of `checkpoint`."""
    checkpoint: str
    subjects: tuple[OpenedSubject, ...] = ()
    """As far as they were asked for, exist, and the caller may see them; so for the two below."""
    actor: OpenedGroup | None = None
    context: OpenedGroup | None = None
    destroyed_at: Instant | None = None
    """When who did what was destroyed, by the destruction `destruction_id`; that it happened stays proven."""
    destruction_id: UUID | None = None


Codes = Annotated[tuple[Code, ...], Field(max_length=30)]
Organisations = Annotated[tuple[UUID, ...], Field(max_length=100)]
ClientId = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class EntrySearch(Wire):
    """`POST /v1/log/searches`. The student's id is in the body, so that no URL holds it.

    An entry is found if it is of one of the values of every member that names any.
    """

    student_id: UUID | None = None
    logged_from: Instant | None = None
    logged_until: Instant | None = None
    """The first instant that is not searched any more."""
    classes: Codes = ()
    """Empty: every class; so for all below."""
    client_ids: Annotated[tuple[ClientId, ...], Field(max_length=100)] = ()
    """Clients that did it, or whose token was exchanged for the one that it was done with."""
    jobs: Codes = ()
    """Jobs of the node that did it."""
    key_thumbprints: Annotated[tuple[Digest, ...], Field(max_length=100)] = ()
    """Keys that those clients proved to have: the thumbprint (RFC 7638) to which their tokens were bound."""
    addresses: Annotated[tuple[NetworkAddress, ...], Field(max_length=100)] = ()
    """Network addresses from which those clients called."""
    acting_for: Annotated[tuple[UUID, ...], Field(max_length=100)] = ()
    """Parents or eligible students on whose behalf."""
    signed_in: Annotated[tuple[Digest, ...], Field(max_length=100)] = ()
    """People who had signed in and did it, by what this node calls them: `person` of an entry's actor."""
    organisation_ids: Organisations = ()
    """Organisations of those clients."""
    custodian_ids: Organisations = ()
    """Organisations that keep the records of a student whom it is about."""
    recipient_organisations: Annotated[tuple[Annotated[str, StringConstraints(max_length=265)], ...], Field(max_length=100)] = ()
    """Ids here, `<entity id>#<its id there>` behind a peer, or the entity id of a node: everybody who is reached through it."""
    recipient_states: Annotated[tuple[Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")], ...], Field(max_length=60)] = ()
    """States (two letters) of the nodes through which the recipient is reached."""
    operations: Codes = ()
    purposes: Codes = ()
    bases: Codes = ()
    outcomes: Codes = ()
    """Such as `permit`, `deny`."""
    reasons: Codes = ()
    policy_hashes: Annotated[tuple[Digest, ...], Field(max_length=30)] = ()
    """Policy sets that decided."""
    elements: Annotated[tuple[ElementId, ...], Field(max_length=200)] = ()
    categories: Annotated[tuple[Category, ...], Field(max_length=30)] = ()
    """Categories of elements (safepassage.elements), one element of which it is about."""
    exchange_ids: Annotated[tuple[UUID, ...], Field(max_length=100)] = ()
    """Exchanges with other nodes that it belongs to."""
    decision_ids: Annotated[tuple[UUID, ...], Field(max_length=100)] = ()
    """Decisions that it tells of, or by which it was done: `id` of `GET /v1/decisions/{id}`."""


class FoundEntry(_Named):
    """An entry that a search found, as far as the caller may see it, and whether it can be proven."""

    log: str
    index: Index
    class_: Annotated[Code, Field(alias="class", serialization_alias="class")]
    logged_at: Instant
    entry_id: UUID
    proof: Literal["published", "pending"]
    """published: a signed checkpoint covers it, and `GET /v1/log/entries/{index}` proves it."""
    witnessed: bool = False
    """Enough of the node's witnesses have cosigned a checkpoint that covers it: `GET /v1/log/entries/{index}/proof?witnessed=true`."""
    student_ids: tuple[UUID, ...] = ()
    actor: dict[str, Any] | None = None
    context: dict[str, Any] | None = None
    destroyed: bool = False
    """Its content was destroyed; that it happened stays provable."""
    destroyed_at: Instant | None = None
    destruction_id: UUID | None = None


class FoundEntries(Wire):
    """A page, newest first."""

    entries: tuple[FoundEntry, ...]
    checkpoint: str
    """The newest log's latest checkpoint: how far what is called published reaches."""
    not_looked_at: Annotated[int, Field(ge=0)] = 0
    """Entries that are newer than the index and were not looked at; ask again when the index has caught up."""
    destroyed: tuple[DestroyedYear, ...] = ()
    """Of a search for a student, the school years of which what the log sealed was destroyed."""


Phase = Literal["request", "emergency", "disclosure", "withdrawal", "receipt", "onward"]
"""onward: an authority that had it from here passed it on, and has said to whom and why: 34 CFR 99.32(a)(4), (b)(2)."""


class Party(Wire):
    """Who asked for or received personal data, or may receive it further: an id at this node, or behind a peer."""

    organisation: Annotated[str, StringConstraints(max_length=265)] | None = None
    node: Annotated[str, StringConstraints(max_length=265)] | None = None
    """Entity id of the node through which it is reached."""
    name: Name | None = None
    """What the organisation is called: by this node's register, or behind a peer as its node called it in the request."""
    agency: Name | None = None
    """What the agency is called that runs that node, by the trust list."""
    client_id: Annotated[str, StringConstraints(max_length=200)] | None = None


class LegitimateInterest(Wire):
    """The interest a party had: 34 CFR 99.32(a)(3)(ii)."""

    purpose: Code | None = None
    basis: Code | None = None
    citations: tuple[str, ...] = ()


class FurtherParty(Wire):
    """An additional party that may receive the data from the one it was disclosed to: 99.32(b)."""

    party: Party
    interest: LegitimateInterest


class AccountedEntry(Wire):
    """One request for access, one disclosure, or what belongs to one, with the members that 34 CFR 99.32 and 300.614 ask for."""

    phase: Phase
    on: date
    at: Instant
    outcome: Code | None = None
    operation: Code
    party: Party
    interest: LegitimateInterest
    elements: tuple[str, ...] = ()
    on_behalf_of: UUID | None = None
    """The agency whose record it is, where another one disclosed it for that agency (99.33(b))."""
    further_parties: tuple[FurtherParty, ...] = ()
    copy_due_on: date | None = None
    """Until when the agency on whose behalf it was disclosed has to have a copy of this record: 99.32(b)(2)(iii), 30 days."""
    passed_on_by: Party | None = None
    """Of `onward`, the authority that passed it on."""
    threat: str | None = None
    """Of an emergency, the articulable and significant threat: 99.32(a)(5)(i). The parties are in this entry and in the disclosures."""
    ferpa_recordable: bool
    """99.32 asks for this record; otherwise it is kept beyond what the law asks, and `exempt_by` says why."""
    exempt_by: str | None = None
    idea_recordable: bool
    """300.614 asks for it: special education records went to a party that is not the agency's own."""
    decision_id: UUID | None = None
    exchange_id: UUID | None = None
    log: str
    index: Index
    proof: Literal["published", "pending"]


class DisclosureAccounting(Wire):
    """`GET /v1/students/{student_id}/disclosure-accounting`: a page of the record of 34 CFR 99.32, newest first."""

    student_id: UUID
    entries: tuple[AccountedEntry, ...]
    checkpoint: str
    destroyed: tuple[DestroyedYear, ...] = ()
    """School years whose entries were destroyed after the student's records had ended: 34 CFR 99.32(a)(2)."""
    may_disclose_further: tuple[Party, ...] = ()
    """The authorities that may disclose further without consent (99.33(b)), whose names 99.32(a)(1) asks for: the node's own state agency,
    the agency of each node through which something of these entries was given, and whoever got some of it to audit or evaluate."""


class DisclosureCopy(Wire):
    """A copy of the record of further disclosures, made for the district on whose behalf they were made: 34 CFR 99.32(b)(2)(iii)."""

    id: UUID
    organisation_id: UUID
    """The district's, or that of another agency whose records they are."""
    entries: Annotated[int, Field(ge=1)]
    first_at: Instant
    last_at: Instant
    """When the oldest and the newest of its entries were logged."""
    made_at: Instant
    due_on: date
    """Until when it has to be given: 30 days after its oldest entry."""
    given_at: Instant | None = None
    """When the district first read it, or it was put on record that it was handed over."""
    given_to: str | None = None
    """The client that read it, or the document that proves that it was handed over."""
    state: Literal["waiting", "overdue", "given"]


class DisclosureCopyPage(Wire):
    """`GET /v1/disclosure-copies`: newest first."""

    copies: tuple[DisclosureCopy, ...]


class CopiedDisclosure(AccountedEntry):
    """A disclosure of a copy, with the students whose it was."""

    student_ids: tuple[UUID, ...]
    called_back: Code | None = None
    """It was called back: `never-sent`, so that nobody got it, or `unconfirmed`, where it is not known whether it came before that."""


class DisclosureCopyContent(Wire):
    """`GET /v1/disclosure-copies/{id}`: the whole copy, oldest first."""

    copy_: Annotated[DisclosureCopy, Field(alias="copy", serialization_alias="copy")]
    disclosures: tuple[CopiedDisclosure, ...]
    closed: Annotated[int, Field(ge=0)] = 0
    """Entries of it that cannot be told any more: what was sealed of them was destroyed, or the student is another organisation's."""
    checkpoint: str

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)


class HandedOver(Wire):
    """`POST /v1/disclosure-copies/{id}/delivery`: it was given to the district by another way than this one."""

    handed_over_at: Instant
    evidence_ref: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,128}$")]
    """What proves it, by its file number: a receipt, a registered letter. No name."""


class LogKeys(Wire):
    """`GET /v1/log/keys`: whose signatures count for one log."""

    log: str
    """Its origin."""
    keys: Annotated[tuple[str, ...], Field(min_length=1)]
    """Verifier keys (C2SP signed-note) of the log: the one that signs, then those that signed before."""
    witness_keys: tuple[str, ...] = ()
    """Those of the witnesses that its node names, one for each of their keys."""
    policy: str | None = None
    """Which of them together are enough (C2SP tlog-policy); None where the node names no witnesses."""


class LogConsistency(Wire):
    """`GET /v1/log/consistency?from=&to=`: the path between two sizes of one log."""

    log: str
    from_: Annotated[int, Field(alias="from", serialization_alias="from", ge=1)]
    to: Annotated[int, Field(ge=1)]
    path: tuple[Digest, ...]
