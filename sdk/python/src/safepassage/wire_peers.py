"""The other nodes of the trust list as this node knows them: their keys, whether they answer, what waits for them; nothing of anybody."""

from typing import Annotated

from pydantic import Field

from safepassage.claims import EntityId, Serial
from safepassage.reconciliation import Day
from safepassage.wire import Code, Digest, Instant, Name, Wire
from safepassage.wire_reconciliations import ReconciliationState

Count = Annotated[int, Field(ge=0)]


class HeldTrustList(Wire):
    """The list that a service of the node holds, which it has verified itself."""

    network: Name
    serial: Serial
    digest: Digest
    issued_at: Instant
    expires_at: Instant
    accepted_at: Instant
    """When the service took it."""
    roots: Annotated[int, Field(ge=1)]
    threshold: Annotated[int, Field(ge=1)]
    signatures: Annotated[int, Field(ge=1)]
    """How many of its roots have signed it."""


class TrustListStanding(Wire):
    """How a service stands with the trust list."""

    held: HeldTrustList | None = None
    refused: Code | None = None
    """Why the list that lies in the service's file was not taken; null where it was, or where there is none."""
    shown_serial: Serial | None = None
    """What that list says is its serial: not verified."""


class PeerKey(Wire):
    """A public key to which others seal, of one epoch."""

    kid: Digest
    suite: Code
    epoch: Count
    not_before: Instant
    not_after: Instant
    """From then on nothing is sealed to it."""


class OwnKey(PeerKey):
    """One of this node's."""

    destroyed_at: Instant
    """From then on its private half opens nothing, and is overwritten."""


class PeerStatement(Wire):
    """What a node says of its own keys, signed by the key that the trust list names for it, as it is verified now."""

    serial: Serial
    issued_at: Instant
    expires_at: Instant
    fetched_at: Instant
    suites: tuple[Code, ...]
    """In its order of preference."""
    suite: Code | None = None
    """The one in which this node seals for it; null where both have none in common."""
    keys: tuple[PeerKey, ...]


class WaitingForPeer(Wire):
    """Messages for a node that it has not acknowledged, and what ended without arriving."""

    requests: Count = 0
    answers: Count = 0
    receipts: Count = 0
    notices: Count = 0
    endings: Count = 0
    letters: Count = 0
    """Open dead letters with it: they wait for a person."""
    since: Instant | None = None
    """Of the oldest request or answer that waits."""


class PeerLog(Wire):
    """The largest checkpoint of a log of the node that this node has verified."""

    origin: Annotated[str, Field(max_length=300)]
    size: Count
    seen_at: Instant


class DayOfPeer(Wire):
    """How a day's comparison ended."""

    day: Day
    state: ReconciliationState


class PeerStanding(Wire):
    """One other node of the trust list, whatever its status there."""

    entity_id: EntityId
    statement: PeerStatement | None = None
    """None where none is held, or none that verifies now: `statement_problem` says why."""
    statement_problem: Code | None = None
    failures: Count = 0
    """Calls in a row that nobody answered, as the process that answers this knows."""
    rests_until: Instant | None = None
    """After several of them the node is left alone until then."""
    delivered_at: Instant | None = None
    """When it acknowledged the newest of our messages of the last 30 days that it has acknowledged."""
    heard_at: Instant | None = None
    """When this node last had something of it that verified."""
    waiting: WaitingForPeer
    logs: tuple[PeerLog, ...] = ()
    days: Annotated[tuple[DayOfPeer, ...], Field(max_length=31)] = ()
    """The comparisons of the last 30 days, the newest first; a day without messages is not compared."""


class PeerStandings(Wire):
    """`GET /v1/peers`."""

    trust_list: TrustListStanding
    suites: tuple[Code, ...]
    """Of this node, the first preferred."""
    own_keys: tuple[OwnKey, ...]
    """To which other nodes seal, and those that still open what is under way; the newest first."""
    peers: tuple[PeerStanding, ...]
    """In the order of the trust list; without this node."""
