"""Verifying a credential: proof, issuer, form, validity, revocation; of a learner record, each credential in it too.

Pure: the keys and the status lists are given, nothing is fetched.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from safepassage.canonical import json_object
from safepassage.credentials.conformance import CLR_TYPE, require_conforming, types_of
from safepassage.credentials.data_integrity import verify_proof
from safepassage.credentials.issuers import IssuerKeys
from safepassage.credentials.linked_data import CONTEXTS, CREDENTIALS_2
from safepassage.credentials.securing import Form
from safepassage.credentials.status_list import StatusEntry, entry_of, require_not_revoked
from safepassage.credentials.validity import issuer_of, require_valid
from safepassage.credentials.vc_jwt import read_unverified, verify_jwt
from safepassage.problems.credentials import (
    CredentialIssuerNotTrusted,
    CredentialMalformed,
    StatusListNotObtained,
    UnknownContext,
)

MAX_BYTES: Final = 4 * 1024 * 1024

KeysOf = Callable[[str], IssuerKeys]
"""The keys that may speak for an issuer; none for one that is not trusted."""
StatusListOf = Callable[[str], bytes | None]
"""The status list at a URL, as it was answered there; None where it was not obtained."""


@dataclass(frozen=True)
class VerifiedCredential:
    """A credential that holds."""

    document: Mapping[str, Any]
    """Without its proof."""
    issuer: str
    form: Form
    parts: tuple["VerifiedCredential", ...] = ()
    """Of a learner record, the credentials in it."""


def verify_credential(
    data: bytes, *, keys_of: KeysOf, status_list_of: StatusListOf, now: datetime, issuer: str | None = None
) -> VerifiedCredential:
    """Check a credential of Open Badges 3.0 or CLR 2.0, a JSON document or a JWT.

    issuer  whom it has to be by; anybody with keys, if left out

    Raises CredentialMalformed, UnknownContext, MemberNotSigned, CredentialIssuerNotTrusted, BadSignature, CredentialNotValidNow,
    CredentialRevoked, StatusListNotObtained, CredentialsUnavailable.
    """
    checking = _Checking(keys_of, status_list_of, now)
    verified = checking.secured(read_credential(data))
    if issuer is not None and verified.issuer != issuer:
        raise CredentialIssuerNotTrusted("it is by another issuer than the one that was expected", field="issuer")
    return checking.holds(verified)


def read_credential(data: bytes) -> dict[str, Any] | str:
    """The document or the JWT, not verified. Raises CredentialMalformed."""
    if len(data) > MAX_BYTES:
        raise CredentialMalformed("larger than any credential")
    if data.lstrip()[:1] != b"{":
        try:
            return data.decode("ascii").strip()
        except UnicodeDecodeError as error:
            raise CredentialMalformed("neither a JSON document nor a JWT") from error
    try:
        return json_object(data)
    except ValueError as error:
        raise CredentialMalformed("not a JSON document") from error


class _Checking:
    def __init__(self, keys_of: KeysOf, status_list_of: StatusListOf, now: datetime) -> None:
        self._keys_of, self._status_list_of, self._now = keys_of, status_list_of, now
        self._lists: dict[tuple[str, str], Mapping[str, Any]] = {}

    def secured(self, given: Mapping[str, Any] | str) -> VerifiedCredential:
        """Whose it is, and that nothing in it was altered. Raises CredentialIssuerNotTrusted, and as those that verify it."""
        said = read_unverified(given) if isinstance(given, str) else given
        issuer = issuer_of(said)
        keys = self._keys_of(issuer)
        if not keys:
            raise CredentialIssuerNotTrusted(field="issuer")
        _require_known_contexts(said)
        if isinstance(given, str):
            return VerifiedCredential(verify_jwt(given, issuer=issuer, keys=keys), issuer, "jwt")
        return VerifiedCredential(verify_proof(given, issuer=issuer, keys=keys), issuer, "data-integrity")

    def holds(self, verified: VerifiedCredential) -> VerifiedCredential:
        """Its form, its time, its status; and of a learner record those of each part."""
        document = verified.document
        require_conforming(document)
        require_valid(document, now=self._now)
        entry = entry_of(document)
        if entry is not None:
            require_not_revoked(entry, self._status_list(entry, verified.issuer))
        return replace(verified, parts=tuple(self.holds(self.secured(part)) for part in _parts_of(document)))

    def _status_list(self, entry: StatusEntry, issuer: str) -> Mapping[str, Any]:
        """INVARIANT: only the issuer itself says what it has revoked, and only lately."""
        known = self._lists.get((entry.url, issuer))
        if known is None:
            data = self._status_list_of(entry.url)
            if data is None:
                raise StatusListNotObtained
            verified = self.secured(read_credential(data))
            if verified.issuer != issuer:
                raise StatusListNotObtained("the list is by another issuer")
            require_valid(verified.document, now=self._now)
            known = self._lists[entry.url, issuer] = verified.document
        return known


def _parts_of(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any] | str]:
    if CLR_TYPE in types_of(document):
        for part in document["credentialSubject"]["verifiableCredential"]:
            if CLR_TYPE in types_of(part):
                raise CredentialMalformed("a learner record in a learner record")
            yield part


def _require_known_contexts(document: Mapping[str, Any]) -> None:
    contexts = document.get("@context")
    if not isinstance(contexts, list) or contexts[:1] != [CREDENTIALS_2]:
        raise UnknownContext
    if not all(isinstance(one, str) and one in CONTEXTS for one in contexts):
        raise UnknownContext
