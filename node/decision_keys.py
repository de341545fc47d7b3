"""The key that signs decisions, and its succession: audit knows the next one first, then it signs; the one before is believed for a while.

A disclosure waits to be logged with the decision that permits it, while audit is away or busy. An entry whose decision audit does not
believe is refused for good, and the child's record with it: so audit goes on believing the key before until nothing can wait under it.
Receipts of consents are verified for years: privacy keeps the public half of every key that has signed one.
"""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from services.audit.decision_keys import CURRENT as VERIFICATION
from services.audit.decision_keys import NEXT as NEXT_VERIFICATION
from services.audit.decision_keys import RETIRED as RETIRED_VERIFICATION
from shared.keys import KeyFileUnusable, SigningKey, read_public_key

CURRENT, NEXT, RETIRED = "decision-signing.json", "decision-signing-next.json", "decision-signing-retired"
VERIFIERS = ("records", "audit")


def prepare_next(keys: Path) -> SigningKey:
    """Make the key that will follow, and give those who verify decisions its public half. Raises FileExistsError if one waits already."""
    waits = (keys / "privacy" / NEXT).exists()
    key = SigningKey.load(keys / "privacy" / NEXT) if waits else SigningKey.generate()
    missing = [path for path in _beside(keys, NEXT_VERIFICATION) if not path.exists()]
    if waits and not missing:
        raise FileExistsError(NEXT)
    for path in missing:
        _write(path, key.jwk)
    if not waits:
        key.save(keys / "privacy" / NEXT)
    return key


def replace(keys: Path, *, today: date) -> SigningKey:
    """Let the next key take over; of the one before the public half is kept where it is needed. It can be run again after an interruption.

    Raises KeyFileUnusable where no next key was prepared, or on the day of the last change.
    """
    privacy = keys / "privacy"
    if not (privacy / NEXT).exists():
        raise KeyFileUnusable("Not replaced: there is no next key of decisions")
    following, current = SigningKey.load(privacy / NEXT), SigningKey.load(privacy / CURRENT)
    kept = [privacy / RETIRED / f"{today.isoformat()}.json", *_beside(keys, f"{RETIRED_VERIFICATION}/{today.isoformat()}.json")]
    for path in kept:
        if path.exists() and read_public_key(path) != current.public:
            raise KeyFileUnusable(f"{path.name} holds another key: the key of decisions is replaced at most once a day")
        path.parent.mkdir(exist_ok=True, mode=0o700)
        _write(path, current.jwk)
    for path in _beside(keys, VERIFICATION):
        _write(path, following.jwk)
    (privacy / NEXT).replace(privacy / CURRENT)
    for path in _beside(keys, NEXT_VERIFICATION):
        path.unlink(missing_ok=True)
    return following


def _beside(keys: Path, name: str) -> Iterator[Path]:
    return (keys / service / name for service in VERIFIERS)


def _write(path: Path, jwk: dict[str, str]) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(jwk))
    fresh.replace(path)
