"""sp-notice+jws: what became of a transfer after its record was asked for, told to the other node of the exchange; and its receipt.

The requester tells the holder that the child came, never came or left again, where the record went on to or was asked for, and which
elements of it are of a later version than its own. The holder tells the requester that its claim to the child meets another one. What is
told is sealed; in clear are the ids alone (decisions 5).
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, ClassVar, Final, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from safepassage.also import Also
from safepassage.chain_part import Onward
from safepassage.checkpoints import Checkpoint
from safepassage.claims import EntityId, NumericDate, Verified, read_closed, require_lifetime, require_parties, verify_message
from safepassage.compact import PublicKeys, algorithm_in
from safepassage.logged import Logged, LoggedMessage, LogIdentity, verify_logged
from safepassage.problems.envelopes import LeafOfAnotherExchange, OtherExchange, WrongLeaf
from safepassage.problems.messages import SealedIdsDiffer, SuiteNotSupported
from safepassage.problems.signatures import MalformedToken
from safepassage.sealing import hpke_info, padded, unpadded, verify_pt_commit
from safepassage.suites import SUITES
from safepassage.wire import Base64Url, Code, Digest, Wire
from safepassage.wire_exchange import Official
from safepassage.wire_policy import ElementId

LONGEST_SECONDS: Final = 14 * 86_400
FARTHEST_DAYS: Final = 550
"""From the notice to the day that it is about, either way: as far as an enrolment is claimed ahead."""
MAX_LENGTH: Final = 64 * 1024
"""In characters: the content is a few hundred bytes, padded to 16 KiB."""

EnrollmentNotice = Literal["enrolled", "no-show", "withdrawn"]
"""What became of the child at the receiving school: came on a day; never came; left it again on a day, which is the last one there."""
OnwardNotice = Literal["onward", "onward-refused"]
ClaimNotice = Literal["concurrent-claims", "concurrent-enrollment"]
ReadingNotice = Literal["read-in-part"]
"""The record has elements that the requester's version does not know, or not wholly; sent again when it has learnt more."""
NoticeKind = EnrollmentNotice | OnwardNotice | ClaimNotice | ReadingNotice

BY_REQUESTER: Final[frozenset[str]] = frozenset({"enrolled", "no-show", "withdrawn", "onward", "onward-refused", "read-in-part"})
"""Kinds that the node that asked for the record sends; the others are the holder's."""


class NoticeContent(Wire):
    """What is told."""

    v: Literal[1] = 1
    iss: EntityId
    aud: EntityId
    exchange_id: UUID
    notice_id: UUID
    pt_salt: Digest
    """32 random bytes, of the commitment: who has this content shows with it that the sender has signed it."""
    kind: NoticeKind
    effective_on: date | None = None
    """The first day there of `enrolled`, the day that the child was expected of `no-show`, the last day there of `withdrawn`."""
    official: Official | None = None
    """Who says so, of the receiving school or district."""
    onward: Onward | None = None
    """Where it went on to, or who asked for it; of a refusal `disclosed_at` is when that was decided."""
    unread_elements: Annotated[tuple[ElementId, ...], Field(max_length=200)] | None = None
    """Of `read-in-part`: elements of the package's manifest, by name, that the requester keeps unread; none once it has read all."""
    also: Also = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        of_enrollment, of_onward = self.kind in ("enrolled", "no-show", "withdrawn"), self.kind in ("onward", "onward-refused")
        if (self.effective_on is not None, self.official is not None) != (of_enrollment, of_enrollment):
            raise ValueError("a day and an official belong to what is said of the enrollment, and to nothing else")
        if (self.onward is not None) != of_onward:
            raise ValueError("where it went on to belongs to what is said of that, and to nothing else")
        if (self.unread_elements is not None) != (self.kind == "read-in-part"):
            raise ValueError("elements that are not read belong to what is said of that, and to nothing else")
        return self

    def plaintext(self) -> bytes:
        """The padded bytes to seal."""
        return padded(self.model_dump(mode="json", exclude_none=True))


class Notice(LoggedMessage):
    """The notice. Its entry in the issuer's log pins `ct_digest` and `pt_commit`."""

    TYPE: ClassVar[str] = "sp-notice+jws"
    BATCHED: ClassVar[bool] = True

    iss: EntityId
    aud: EntityId
    exchange_id: UUID
    """The exchange that it is about: one of these two nodes."""
    notice_id: UUID
    iat: NumericDate
    exp: NumericDate
    suite: Code
    enc_kid: Digest
    ciphertext: Base64Url
    ct_digest: Digest
    pt_commit: Digest

    def info(self) -> bytes:
        """HPKE's `info` for its content."""
        return notice_info(
            iss=self.iss, aud=self.aud, exchange_id=self.exchange_id, notice_id=self.notice_id, suite=self.suite, enc_kid=self.enc_kid
        )


