"""The trust list: who is a member of the network, by which keys, signed by its roots. JWS General JSON, version 1 (decisions 6).

Whoever controls a threshold of roots decides who is a member. One list follows another: each names the digest of the one before and is
signed by a threshold of that one's roots and of its own, so that neither an old list nor a parallel history is accepted. The first list
is installed by its digest, got out of band.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from cryptography.exceptions import InvalidSignature
from pydantic import Field, StringConstraints, model_validator

from safepassage.canonical import canonical_json, digest_of, from_base64url, json_object, to_base64url
from safepassage.claims import CLOCK_SKEW_SECONDS, NumericDate, Serial, read_closed
from safepassage.compact import ALGORITHM
from safepassage.problems.messages import MessageNotYetValid
from safepassage.problems.signatures import MalformedToken
from safepassage.problems.trust import (
    NotAMember,
    TrustListDigestDiffers,
    TrustListExpired,
    TrustListMalformed,
    TrustListNotSigned,
    TrustListRolledBack,
    TrustListStale,
)
from safepassage.public_keys import PublicJwk
from safepassage.trust_members import Member, is_loopback_http
from safepassage.wire import Base64Url, Digest, Name, Wire

TYPE: Final = "sp-trust+jws"
CONTENT_TYPE: Final = "application/jose+json"
MAX_BYTES: Final = 2**20
LONGEST_SECONDS: Final = 30 * 86_400
STALE_SECONDS: Final = 7 * 86_400
"""From that age on only receipts and refusals go out."""


class TrustList(Wire):
    """The signed payload."""

    v: Literal[1] = 1
    network: Name
    serial: Serial
    issued_at: NumericDate
    expires_at: NumericDate
    previous_digest: Digest | None
    """Digest of the list with the serial before; null for the first."""
    threshold: Annotated[int, Field(ge=1, le=16)]
    roots: Annotated[tuple[PublicJwk, ...], Field(min_length=1, max_length=16)]
    members: Annotated[tuple[Member, ...], Field(max_length=200)]

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        entities = [member.entity_id for member in self.members]
        origins = [log.origin for member in self.members for log in member.logs]
        if len({root.kid for root in self.roots}) != len(self.roots) or self.threshold > len(self.roots):
            raise ValueError("the threshold is of distinct roots")
        if len(set(entities)) != len(entities) or len(set(origins)) != len(origins):
            raise ValueError("a member and a log are listed once")
        if not 0 < self.expires_at - self.issued_at <= LONGEST_SECONDS:
            raise ValueError("a list lasts at most 30 days")
        if (self.previous_digest is None) != (self.serial == 1):
            raise ValueError("every list but the first names the one before")
        return self

    def member(self, entity_id: str) -> Member:
        """The active member with this entity id. Raises NotAMember for any other, suspended and revoked ones included.

        INVARIANT: revocation counts at use; nothing is kept of a member from an earlier list.
        """
        for member in self.members:
            if member.entity_id == entity_id and member.status == "active":
                return member
        raise NotAMember

    def payload(self) -> bytes:
        """The bytes to sign."""
        return canonical_json(self.model_dump(mode="json"))


class _Signature(Wire):
    protected: Annotated[str, StringConstraints(max_length=500)]
    signature: Base64Url


class _General(Wire):
    """JWS General JSON serialisation (RFC 7515 section 7.2.1), with no unprotected header."""

    payload: Annotated[str, StringConstraints(max_length=MAX_BYTES)]
    signatures: Annotated[tuple[_Signature, ...], Field(max_length=64)]


@dataclass(frozen=True)
class TrustListDocument:
    """A document as somebody hands it over, and who signed it: what it says is believed once it is verified."""

    content: TrustList
    digest: Digest
    """SHA-256 of the payload's bytes, whoever signed them."""
    document: bytes
    _general: _General

    def signed_by(self, roots: Iterable[PublicJwk]) -> frozenset[str]:
        """The `kid`s of those of `roots` that signed. Raises TrustListNotSigned where a signature of one of them fails.

        Signatures by others are passed over, since lists overlap when roots change.
        """
        keys, signers = {jwk.kid: jwk.key() for jwk in roots}, set()
        for line in self._general.signatures:
            kid = _protected_header(line.protected)["kid"]
            if kid not in keys:
                continue
            try:
                keys[kid].verify(from_base64url(line.signature), f"{line.protected}.{self._general.payload}".encode("ascii"))
            except (InvalidSignature, ValueError) as error:
                raise TrustListNotSigned from error
            signers.add(kid)
        return frozenset(signers)

    def cosigned(self, kid: str, signature: bytes) -> bytes:
        """The document with one signature more, over `root_signing_input`; one by the same root is replaced."""
        payload = from_base64url(self._general.payload)
        others = {_protected_header(line.protected)["kid"]: from_base64url(line.signature) for line in self._general.signatures}
        return trust_list_document(payload, signatures={**others, kid: signature})


