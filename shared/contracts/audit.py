"""What producers send to audit, and what audit answers. audit makes salts, seals and the leaf (decisions 7)."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from safepassage.wire import Base64Url, Code, Digest, Name, NetworkAddress, Text, Wire
from safepassage.wire_policy import ElementId

GatewayClass = Literal["authentication", "refusal", "administration"]
PrivacyClass = Literal["decision", "consent", "agreement", "opt-out", "policy", "rights", "duty"]
RecordsClass = Literal["request", "match", "disclosure", "disclosure-withdrawn", "read", "received", "receipt", "load", "trust"]
AuditClass = Literal["search", "export", "alert", "destruction", "witness"]
EntryClass = Literal[GatewayClass, PrivacyClass, RecordsClass, AuditClass]

MAY_WRITE: dict[str, frozenset[str]] = {
    "gateway": frozenset({"authentication", "refusal", "administration"}),
    "privacy": frozenset({"decision", "consent", "agreement", "opt-out", "policy", "rights", "duty"}),
    "records": frozenset({"request", "match", "disclosure", "disclosure-withdrawn", "read", "received", "receipt", "load", "trust"}),
    "audit": frozenset({"search", "export", "alert", "destruction", "witness"}),
}
"""Which service may write which class of entry."""

AHEAD: frozenset[str] = frozenset({"request", "disclosure", "read", "export", "received"})
"""Appended synchronously: nothing leaves before audit has answered with proof. The others go through the producer's outbox."""

Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,128}$")]


class Actor(Wire):
    """Who did it: a client of an organisation, a person who signed in, or a job of the node itself (`kind` system). Ids and codes only.

    # INVARIANT: members are in alphabetical order, so that the JSON that pydantic writes is the canonical form; a test compares.
    """

    acting_for: UUID | None = None
    """The parent or eligible student on whose behalf a staff client acts."""
    address: NetworkAddress | None = None
    """From which the client called."""
    client_id: Annotated[str, StringConstraints(max_length=200)] | None = None
    for_client: Annotated[str, StringConstraints(max_length=200)] | None = None
    """The client whose token was exchanged: `client_id` acts with what came of it."""
    job: Code | None = None
    key: Digest | None = None
    """Thumbprint (RFC 7638) of the key that the client proved to have: its token was bound to it."""
    kind: Literal["client", "peer", "person", "system", "operator"]
    organisation_id: UUID | None = None
    person: Digest | None = None
    """Who signed in, by what this node alone calls them: a keyed digest of their name at the agency's provider."""
    profile: Code | None = None
    """`legacy`: the client has a secret, and its token is bound to no key."""
    role: Code | None = None


class Context(Wire):
    """What was done and why: codes, ids and digests, so that a search can rely on it. Two members are text: `recipient_name`, `threat`.

    # INVARIANT: members are in alphabetical order, as in Actor.
    """

    about: Key | None = None
    """What an act of administration was about: `organisation:<id>`, `client:<id>`."""
    agreement_id: UUID | None = None
    basis: Code | None = None
    citations: Annotated[tuple[Annotated[str, StringConstraints(max_length=200)], ...], Field(max_length=64)] = ()
    consent_id: UUID | None = None
    count: Annotated[int, Field(ge=0)] | None = None
    decision_id: UUID | None = None
    elements: Annotated[tuple[ElementId, ...], Field(max_length=200)] = ()
    envelope_id: UUID | None = None
    exchange_id: UUID | None = None
    operation: Code
    originating_organisation: UUID | None = None
    outcome: Code | None = None
    peer_checkpoint: Annotated[str, StringConstraints(max_length=16_384)] | None = None
    peer_index: Annotated[int, Field(ge=0)] | None = None
    policies: Annotated[tuple[Code, ...], Field(max_length=64)] = ()
    purpose: Code | None = None
    reason: Code | None = None
    recipient_name: Name | None = None
    """What the recipient behind a peer is called, by what its node has signed: the accounting names parties (34 CFR 300.614)."""
    recipient_node: Annotated[str, StringConstraints(max_length=200)] | None = None
    recipient_organisation: Annotated[str, StringConstraints(max_length=265)] | None = None
    """An organisation's UUID here, or `<entity id>#<its id there>` behind a peer."""
    request_digest: Digest | None = None
    threat: Text | None = None
    """Of an emergency that was put on record, the articulable and significant threat: 34 CFR 99.32(a)(5)(i). It is read in the accounting
    of disclosures, and elsewhere by the scope `evidence:sealed` alone."""
    trust_serial: Annotated[int, Field(ge=0)] | None = None


