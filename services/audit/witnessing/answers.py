"""What a witness's answer to a checkpoint is worth: a cosignature of each of its keys, of now, or a finding. Pure."""

from collections.abc import Collection, Mapping
from typing import Final

from safepassage.cosignatures import Cosignature, verified_cosignatures
from safepassage.notes import Note, VerifierKey
from safepassage.problems.proofs import NoteMalformed
from safepassage.problems.witnessing import CosignatureInvalid
from safepassage.tlog_witness import parse_cosignatures
from services.audit.witnessing.findings import Kind

SKEW_SECONDS: Final = 300
"""So much two clocks may differ."""

REFUSALS: Final = frozenset({400, 403, 404, 422})
"""Statuses by which a witness says that something is wrong with what it was sent, or that it does not know the log."""
NOT_NOW: Final = frozenset({408, 425, 429})


def is_no_answer(status: int) -> bool:
    """Whether a status says that there is no answer now, as whoever is down or too busy says: to be asked again later, and no finding."""
    return status in NOT_NOW or 500 <= status <= 599


class Unexpected(Exception):
    """An answer that no honest witness gives."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind)
        self.kind: Kind = kind


def cosignatures_in(
    body: bytes, *, text: bytes, keys: Collection[VerifierKey], now: int, latest: Mapping[VerifierKey, int]
) -> tuple[Cosignature, ...]:
    """The cosignatures of a checkpoint's `text` in the body of a 200, one of each of `keys`; lines of other keys count for nothing.

    now     seconds since the epoch
    latest  of each key, the latest time of which it has given a cosignature before

    Raises Unexpected where one is missing, does not verify, or is not of now.
    """
    try:
        found = verified_cosignatures(Note(text, parse_cosignatures(body)), keys=keys)
    except NoteMalformed:
        raise Unexpected("answer-unreadable") from None
    except CosignatureInvalid:
        raise Unexpected("cosignature-invalid") from None
    by_key = {one.key: one for one in found}
    if len(by_key) < len(set(keys)):
        raise Unexpected("cosignature-missing")
    for key, one in by_key.items():
        if one.timestamp < max(now - SKEW_SECONDS, latest.get(key, 0)):
            raise Unexpected("cosignature-old")
        if one.timestamp > now + SKEW_SECONDS:
            raise Unexpected("cosignature-ahead")
    return tuple(by_key.values())
