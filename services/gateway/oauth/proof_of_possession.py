"""DPoP (RFC 9449): each request proves that it was made by the key to which its token is bound.

A proof is for one method, one URL, one token, about now, and counts once (services.gateway.oauth.replay). What it says and its signature
can be looked at apart, so that a store may be asked in between (docs/decisions/0107-a-proof-is-kept-while-it-is-verified.md).
"""

import hmac
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from safepassage.canonical import digest_of, from_base64url, json_object, sha256
from safepassage.problems.access import ClientKeyNotUsable, ProofNonceRequired, ProofNotValid
from safepassage.problems.signatures import BadSignature
from services.gateway.oauth.client_keys import ClientKey, proof_key

TYPE: Final = "dpop+jwt"
MAX_LENGTH: Final = 4096
PAST_SECONDS: Final = 60
FUTURE_SECONDS: Final = 10
REMEMBERED_SECONDS: Final = PAST_SECONDS + FUTURE_SECONDS
"""For so long after its use a proof could come again and still be about now."""
UNSIGNED: Final = "not signed by the key in its header"


@dataclass(frozen=True)
class Proof:
    """A verified proof. It counts once its `digest` is spent."""

    thumbprint: str
    """RFC 7638 of the key that made it."""
    issued_at: int
    nonce: str | None
    digest: bytes


@dataclass(frozen=True, slots=True)
class UnverifiedProof:
    """A proof of which everything was found right but its signature.

    INVARIANT: nothing is done for who sent it before `require_signature` has returned.
    """

    proof: Proof
    _key: ClientKey
    _signed: bytes
    _signature: bytes

    def require_signature(self) -> None:
        """Raises ProofNotValid where the key did not sign it."""
        _require_signature(self._key, self._signed, self._signature)


class Proofs:
    """Verifies proofs; keeps the parsed keys of headers seen lately, as a client's header is the same each time."""

    def __init__(self, *, keys_kept: int = 4096) -> None:
        self._keys: OrderedDict[str, ClientKey] = OrderedDict()
        self._kept = keys_kept

    def verify(self, proof: str, *, method: str, url: str, now: datetime, token: str | None, bound_to: str | None) -> Proof:
        """Check a proof, all of it. As `read`."""
        read = self.read(proof, method=method, url=url, now=now, token=token, bound_to=bound_to)
        read.require_signature()
        return read.proof

    def read(self, proof: str, *, method: str, url: str, now: datetime, token: str | None, bound_to: str | None) -> UnverifiedProof:
        """Check all of a proof but its signature.

        method, url  of the request, the URL as this server knows itself, without query
        token        the access token that comes with it; None at the token endpoint
        bound_to     thumbprint of the key that the token is bound to; None at the token endpoint

        Raises ProofNotValid. Of several faults a signature that is none is told.
        """
        header, _, rest = proof.partition(".")
        payload, _, signature = rest.partition(".")
        if len(proof) > MAX_LENGTH or "." in signature:
            raise ProofNotValid("not a compact JWS of permitted length", field="DPoP")
        try:
            key = self._keys.get(header) or self._key_of(header)
            signed, made = f"{header}.{payload}".encode("ascii"), from_base64url(signature)
            claims = json_object(from_base64url(payload))
        except (ValueError, ClientKeyNotUsable) as error:
            raise ProofNotValid(UNSIGNED, field="DPoP") from error
        try:
            claimed = _claimed(claims, key.thumbprint, method=method, url=url, now=now, token=token, bound_to=bound_to)
        except ProofNotValid:
            _require_signature(key, signed, made)
            raise
        return UnverifiedProof(claimed, key, signed, made)

    def _key_of(self, encoded: str) -> ClientKey:
        header = json_object(from_base64url(encoded))
        if set(header) != {"alg", "jwk", "typ"} or header["typ"] != TYPE or not isinstance(header["jwk"], dict):
            raise ClientKeyNotUsable
        if not isinstance(header["alg"], str):
            raise ClientKeyNotUsable
        key = proof_key(header["jwk"], algorithm=header["alg"])
        self._keys[encoded] = key
        while len(self._keys) > self._kept:
            self._keys.popitem(last=False)
        return key


def _require_signature(key: ClientKey, signed: bytes, signature: bytes) -> None:
    try:
        key.verify(signed, signature, algorithm=key.algorithm)
    except (BadSignature, ValueError) as error:
        raise ProofNotValid(UNSIGNED, field="DPoP") from error


def _claimed(
    claims: dict[str, Any], thumbprint: str, *, method: str, url: str, now: datetime, token: str | None, bound_to: str | None
) -> Proof:
    """What the claims of a proof by a key say. Raises ProofNotValid."""
    if bound_to is not None and not hmac.compare_digest(thumbprint, bound_to):
        raise ProofNotValid("made by another key than the token is bound to", field="DPoP")
    if claims.get("htm") != method or not _same_url(claims.get("htu"), url):
        raise ProofNotValid("made for another method or URL: htm, htu", field="DPoP")
    if token is not None and claims.get("ath") != digest_of(token.encode("ascii")):
        raise ProofNotValid("made for another access token: ath", field="DPoP")
    issued, jti, nonce, seconds = claims.get("iat"), claims.get("jti"), claims.get("nonce"), now.timestamp()
    if type(issued) is not int or not seconds - PAST_SECONDS <= issued <= seconds + FUTURE_SECONDS:
        raise ProofNotValid("not made within the last minute: iat; check the clock", field="DPoP")
    if not isinstance(jti, str) or not 8 <= len(jti) <= 128 or not (nonce is None or isinstance(nonce, str)):
        raise ProofNotValid("jti has 8 to 128 characters, new for each proof", field="DPoP")
    return Proof(thumbprint, issued, nonce, sha256(f"proof\0{thumbprint}\0{jti}".encode()))


def require_from_after(proof: Proof, nonce_at: float | None, since: float) -> None:
    """Raises ProofNonceRequired for a proof that may have been used at `since` or before, in seconds since the epoch.

    A nonce was given before it was used; without one, the clock of who made the proof may be FUTURE_SECONDS ahead.
    """
    if (proof.issued_at - FUTURE_SECONDS if nonce_at is None else nonce_at) <= since:
        raise ProofNonceRequired


def _same_url(given: object, url: str) -> bool:
    """RFC 9449 section 4.3: query and fragment do not count; scheme, host and default port in their one form (RFC 3986 section 6)."""
    if given == url:
        return True
    if not isinstance(given, str) or len(given) > MAX_LENGTH:
        return False
    try:
        parts, own = urlsplit(given), urlsplit(url)
        same_port = _port(parts.scheme, parts.port) == _port(own.scheme, own.port)
    except ValueError:
        return False
    if parts.username is not None or parts.password is not None:
        return False
    return (parts.scheme, parts.hostname, parts.path) == (own.scheme, own.hostname, own.path) and same_port


def _port(scheme: str, port: int | None) -> int | None:
    return port or {"https": 443, "http": 80}.get(scheme)
