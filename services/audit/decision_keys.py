"""Whose decisions audit believes: privacy's key, the one that will follow, and those that it replaced lately.

decision-verification.json             signs
decision-verification-next.json        will sign: audit has it before privacy signs with it
decision-verification-retired/<day>.json  signed until that day: what waits to be logged under it is still logged
"""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from safepassage.compact import PublicKeys, thumbprint
from shared.keys import KeyFileUnusable, read_public_key

CURRENT: Final = "decision-verification.json"
NEXT: Final = "decision-verification-next.json"
RETIRED: Final = "decision-verification-retired"
STILL_BELIEVED: Final = timedelta(days=14)
"""So long an answer may wait to leave, and so for its entry."""


def decision_keys(folder: Path, *, today: date) -> PublicKeys:
    """By name; the one that signs first. Raises KeyFileUnusable."""
    return {thumbprint(key): key for key in _keys(folder, today)}


def _keys(folder: Path, today: date) -> Iterator[Ed25519PublicKey]:
    yield read_public_key(folder / CURRENT)
    if (folder / NEXT).exists():
        yield read_public_key(folder / NEXT)
    for path in sorted((folder / RETIRED).glob("*.json"), reverse=True):
        try:
            replaced = date.fromisoformat(path.stem)
        except ValueError as error:
            raise KeyFileUnusable(f"{path.name} is not called by the day on which its key was replaced") from error
        if today < replaced + STILL_BELIEVED:
            yield read_public_key(path)
