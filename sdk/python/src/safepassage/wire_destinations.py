"""Where a node sends its log as it grows: destinations, where each stands, what is sent again, and what a receiver gets."""

from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from safepassage.wire import Code, Digest, Instant, Name, Wire
from safepassage.wire_log import Codes

Url = Annotated[str, StringConstraints(pattern=r"^https?://[\x21\x23-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]{1,1900}$")]
Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?$")]
Index = Annotated[int, Field(ge=0, lt=2**53)]
Signature = Literal["v1", "v1a"]
"""Of Standard Webhooks. v1: HMAC-SHA-256 with a secret that both sides have. v1a: Ed25519; the receiver has the public key alone."""

EXAMPLE_ENTERPRISE: Final = 32473
"""The number that is kept for examples (RFC 5612)."""


class WebhookReceiver(Wire):
    """Gets entries as signed webhooks: Standard Webhooks."""

    kind: Literal["webhook"]
    url: Url
    """https. It is never shown again but for its host: it may hold a token."""
    signature: Signature = "v1"


class SyslogReceiver(Wire):
    """Gets each entry as a syslog message: RFC 5424 over TLS (RFC 5425)."""

    kind: Literal["syslog"]
    host: Host
    port: Annotated[int, Field(ge=1, le=65535)] = 6514
    transport: Literal["tls", "tcp"] = "tls"
    """tcp: without TLS, on a developer's machine only."""
    confirmed_by: Literal["close-notify", "end"] = "close-notify"
    """What shows that a batch was read: the receiver's own close_notify (RFC 5425 section 4.4), which nobody on the way can forge; or, of a
    receiver that sends none, as rsyslog, that the connection ended in order, which who can cut it can forge."""
    enterprise_number: Annotated[int, Field(ge=1, lt=2**32)] = EXAMPLE_ENTERPRISE
    """The agency's private enterprise number (IANA), which names the structured data; by default the one of examples."""


class NewLogDestination(Wire):
    """`PUT /v1/log/destinations/{destination_id}`."""

    name: Name
    receiver: Annotated[WebhookReceiver | SyslogReceiver, Field(discriminator="kind")]
    classes: Codes = ()
    """Classes of entries; empty: all."""
    start: Literal["now", "beginning"] = "now"
    """now: from the entry on that says that there is this destination. beginning: from the first entry of the first log on."""
    batch_entries: Annotated[int, Field(ge=1, le=500)] = 50
    """Entries of one webhook, or of one connection to a syslog receiver, at the most."""


class LogReplay(Wire):
    """Entries that are being sent again. `log` and `index`: the next one."""

    id: UUID
    asked_at: Instant
    log: str
    index: Index
    until_log: str
    until_index: Index
    """The first entry that is not sent again."""


DestinationState = Literal["active", "paused", "disabled"]


class LogDestination(Wire):
    """A destination, and where it stands."""

    id: UUID
    is_altered: bool = False
    """What is kept of it was altered or moved in the store: it gets nothing, and its members up to `purpose` are not known. Delete it."""
    name: str | None = None
    kind: Literal["webhook", "syslog"] | None = None
    address: str | None = None
    """Host and port."""
    signature: Signature | None = None
    public_keys: tuple[str, ...] = ()
    """Of v1a, those whose signatures are on what is sent now, the newest first: `whpk_...`."""
    former_key_until: Instant | None = None
    """Until when a key that was replaced signs too."""
    classes: tuple[str, ...] = ()
    batch_entries: int | None = None
    purpose: Code | None = None
    """For which it was made: that of the client's token."""
    made_at: Instant
    state: DestinationState
    disabled_because: Literal["gone", "failing"] | None = None
    """gone: it answered 410. failing: it has failed for five days."""
    log: str
    index: Index
    """The first entry that it has not got. Entries of classes that it does not get count as got."""
    behind: Annotated[int, Field(ge=0)]
    """Published entries that it has not got."""
    behind_seconds: Annotated[int, Field(ge=0)]
    """Age of the first of them."""
    attempted_at: Instant | None = None
    delivered_at: Instant | None = None
    last_status: int | None = None
    """Of the last answer, for a webhook that was answered."""
    last_fault: Code | None = None
    """Why the last attempt failed; none where it did not."""
    failing_since: Instant | None = None
    failures: Annotated[int, Field(ge=0)] = 0
    """Attempts that failed since then."""
    next_attempt_at: Instant | None = None
    replay: LogReplay | None = None


class LogDestinations(Wire):
    """`GET /v1/log/destinations`."""

    destinations: tuple[LogDestination, ...]


class MadeLogDestination(Wire):
    """A destination with what is shown this once."""

    destination: LogDestination
    secret: Annotated[str | None, Field(repr=False)] = None
    """Of a v1 webhook: `whsec_...`. The node shows it never again."""
    public_key: str | None = None
    """Of a v1a webhook: `whpk_...`."""


class SecretRotation(Wire):
    """`POST /v1/log/destinations/{destination_id}/secret-rotation`."""

    overlap_hours: Annotated[int, Field(ge=0, le=720)] = 24
    """For how long the key before signs too. 0: it is known to others and signs nothing any more."""


class PingAnswer(Wire):
    """`POST /v1/log/destinations/{destination_id}/ping`: what the receiver made of a message that tells of no entry."""

    delivered: bool
    status: int | None = None
    fault: Code | None = None
    milliseconds: Annotated[int, Field(ge=0)]


class NewLogReplay(Wire):
    """`POST /v1/log/destinations/{destination_id}/replays`: send again what was logged since an instant, or entries of one log."""

    since: Instant | None = None
    log: Annotated[str, StringConstraints(max_length=300)] | None = None
    """Origin."""
    start: Index | None = None
    end: Index | None = None
    """The first that is not sent again."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        named = [one is not None for one in (self.log, self.start, self.end)]
        if any(named) if self.since is not None else not all(named):
            raise ValueError("either since, or log, start and end")
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ValueError("end: after start")
        return self


class DeliveredEntry(Wire):
    """An entry as a receiver gets it."""

    index: Index
    leaf_hash: Digest
    """RFC 9162 section 2.1.1, of the entry in the tree: `GET /v1/log/entries/{index}/proof` proves it."""
    event: dict[str, Any]
    """OCSF 1.8.0."""


class DeliveredEntries(Wire):
    """Entries of one log, in its order."""

    destination_id: UUID
    log: str
    """Origin."""
    entries: tuple[DeliveredEntry, ...]


class LogDelivery(Wire):
    """The body of a webhook. A ping has no entries."""

    type: Literal["log.entries", "log.ping"]
    timestamp: Instant
    """When the last of the entries was logged; of a ping, when it was sent."""
    data: DeliveredEntries
