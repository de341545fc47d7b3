"""Blast radius: everything that a credential, a key, a person or an organisation touched between two instants."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from safepassage.wire import Code, Digest, Instant, Name, NetworkAddress, Wire
from safepassage.wire_log import ClientId
from safepassage.wire_policy import PartyId

Count = Annotated[int, Field(ge=0)]


class BlastRadiusRequest(Wire):
    """`POST /v1/log/blast-radius`: whose reach, and when. Exactly one of the first seven."""

    client_id: ClientId | None = None
    """What this client did."""
    key_thumbprint: Digest | None = None
    """What was done with tokens bound to this key (RFC 7638)."""
    address: NetworkAddress | None = None
    """What was done from this network address."""
    person_id: UUID | None = None
    """What was done on behalf of this parent or eligible student."""
    signed_in: Digest | None = None
    """What this person did who had signed in, by what this node calls them: `person` of an entry's actor."""
    organisation_id: UUID | None = None
    """What clients of this organisation did."""
    recipient: PartyId | None = None
    """What this party was given: an organisation, one behind a peer, or by its entity id a whole node with everybody behind it."""
    touched_from: Instant
    touched_until: Instant
    """The first instant that does not count any more."""
    discovered_at: Instant | None = None
    """When the breach was discovered: with it, the answer says until when notices are due."""

    @model_validator(mode="after")
    def _names_one_and_a_time(self) -> Self:
        named = (
            self.client_id, self.key_thumbprint, self.address, self.person_id, self.signed_in, self.organisation_id, self.recipient,
        )  # fmt: skip
        if sum(one is not None for one in named) != 1:
            raise ValueError("client_id, key_thumbprint, address, person_id, signed_in, organisation_id, recipient: exactly one")
        if self.touched_from >= self.touched_until:
            raise ValueError("touched_from: before touched_until")
        return self


class TouchedOrganisation(Wire):
    """An organisation whose students' records were touched."""

    organisation_id: UUID
    entries: Count


class TouchedRecipient(Wire):
    """Who received something, or asked for it: an organisation or person here, or an organisation behind a peer."""

    recipient: Annotated[str, StringConstraints(max_length=265)]
    node: Annotated[str, StringConstraints(max_length=200)] | None = None
    """Through which it was reached."""
    name: Name | None = None
    """By this node's register, or as the peer called it in its request."""
    entries: Count


class TouchedNode(Wire):
    """A node through which recipients were reached; `here`: through none."""

    node: Annotated[str, StringConstraints(max_length=200)]
    state: str | None = None
    """Two letters, by the trust list."""
    entries: Count


class BreachNotice(Wire):
    """A notice that the law of a state, or an agreement, asks for once a breach is found. Not legal advice: see docs/breach-clocks.md."""

    kind: Code
    """Of the general laws on breaches: breach-people-told, breach-authority-told, breach-contractor-tells-agency; of others as `duty`."""
    duty: Code
    """The duty to open for it: `POST /v1/duties`."""
    to: tuple[Code, ...] = ()
    """Who is told."""
    applies: Literal["agency", "contractor", "both", "unclear"] = "unclear"
    """Whom it binds."""
    starts: str
    """What starts the clock."""
    hours: Count | None = None
    """None: its law names no number of hours that can be counted, and `due_at` is none either."""
    working_days: Count | None = None
    """In place of hours."""
    wording: str = ""
    """The law's own short phrase."""
    from_people: Count | None = None
    """It is due from so many people on."""
    owed: bool = True
    """False: fewer students than `from_people` were touched in the state, as far as was looked at. Others than students count, too."""
    citation: str
    source: Code = "none"
    """What was read of it; `none`: nothing, so ask counsel."""
    read_of: str = ""
    """The date of what was read."""
    compared: bool = False
    """The law's own words were read."""
    due_at: Instant | None = None
    """Counted from `discovered_at`: the earliest that it can be too late."""


class TouchedState(Wire):
    """A state whose students' data was touched, or that recipients are in."""

    state: str
    entries: Count
    students: Count = 0
    """Different ones whom these entries are about: by them it is said whether a notice is owed."""
    notices: tuple[BreachNotice, ...]


class BlastRadius(Wire):
    """What was touched, as far as the caller may see it."""

    entries: Count
    students: Count
    """Different ones."""
    first_at: Instant | None = None
    last_at: Instant | None = None
    by_class: dict[Code, Count]
    by_outcome: dict[Code, Count]
    elements: dict[str, Count]
    """Entries that name the element. A refused request names none."""
    custodians: tuple[TouchedOrganisation, ...]
    nodes: tuple[TouchedNode, ...]
    states: tuple[TouchedState, ...]
    recipients: Count
    """Different ones, who received something or asked for it."""
    recipients_named: tuple[TouchedRecipient, ...] = ()
    """Those with the most entries, a thousand at most; of whom the log can tell no more who they were, none."""
    checkpoint: str
    not_looked_at: Count = 0
    """Entries that are newer than the index; ask again when it has caught up."""


class BlastRadiusCount(Wire):
    """`/v1/log/blast-radius/counts/{id}`: how far a count is, and what it found once it is done."""

    looked_at: Count
    """Entries, of `of`. Both are 0 until it has begun."""
    of: Count
    found: BlastRadius | None = None


class TouchedStudent(Wire):
    """One student in one entry."""

    student_id: UUID
    custodian_id: UUID | None = None
    logged_at: Instant
    class_name: Code
    operation: Code | None = None
    outcome: Code | None = None
    purpose: Code | None = None
    basis: Code | None = None
    recipient: str | None = None
    node: str | None = None
    state: str | None = None
    elements: tuple[str, ...] = ()
    log: str
    index: Count
    proof: Literal["published", "pending"]


class TouchedStudents(Wire):
    """A page of `POST /v1/log/blast-radius/rows`, the newest entries first."""

    rows: tuple[TouchedStudent, ...]
    checkpoint: str
    not_looked_at: Count = 0
