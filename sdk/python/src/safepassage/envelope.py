"""application/vnd.safepassage.envelope.v1: an answer between nodes, and the receiver's table of refusals (decisions 6).

The message is u32 length, big-endian ‖ JWS compact (sp-envelope+jws) ‖ ciphertext as it is. The JWS covers the ciphertext (with the
chunks that travel beside a large package: safepassage.body) and the plaintext by their digests, and proves that both, and the decision,
were logged before anything left. Two steps, since the receiver finds its own request by the exchange id: `read_envelope` shows who signed
what for whom; `verify_envelope` everything else, before anything is opened.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, Literal
from uuid import UUID

from safepassage.body import Body
from safepassage.canonical import digest_of
from safepassage.checkpoints import Checkpoint
from safepassage.claims import EntityId, NumericDate, OrganisationId, Serial, Verified, require_lifetime, require_parties, verify_message
from safepassage.compact import PublicKeys, algorithm_in
from safepassage.leaf import ABSENT
from safepassage.logged import Logged, LoggedMessage, LogIdentity, verify_logged
from safepassage.problems.envelopes import (
    DecisionMissing,
    EnvelopeMalformed,
    LeafOfAnotherExchange,
    OtherCiphertext,
    OtherExchange,
    OtherRecipient,
    WrongLeaf,
)
from safepassage.problems.messages import EncryptionKeyUnknown, SuiteNotSupported
from safepassage.sealing import MAX_PADDED_BYTES, hpke_info, is_size_class
from safepassage.suites import SUITES
from safepassage.wire import Code, Digest

CONTENT_TYPE: Final = "application/vnd.safepassage.envelope.v1"
MAX_JWS_BYTES: Final = 48 * 1024
MAX_BODY_BYTES: Final = 4 + MAX_JWS_BYTES + MAX_PADDED_BYTES + 4096
LONGEST_SECONDS: Final = 14 * 86_400
_LENGTH_BYTES: Final = 4


class Envelope(LoggedMessage):
    """The signed part."""

    TYPE: ClassVar[str] = "sp-envelope+jws"
    BATCHED: ClassVar[bool] = True

    iss: EntityId
    """The holder."""
    aud: EntityId
    """The requester."""
    recipient_organisation: OrganisationId
    """The school or district that the request named; the recipient in law."""
    exchange_id: UUID
    """The id of the request."""
    envelope_id: UUID
    """The id of this message."""
    request_digest: Digest
    kind: Literal["package", "perhaps", "credentials", "not-provided"]
    suite: Code
    enc_kid: Digest
    ct_digest: Digest
    pt_commit: Digest
    iat: NumericDate
    exp: NumericDate
    trust_serial: Serial
    """The trust list under which it was made."""
    body: Body | None = None
    """Of a package with attachments: its chunks, which travel beside the envelope and before it. Otherwise there is no such claim."""

    def claims(self) -> dict[str, Any]:
        """As of every message."""
        claims = super().claims()
        return claims if self.body is not None else {name: value for name, value in claims.items() if name != "body"}

    def covers(self, ciphertext: Digest) -> bool:
        """Whether `ct_digest` is of the ciphertext with this digest, together with the body if there is one."""
        if self.body is None:
            return self.ct_digest == ciphertext
        return self.body.sealed == ciphertext and self.ct_digest == self.body.bound_to()

    def info(self) -> bytes:
        """HPKE's `info` for its ciphertext."""
        return hpke_info(
            kind=self.kind,
            suite=self.suite,
            iss=self.iss,
            aud=self.aud,
            recipient_organisation=self.recipient_organisation,
            exchange_id=self.exchange_id,
            envelope_id=self.envelope_id,
            request_digest=self.request_digest,
            enc_kid=self.enc_kid,
        )


@dataclass(frozen=True)
class SignedEnvelope:
    """An envelope whose signature, type, parties and ciphertext digest were verified, and nothing else."""

    jws: Verified[Envelope]
    ciphertext: bytes | None
    """None where the envelope is announced, ahead of its body's chunks; nothing is taken as received then."""

    @property
    def message(self) -> Envelope:
        """The claims."""
        return self.jws.message


@dataclass(frozen=True)
class ExpectedAnswer:
    """What the receiver asked for, from its own row, and what it can open."""

    exchange_id: UUID
    request_digest: Digest
    recipient_organisation: str
    enc_kids: Collection[str]
    """HPKE keys that it still holds."""
    suites: Collection[str]
    """Suites that it lists in its statement."""


def envelope_body(jws: str, ciphertext: bytes | memoryview) -> bytes:
    """The bytes to store and to send."""
    return len(jws).to_bytes(_LENGTH_BYTES, "big") + jws.encode("ascii") + ciphertext


