"""sp-reconciliation+jws: what a node counts of a finished day's messages with another, logged and signed; and how both are compared.

A message belongs to the day (UTC) in which its id was made (UUIDv7), which both sides read in the same way. A count alone proves little
while messages are on their way: where two counts differ the ids are compared, and only what cannot be explained by time is a finding.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Final, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from safepassage.also import Also
from safepassage.canonical import digest_of, digest_of_json
from safepassage.checkpoints import Checkpoint
from safepassage.claims import EntityId, NumericDate, Verified, require_lifetime, require_parties, verify_message
from safepassage.compact import PublicKeys
from safepassage.logged import Logged, LoggedMessage, LogIdentity, verify_logged
from safepassage.problems.envelopes import WrongLeaf
from safepassage.problems.reconciliations import CountsOfAnotherDay
from safepassage.wire import Digest, Wire

RECONCILIATIONS_PATH: Final = "/v1/peer/reconciliations"

Day = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Stream = Literal["requests-sent", "requests-received", "answers-sent", "answers-received"]
Step = Literal["waiting", "arrived", "applied", "refused", "dead"]
"""arrived: the receiver has it; of what was sent, a receipt of its says so."""

COUNTERPART: Final[Mapping[Stream, Stream]] = {
    "requests-sent": "requests-received",
    "requests-received": "requests-sent",
    "answers-sent": "answers-received",
    "answers-received": "answers-sent",
}
"""The same messages, as the other side counts them."""

Count = Annotated[int, Field(ge=0)]


class Line(Wire):
    """One message of a stream."""

    id: UUID
    step: Step


class LinePage(Wire):
    """`GET /v1/peer/reconciliations/{day}/{stream}`: in the order of the ids."""

    v: Literal[1] = 1
    lines: Annotated[tuple[Line, ...], Field(max_length=1000)]


class StreamCount(Wire):
    """A stream of the day."""

    waiting: Count = 0
    arrived: Count = 0
    applied: Count = 0
    refused: Count = 0
    dead: Count = 0
    ids: Digest
    """Of those that arrived or were applied, in order."""


class Reconciliation(LoggedMessage):
    """The counts."""

    TYPE: ClassVar[str] = "sp-reconciliation+jws"
    BATCHED: ClassVar[bool] = True

    iss: EntityId
    aud: EntityId
    day: Day
    requests_sent: StreamCount
    requests_received: StreamCount
    answers_sent: StreamCount
    answers_received: StreamCount
    seen_origin: Annotated[str, StringConstraints(max_length=300)] | None = None
    """The largest checkpoint of the audience's log that the issuer has verified: whether that is still part of its log, it looks itself."""
    seen_size: Annotated[int, Field(ge=1, lt=2**53)] | None = None
    seen_root: Digest | None = None
    iat: NumericDate
    also: Also = None

    def of(self, stream: Stream) -> StreamCount:
        """One of the four."""
        count: StreamCount = getattr(self, stream.replace("-", "_"))
        return count


def counts_digest(counts: Mapping[Stream, StreamCount], *, day: str) -> Digest:
    """What the entry of the log pins."""
    return digest_of_json({"day": day, "counts": {name: count.model_dump(mode="json") for name, count in counts.items()}})


def count_of(lines: Collection[Line]) -> StreamCount:
    """The count of a stream's lines."""
    steps: dict[str, int] = {}
    for line in lines:
        steps[line.step] = steps.get(line.step, 0) + 1
    there = sorted(str(line.id) for line in lines if line.step in ("arrived", "applied"))
    return StreamCount(**steps, ids=digest_of("\n".join(there).encode("ascii")))


def verify_reconciliation(
    token: str,
    *,
    issuer: str,
    audience: str,
    keys: PublicKeys,
    day: str,
    logs: Collection[LogIdentity],
    pinned: Mapping[str, Checkpoint],
    now: datetime,
    consistency: Sequence[bytes] | None = None,
) -> tuple[Verified[Reconciliation], Logged]:
    """The counts in `token`, of `day`, with what their proof has shown.

    Raises what `verify_message` and `verify_logged` raise, WrongIssuer, WrongAudience, MessageNotYetValid, CountsOfAnotherDay, WrongLeaf.
    """
    verified = verify_message(token, kind=Reconciliation, keys=keys)
    message = verified.message
    require_parties(iss=message.iss, aud=message.aud, issuer=issuer, audience=audience)
    require_lifetime(iat=message.iat, exp=None, now=now)
    if message.day != day:
        raise CountsOfAnotherDay
    logged = verify_logged(message, logs=logs, pinned=pinned, consistency=consistency)
    counts = {stream: message.of(stream) for stream in COUNTERPART}
    if logged.leaf.class_ != "request" or logged.leaf.digests.ct != counts_digest(counts, day=day):
        raise WrongLeaf
    return verified, logged


@dataclass(frozen=True)
class Differences:
    """What time does not explain, of one direction and kind of messages."""

    receiver_lacks: tuple[UUID, ...]
    """The sender has the receiver's receipt, and the receiver has not the message."""
    sender_lacks: tuple[UUID, ...]
    """The receiver has it, and the sender knows nothing of it."""
    not_applied: tuple[UUID, ...]
    """The sender has the receipt that it was filed, and the receiver has not filed it."""

    @property
    def all(self) -> tuple[UUID, ...]:
        """Every id."""
        return (*self.receiver_lacks, *self.sender_lacks, *self.not_applied)


def differences(
    *, sent_early: Collection[Line], sent_late: Collection[Line], received_early: Collection[Line], received_late: Collection[Line]
) -> Differences:
    """Compare what a sender and a receiver have, each read before and after the other. Pure.

    INVARIANT: what the sender has a receipt for, early, the receiver has late; what the receiver has early, the sender knows late. So a
    message that is on its way at this moment is no finding, whatever the order of reading.
    """
    here = {line.id: line.step for line in received_late}
    known = {line.id for line in sent_late}
    there = [line for line in sent_early if line.step in ("arrived", "applied")]
    return Differences(
        receiver_lacks=tuple(sorted(line.id for line in there if line.id not in here)),
        sender_lacks=tuple(sorted({line.id for line in received_early} - known)),
        not_applied=tuple(sorted(line.id for line in there if line.step == "applied" and here.get(line.id, "applied") != "applied")),
    )