@dataclass(frozen=True)
class VerifiedTrustList:
    """A list that was verified, its digest, and the document that carried it."""

    content: TrustList
    digest: Digest
    document: bytes


def root_signing_input(payload: bytes, *, kid: str) -> bytes:
    """The bytes that the root `kid` signs."""
    protected = canonical_json({"alg": ALGORITHM, "kid": kid, "typ": TYPE})
    return f"{to_base64url(protected)}.{to_base64url(payload)}".encode("ascii")


def trust_list_document(payload: bytes, *, signatures: Mapping[str, bytes]) -> bytes:
    """The document of `payload` with a signature for each root's kid, over `root_signing_input`."""
    lines = [
        {"protected": root_signing_input(payload, kid=kid).split(b".")[0].decode(), "signature": to_base64url(signature)}
        for kid, signature in sorted(signatures.items())
    ]
    return canonical_json({"payload": to_base64url(payload), "signatures": lines})


def read_trust_list(document: bytes, *, development: bool = False) -> TrustListDocument:
    """A list by whomever, not verified: to be looked at, and signed. Raises TrustListMalformed, UnsupportedVersion."""
    if len(document) > MAX_BYTES:
        raise TrustListMalformed
    try:
        json_object(document)
        general = _General.model_validate_json(document, strict=True)
        payload = from_base64url(general.payload)
        content = read_closed(payload, model=TrustList)
    except (ValueError, MalformedToken) as error:
        raise TrustListMalformed from error
    if not development and any(is_loopback_http(url) for member in content.members for url in member.urls):
        raise TrustListMalformed("http on the loopback is for development, which has to be asked for")
    return TrustListDocument(content, digest_of(payload), document, general)


def verify_first_trust_list(document: bytes, *, digest: Digest, now: datetime, development: bool = False) -> VerifiedTrustList:
    """The list to begin with.

    digest       got out of band
    development  members may be reached by http on the loopback

    Raises TrustListMalformed, UnsupportedVersion, TrustListDigestDiffers, TrustListNotSigned, TrustListExpired, MessageNotYetValid.
    """
    verified = read_pinned_trust_list(document, digest=digest, development=development)
    require_in_force(verified.content, now=now)
    return verified


def read_pinned_trust_list(document: bytes, *, digest: Digest, development: bool = False) -> VerifiedTrustList:
    """A list of some time ago as evidence of who had which keys then; not to exchange under.

    Raises TrustListMalformed, UnsupportedVersion, TrustListDigestDiffers, TrustListNotSigned.
    """
    read = read_trust_list(document, development=development)
    if read.digest != digest:
        raise TrustListDigestDiffers
    _require_signed(read, by=read.content)
    return VerifiedTrustList(read.content, read.digest, document)


def verify_next_trust_lists(
    documents: Sequence[bytes], *, held: VerifiedTrustList, now: datetime, development: bool = False
) -> VerifiedTrustList:
    """The last of `documents`, each of which follows the one before it, the first of them the list held.

    Only the last has to be in force: a node that was away catches up list by list. Raises TrustListMalformed, UnsupportedVersion,
    TrustListRolledBack, TrustListNotSigned, TrustListExpired, MessageNotYetValid.
    """
    last = held
    for document in documents:
        read = read_trust_list(document, development=development)
        if read.content.serial <= last.content.serial or read.content.network != last.content.network:
            raise TrustListRolledBack
        if read.content.previous_digest != last.digest:
            raise TrustListRolledBack("a list between it and the one held is missing, or its history is another one")
        for signers in (last.content, read.content):
            _require_signed(read, by=signers)
        last = VerifiedTrustList(read.content, read.digest, document)
    if last is not held:
        require_in_force(last.content, now=now)
    return last


def require_in_force(trust_list: TrustList, *, now: datetime) -> None:
    """Raises TrustListExpired past `expires_at`; MessageNotYetValid before `issued_at` (5 minutes are tolerated)."""
    if now.timestamp() >= trust_list.expires_at:
        raise TrustListExpired
    if now.timestamp() + CLOCK_SKEW_SECONDS < trust_list.issued_at:
        raise MessageNotYetValid


def require_fresh(trust_list: TrustList, *, now: datetime) -> None:
    """Raises TrustListStale when older than 7 days (receipts and refusals may still go out), TrustListExpired when expired."""
    require_in_force(trust_list, now=now)
    if now.timestamp() >= trust_list.issued_at + STALE_SECONDS:
        raise TrustListStale


def _require_signed(document: TrustListDocument, *, by: TrustList) -> None:
    if len(document.signed_by(by.roots)) < by.threshold:
        raise TrustListNotSigned


def _protected_header(protected: str) -> dict[str, Any]:
    try:
        header = json_object(from_base64url(protected))
    except ValueError as error:
        raise TrustListMalformed from error
    if set(header) != {"alg", "kid", "typ"} or (header["alg"], header["typ"]) != (ALGORITHM, TYPE) or not isinstance(header["kid"], str):
        raise TrustListMalformed
    return header