class NoticeTaken(LoggedMessage):
    """The receipt: the notice is stored and logged. Its entry pins the notice's `ct_digest`."""

    TYPE: ClassVar[str] = "sp-notice-taken+jws"
    BATCHED: ClassVar[bool] = True

    iss: EntityId
    aud: EntityId
    exchange_id: UUID
    notice_id: UUID
    notice_digest: Digest
    """SHA-256 of the notice's compact JWS."""
    iat: NumericDate
    also: Also = None


def notice_info(*, iss: str, aud: str, exchange_id: UUID, notice_id: UUID, suite: str, enc_kid: Digest) -> bytes:
    """HPKE's `info` for the content of a notice."""
    return hpke_info(
        kind="notice",
        suite=suite,
        iss=iss,
        aud=aud,
        recipient_organisation=None,
        exchange_id=exchange_id,
        envelope_id=notice_id,
        request_digest=None,
        enc_kid=enc_kid,
    )


def verify_notice(
    token: str,
    *,
    issuer: str,
    audience: str,
    keys: PublicKeys,
    logs: Collection[LogIdentity],
    pinned: Mapping[str, Checkpoint],
    now: datetime,
    consistency: Sequence[bytes] | None = None,
) -> tuple[Verified[Notice], Logged]:
    """The notice in `token`, signed by `issuer` for `audience`, logged by the issuer before it left, and not expired.

    Raises what `verify_message` and `verify_logged` raise, WrongIssuer, WrongAudience, MessageExpired, MessageNotYetValid, WrongLeaf,
    LeafOfAnotherExchange; SuiteNotSupported where the signature is not that of the suite which it names.
    """
    notice = verify_message(token, kind=Notice, keys=keys, max_length=MAX_LENGTH)
    message = notice.message
    require_parties(iss=message.iss, aud=message.aud, issuer=issuer, audience=audience)
    require_lifetime(iat=message.iat, exp=message.exp, now=now, longest_seconds=LONGEST_SECONDS)
    suite = SUITES.get(message.suite)
    if suite is not None and algorithm_in(token, max_length=MAX_LENGTH) != suite.signature:
        raise SuiteNotSupported("the signature is not that of the suite")
    logged = verify_logged(message, logs=logs, pinned=pinned, consistency=consistency)
    if logged.leaf.class_ != "request":
        raise WrongLeaf
    if (logged.leaf.digests.ct, logged.leaf.digests.pt_commit) != (message.ct_digest, message.pt_commit):
        raise LeafOfAnotherExchange
    return notice, logged


def read_notice(plaintext: bytes, *, notice: Notice) -> NoticeContent:
    """What was opened of a verified notice.

    Raises PaddingMalformed, UnsupportedVersion, MalformedToken, SealedIdsDiffer, PlaintextNotCommitted.
    """
    content = read_closed(unpadded(plaintext), model=NoticeContent)
    require_content_of(content, notice=notice)
    if content.effective_on is not None and not is_of_the_time(content.effective_on, datetime.fromtimestamp(notice.iat, UTC)):
        raise MalformedToken("a day of another time than the notice", field="effective_on")
    return content


def is_of_the_time(day: date, said_at: datetime) -> bool:
    """Whether a notice can be about the day: it is not far from when it is said."""
    return abs((day - said_at.date()).days) <= FARTHEST_DAYS


def require_content_of(content: NoticeContent, *, notice: Notice) -> None:
    """Check that `content` is what the issuer of `notice` has signed. Raises SealedIdsDiffer, PlaintextNotCommitted."""
    inside = (content.iss, content.aud, content.exchange_id, content.notice_id)
    # INVARIANT: a sealed part is of no use in another message, whoever signs that.
    if inside != (notice.iss, notice.aud, notice.exchange_id, notice.notice_id):
        raise SealedIdsDiffer
    verify_pt_commit(committed=notice.pt_commit, salt=content.pt_salt, plaintext=content.plaintext())


def verify_taken(
    token: str,
    *,
    issuer: str,
    audience: str,
    keys: PublicKeys,
    notice: Notice,
    notice_digest: Digest,
    logs: Collection[LogIdentity],
    pinned: Mapping[str, Checkpoint],
    now: datetime,
    consistency: Sequence[bytes] | None = None,
) -> tuple[Verified[NoticeTaken], Logged]:
    """The receipt in `token` for the notice that was sent, logged by `issuer`.

    Raises what `verify_message` and `verify_logged` raise, WrongIssuer, WrongAudience, MessageNotYetValid, OtherExchange, WrongLeaf,
    LeafOfAnotherExchange.
    """
    taken = verify_message(token, kind=NoticeTaken, keys=keys, max_length=MAX_LENGTH)
    message = taken.message
    require_parties(iss=message.iss, aud=message.aud, issuer=issuer, audience=audience)
    require_lifetime(iat=message.iat, exp=None, now=now)
    said = (message.exchange_id, message.notice_id, message.notice_digest)
    if said != (notice.exchange_id, notice.notice_id, notice_digest):
        raise OtherExchange
    logged = verify_logged(message, logs=logs, pinned=pinned, consistency=consistency)
    if logged.leaf.class_ != "received":
        raise WrongLeaf
    if logged.leaf.digests.ct != notice.ct_digest:
        raise LeafOfAnotherExchange
    return taken, logged