def split_body(body: bytes) -> tuple[str, bytes]:
    """JWS and ciphertext, not verified. Raises EnvelopeMalformed."""
    length = int.from_bytes(body[:_LENGTH_BYTES], "big")
    if len(body) > MAX_BODY_BYTES or not 0 < length <= MAX_JWS_BYTES or _LENGTH_BYTES + length >= len(body):
        raise EnvelopeMalformed
    try:
        return body[_LENGTH_BYTES : _LENGTH_BYTES + length].decode("ascii"), body[_LENGTH_BYTES + length :]
    except UnicodeDecodeError as error:
        raise EnvelopeMalformed from error


def read_envelope(body: bytes, *, issuer: str, audience: str, keys: PublicKeys) -> SignedEnvelope:
    """The first step: who signed it, for whom, and that the ciphertext is the signed one.

    issuer    entity id of the client that sent it
    audience  this node's entity id
    keys      the issuer's exchange signing keys, from its verified statement

    Raises EnvelopeMalformed, what `verify_message` raises, WrongIssuer, WrongAudience, OtherCiphertext.
    """
    jws, ciphertext = split_body(body)
    envelope = _signed(jws, issuer=issuer, audience=audience, keys=keys)
    if not envelope.message.covers(digest_of(ciphertext)):
        raise OtherCiphertext
    return SignedEnvelope(envelope, ciphertext)


def read_announcement(jws: str, *, issuer: str, audience: str, keys: PublicKeys) -> SignedEnvelope:
    """As `read_envelope`, of the signed part alone, sent ahead of a body. Raises OtherCiphertext also where it has no body."""
    envelope = _signed(jws, issuer=issuer, audience=audience, keys=keys)
    body = envelope.message.body
    if body is None or not envelope.message.covers(body.sealed):
        raise OtherCiphertext
    return SignedEnvelope(envelope, None)


def _signed(jws: str, *, issuer: str, audience: str, keys: PublicKeys) -> Verified[Envelope]:
    envelope = verify_message(jws, kind=Envelope, keys=keys)
    require_parties(iss=envelope.message.iss, aud=envelope.message.aud, issuer=issuer, audience=audience)
    return envelope


def verify_envelope(
    signed: SignedEnvelope,
    *,
    expected: ExpectedAnswer,
    logs: Collection[LogIdentity],
    pinned: Mapping[str, Checkpoint],
    now: datetime,
    consistency: Sequence[bytes] | None = None,
) -> Logged:
    """The second step: that it answers our request, for the recipient we named, under a key we hold, and was decided and logged first.

    logs, pinned, consistency  as for `verify_logged`

    Gives what the proof has shown; the caller pins `Logged.latest(...)`. Raises OtherExchange, OtherRecipient, MessageExpired,
    MessageNotYetValid, SuiteNotSupported, EncryptionKeyUnknown, EnvelopeMalformed, what `verify_logged` raises, WrongLeaf,
    LeafOfAnotherExchange, DecisionMissing.
    """
    message = signed.message
    if (message.exchange_id, message.request_digest) != (expected.exchange_id, expected.request_digest):
        raise OtherExchange
    if message.recipient_organisation != expected.recipient_organisation:
        raise OtherRecipient
    require_lifetime(iat=message.iat, exp=message.exp, now=now, longest_seconds=LONGEST_SECONDS)
    if message.suite not in SUITES or message.suite not in expected.suites:
        raise SuiteNotSupported
    if algorithm_in(signed.jws.token) != SUITES[message.suite].signature:
        raise SuiteNotSupported("the signature is not that of the suite")
    if message.enc_kid not in expected.enc_kids:
        raise EncryptionKeyUnknown
    if message.body is not None and message.kind != "package":
        raise EnvelopeMalformed("only a package has a body")
    if signed.ciphertext is not None and not is_size_class(len(signed.ciphertext) - SUITES[message.suite].overhead_bytes):
        raise EnvelopeMalformed("the ciphertext is not of a size class")
    logged = verify_logged(message, logs=logs, pinned=pinned, consistency=consistency)
    require_leaf_of(message, logged)
    return logged


def require_leaf_of(message: Envelope, logged: Logged) -> None:
    """Check that the proven leaf was made for this envelope. Raises WrongLeaf, LeafOfAnotherExchange, DecisionMissing.

    A package stands on a `disclosure`, which pins a decision, and so does that there may be one; that no record is provided stands on a
    `request` (the answer to it).
    """
    leaf = logged.leaf
    if message.body is not None and message.ct_digest != message.body.bound_to():
        raise LeafOfAnotherExchange("the digest that was logged is not of the body")
    if leaf.class_ != ("request" if message.kind == "not-provided" else "disclosure"):
        raise WrongLeaf
    if (leaf.digests.ct, leaf.digests.pt_commit) != (message.ct_digest, message.pt_commit):
        raise LeafOfAnotherExchange
    if message.kind != "not-provided" and leaf.digests.decision == ABSENT:
        raise DecisionMissing


def sealed_claims(message: Envelope) -> dict[str, Any]:
    """The claims as `safepassage.package.read_sealed` compares them with what was opened."""
    return message.claims()
