"""The certificate of a destruction: what was destroyed, on whose word and on what ground. Canonical JSON, pinned by its entry's leaf. Pure.

Whose it was is not in it. Who knows the student and has the node's keys of that school year computes the key's digest and finds it here.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from safepassage.canonical import canonical_json, to_base64url


def key_digest(key_id: bytes) -> str:
    """By what a certificate names a destroyed key."""
    return to_base64url(hashlib.sha256(b"destroyed-key\0" + key_id).digest())


class PartsDigest:
    """Digest of the places of everything that was destroyed, in their order: log, index and part, 8 + 8 + 4 bytes each."""

    def __init__(self) -> None:
        self._hash, self.count = hashlib.sha256(b"destroyed-parts\0"), 0

    def take(self, parts: Iterable[tuple[int, int, int]]) -> None:
        """The next places."""
        for log, idx, part in parts:
            self._hash.update(log.to_bytes(8, "big") + idx.to_bytes(8, "big") + part.to_bytes(4, "big"))
            self.count += 1

    def __str__(self) -> str:
        return to_base64url(self._hash.digest())


def certificate_of(
    *,
    node: str,
    destruction_id: UUID,
    of_student: bool,
    basis: str,
    reference: str,
    records_ended_on: date | None,
    asked_by: str,
    asked_at: datetime,
    approved_by: Sequence[str],
    approved_at: datetime,
    destroyed_at: datetime,
    destroyed: Sequence[Mapping[str, Any]],
    kept: Sequence[Mapping[str, Any]],
    parts: PartsDigest,
) -> bytes:
    """The certificate's bytes.

    destroyed  of each school year {school_year, key, entries, index_rows}; `key` is `key_digest`
    kept       of each school year {school_year, because}
    """
    said: dict[str, Any] = {
        "v": 1,
        "node": node,
        "destruction": str(destruction_id),
        "of": "student" if of_student else "node",
        "basis": basis,
        "reference": reference,
        "asked_by": asked_by,
        "asked_at": instant_of(asked_at),
        "approved_by": list(approved_by),
        "approved_at": instant_of(approved_at),
        "destroyed_at": instant_of(destroyed_at),
        "destroyed": [dict(year) for year in destroyed],
        "kept": [dict(year) for year in kept],
        "sealed_parts": parts.count,
        "sealed_parts_digest": str(parts),
    }
    if records_ended_on is not None:
        said["records_ended_on"] = records_ended_on.isoformat()
    return canonical_json(said)


def instant_of(instant: datetime) -> str:
    """As a certificate names an instant: UTC, whole seconds."""
    return f"{instant:%Y-%m-%dT%H:%M:%S}Z"