class Digests(Wire):
    """What the leaf pins in clear: none of them tells anything without the salt that went into it."""

    ct: Digest | None = None
    pt_commit: Digest | None = None
    decision: Digest | None = None


class Event(Wire):
    """One thing that happened. `key` makes appending it twice the same as once."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    v: Literal[1] = 1
    class_: Annotated[EntryClass, Field(alias="class", serialization_alias="class")]
    key: Key
    subjects: Annotated[tuple[UUID, ...], Field(max_length=1000)] = ()
    """Node-local student ids; never in the leaf."""
    custodians: Annotated[tuple[UUID, ...], Field(max_length=1000)] = ()
    """The organisations that keep the subjects' records and may open the entry: none known (only the state may), one for all subjects, or
    one for each, in their order."""
    actor: Actor
    context: Context
    digests: Digests = Digests()
    policy_hash: Digest | None = None
    decision_token: Annotated[str, StringConstraints(max_length=8192)] | None = None
    """sp-decision+jwt; a `disclosure` and a vendor's `read` are refused without one that covers `context.elements`."""

    @model_validator(mode="after")
    def _subjects_and_custodians_agree(self) -> Self:
        if len(self.subjects) > 1 and len(set(self.subjects)) != len(self.subjects):
            raise ValueError("subjects: each once")
        if len(self.custodians) not in (0, 1, len(self.subjects)):
            raise ValueError("custodians: none, one for all subjects, or one for each")
        return self


class KnownSize(Wire):
    """A size of one of the node's own logs that somebody has verified a checkpoint of."""

    origin: Annotated[str, StringConstraints(max_length=300)]
    size: Annotated[int, Field(ge=1, lt=2**53)]


class AppendRequest(Wire):
    """`POST /internal/entries`."""

    events: Annotated[tuple[Event, ...], Field(min_length=1, max_length=1000)]
    acknowledge: Literal["durable", "published", "witnessed"] = "durable"
    """When it is answered: once the events are durable; once a signed checkpoint covers them, as it does with ahead-entries anyway; once a
    quorum of witnesses has cosigned one that does. Until then it may be refused with `not-witnessed-yet`: the events are in the log, and
    sent again they are duplicates."""
    continues: Annotated[tuple[KnownSize, ...], Field(max_length=64)] = ()
    """Sizes from which the answer should show the path to its checkpoint, which spares asking for it."""


class Appended(Wire):
    """Where an event is in the log. `path` and `checkpoint` are there for ahead entries."""

    index: int
    size: Annotated[int, Field(ge=1, lt=2**53)]
    """Entries of the log that it is in, which is not the newest for an event of a year that is over."""
    duplicate: bool
    entry: Base64Url
    """The leaf's bytes."""
    path: tuple[Digest, ...] | None = None
    checkpoint: str | None = None
    """A signed note (C2SP tlog-checkpoint) of a tree that holds the entry."""


class Continued(KnownSize):
    """That the log with `to` entries begins with the one that had `size`."""

    to: int
    """The size of the largest checkpoint of the answer."""
    path: tuple[Digest, ...]


class AppendResponse(Wire):
    """In the order of the events."""

    entries: tuple[Appended, ...]
    continued: tuple[Continued, ...] = ()
    """Of the sizes that the request names, those of the log and below the size of the answer's largest checkpoint."""


class ConsistencyResponse(Wire):
    """`GET /internal/consistency?from=&to=`: the path between two sizes of the node's own log."""

    path: tuple[Digest, ...]
