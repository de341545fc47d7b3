"""Bitstring Status List 1.0 (W3C): which credentials of a list were revoked, one bit each.

A list has at least 131,072 places, which are given out at random: whoever reads it learns how many were revoked, and not whose.
"""

import gzip
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from safepassage.canonical import from_base64url, to_base64url
from safepassage.credentials.linked_data import CREDENTIALS_2
from safepassage.problems.credentials import CredentialMalformed, CredentialRevoked, StatusListNotObtained

PLACES: Final = 131_072
"""Of a list: 16 KiB, the least that the standard allows."""
MOST_PLACES: Final = 2**24
LIST_TYPE: Final = "BitstringStatusListCredential"
ENTRY_TYPE: Final = "BitstringStatusListEntry"
IN_FORCE: Final = timedelta(days=7)
"""Of a list from when it was signed: how long a revocation can stay unseen by who keeps one."""
_BASE64URL: Final = "u"


@dataclass(frozen=True)
class StatusEntry:
    """Where a credential's status is told."""

    url: str
    """Of the list."""
    index: int
    """0-based."""

    def document(self) -> dict[str, Any]:
        """As `credentialStatus`."""
        return {
            "id": f"{self.url}#{self.index}",
            "type": ENTRY_TYPE,
            "statusPurpose": "revocation",
            "statusListIndex": str(self.index),
            "statusListCredential": self.url,
        }


def encoded_list(revoked: Iterable[int], *, places: int = PLACES) -> str:
    """The bits, compressed by gzip, in multibase base64url: the first place is the highest bit of the first byte.

    Raises ValueError for a place that the list does not have.
    """
    bits = bytearray(places // 8)
    for index in revoked:
        if not 0 <= index < places:
            raise ValueError("no place of the list")
        bits[index // 8] |= 0x80 >> index % 8
    return _BASE64URL + to_base64url(gzip.compress(bytes(bits), mtime=0))


def decoded_list(encoded: str) -> bytes:
    """The bits of an encoded list, 16 KiB to 2 MiB of them. Raises CredentialMalformed."""
    if not encoded.startswith(_BASE64URL):
        raise CredentialMalformed("not base64url in multibase", field="encodedList")
    try:
        inflating = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        bits = inflating.decompress(from_base64url(encoded[1:]), MOST_PLACES // 8 + 1)
    except (ValueError, zlib.error) as error:
        raise CredentialMalformed("not a list of bits", field="encodedList") from error
    if not inflating.eof or inflating.unused_data or not PLACES <= len(bits) * 8 <= MOST_PLACES:
        raise CredentialMalformed("not a list of bits of a length that is allowed", field="encodedList")
    return bits


def status_list_credential(*, url: str, issuer: str, revoked: Iterable[int], now: datetime) -> dict[str, Any]:
    """The list as a credential, to be signed by the issuer of those that it is about."""
    return {
        "@context": [CREDENTIALS_2],
        "id": url,
        "type": ["VerifiableCredential", LIST_TYPE],
        "issuer": issuer,
        "validFrom": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "validUntil": f"{now + IN_FORCE:%Y-%m-%dT%H:%M:%SZ}",
        "credentialSubject": {
            "id": f"{url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": encoded_list(revoked),
        },
    }


def entry_of(credential: Mapping[str, Any]) -> StatusEntry | None:
    """Where a credential's revocation is told; None where it cannot be revoked.

    Raises CredentialMalformed, also for a status of another kind: what cannot be checked is not believed.
    """
    if "credentialStatus" not in credential:
        return None
    status = credential["credentialStatus"]
    if not isinstance(status, Mapping) or status.get("type") != ENTRY_TYPE or status.get("statusPurpose") != "revocation":
        raise CredentialMalformed("its status is not one entry of a Bitstring Status List for revocation", field="credentialStatus")
    url, index = status.get("statusListCredential"), str(status.get("statusListIndex"))
    if not isinstance(url, str) or not (index.isascii() and index.isdecimal() and len(index) < 10) or status.get("statusSize", 1) != 1:
        raise CredentialMalformed("its status names no place of a list", field="credentialStatus")
    return StatusEntry(url, int(index))


def require_not_revoked(entry: StatusEntry, status_list: Mapping[str, Any]) -> None:
    """Check a place of a list whose proof, issuer and validity were verified.

    Raises StatusListNotObtained for another list, CredentialMalformed, CredentialRevoked.
    """
    subject = status_list.get("credentialSubject")
    kinds = status_list.get("type")
    if status_list.get("id") != entry.url or not isinstance(kinds, list) or LIST_TYPE not in kinds or not isinstance(subject, Mapping):
        raise StatusListNotObtained("what was given is another list")
    if subject.get("type") != "BitstringStatusList" or subject.get("statusPurpose") != "revocation":
        raise StatusListNotObtained("the list is not one of revocations")
    bits = decoded_list(str(subject.get("encodedList")))
    if entry.index >= len(bits) * 8:
        raise CredentialMalformed("its status names no place of the list", field="credentialStatus")
    if bits[entry.index // 8] & 0x80 >> entry.index % 8:
        raise CredentialRevoked
