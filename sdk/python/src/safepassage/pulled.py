"""How a node that cannot be called fetches what is for it, and says what it would have answered.

`GET /v1/peer/outbox/{kind}` gives what waits, the same bytes as delivery would send: as a batch (safepassage.message_batches), an envelope
alone as what it is; `Link: rel="next"` where there is more, 204 where there is nothing. `POST /v1/peer/outbox/{kind}/answers` takes
for each what a delivery would have been answered: a receipt, a signed refusal, nothing.
"""

from typing import Annotated, Any, Final, Literal, get_args
from uuid import UUID

from pydantic import Field, StringConstraints

from safepassage.compact import split
from safepassage.envelope import split_body
from safepassage.message_batches import MOST, BatchAnswer
from safepassage.notice import MAX_LENGTH
from safepassage.problems import SuiteError
from safepassage.problems.signatures import MalformedToken
from safepassage.wire import Digest, Wire

OUTBOX_PATH: Final = "/v1/peer/outbox"
PINS_PATH: Final = "/v1/peer/pins"
PATHS_PATH: Final = "/v1/peer/paths"
STATEMENTS_PATH: Final = "/v1/node-statements"

LONGEST: Final = MAX_LENGTH
"""Of a signed part: a notice has its content in it."""

PulledKind = Literal["requests", "envelopes", "receipts", "notices", "endings"]
PULLED_KINDS: Final[tuple[PulledKind, ...]] = get_args(PulledKind)

_ID_MEMBERS: Final[dict[PulledKind, str]] = {
    "requests": "jti",
    "envelopes": "envelope_id",
    "receipts": "envelope_id",
    "notices": "notice_id",
    "endings": "ending_id",
}

Origin = Annotated[str, StringConstraints(max_length=300)]
Size = Annotated[int, Field(ge=0, lt=2**53)]


class PulledAnswer(BatchAnswer):
    """What a fetched message is answered."""

    id: UUID
    """Of the message: a request's, an envelope's (also for its receipt), a notice's, an ending's."""


class PulledAnswers(Wire):
    """`POST /v1/peer/outbox/{kind}/answers`. The answer is a BatchAnswers: 204 for each that was taken."""

    v: Literal[1] = 1
    answers: Annotated[tuple[PulledAnswer, ...], Field(min_length=1, max_length=MOST)]


class PinnedSizes(Wire):
    """`GET /v1/peer/pins`: the largest checkpoint of each of the caller's logs that was verified here."""

    v: Literal[1] = 1
    sizes: dict[Origin, Size]


class ShownPath(Wire):
    """`POST /v1/peer/paths`: that one size of the caller's log continues another (RFC 9162 section 2.1.4)."""

    v: Literal[1] = 1
    origin: Origin
    from_size: Size
    to_size: Size
    path: Annotated[tuple[Digest, ...], Field(max_length=64)]


def signed_part(kind: PulledKind, message: bytes) -> str:
    """The compact JWS of a fetched message, not verified. Raises MalformedToken, EnvelopeMalformed, UnsupportedVersion."""
    if kind == "envelopes":
        return split_body(message)[0]
    try:
        return message.decode("ascii")
    except UnicodeDecodeError as error:
        raise MalformedToken("not a compact JWS") from error


def id_of(kind: PulledKind, message: bytes) -> UUID | None:
    """By which its sender knows the message; None for what is none of this kind."""
    try:
        payload: dict[str, Any] = split(signed_part(kind, message), max_length=LONGEST)[1]
        return UUID(str(payload.get(_ID_MEMBERS[kind])))
    except (SuiteError, ValueError):
        return None
