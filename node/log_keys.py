"""The log's key and its succession: the next one is made and published first, then takes over; the one before stays known, then retires.

Two weeks after it was replaced nothing logged under a key can still be on its way (an envelope lasts at most 14 days): from then on the
trust list names it retired, and no other node takes a checkpoint under it any more.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from safepassage.notes import ED25519, VerifierKey, parse_vkey
from safepassage.trust_members import Log, LogKey
from shared.keys import KeyFileUnusable, SigningKey, read_public_key

CURRENT, NEXT, RETIRED = "log.json", "log-next.json", "log-retired"
STILL_COUNTS = timedelta(days=14)


def prepare_next(audit: Path) -> SigningKey:
    """Make the key that will follow. Raises FileExistsError if one waits already."""
    key = SigningKey.generate()
    key.save(audit / NEXT)
    return key


def require_listed(audit: Path, logs: Iterable[Log]) -> None:
    """Raises KeyFileUnusable where a next key waits that the trust list does not name: other nodes refuse whatever is logged under it.

    logs  the node's own, as the newest trust list has them
    """
    if not (audit / NEXT).exists():
        return  # `replace` says so
    following = SigningKey.load(audit / NEXT).public.public_bytes_raw()
    if following not in {parse_vkey(key.vkey).public_key for log in logs for key in log.keys}:
        raise KeyFileUnusable(
            "the trust list of this node does not name the next key: every other node would refuse what is logged under it"
        )


def replace(audit: Path, *, today: date) -> SigningKey:
    """Let the next key take over; of the current one only the public half is kept. Every audit process is stopped meanwhile.

    It can be run again after it was interrupted. Raises KeyFileUnusable where no next key was prepared.
    """
    following, current = SigningKey.load(audit / NEXT), SigningKey.load(audit / CURRENT)
    kept = audit / RETIRED / f"{today.isoformat()}.json"
    kept.parent.mkdir(exist_ok=True, mode=0o700)
    if kept.exists() and read_public_key(kept) != current.public:
        raise KeyFileUnusable(f"{kept.name} holds another key: the log's key is replaced at most once a day")
    kept.write_text(json.dumps(current.jwk))
    (audit / NEXT).replace(audit / CURRENT)
    return following


def published(audit: Path, origin: str, *, today: date) -> Log:
    """A log as the trust list names it: the keys that count, then those that do no more. Raises KeyFileUnusable."""
    return Log(origin=origin, keys=tuple(_keys(audit, origin, today)))


def _keys(audit: Path, origin: str, today: date) -> Iterator[LogKey]:
    yield _named(origin, SigningKey.load(audit / CURRENT).public)
    if (audit / NEXT).exists():
        yield _named(origin, SigningKey.load(audit / NEXT).public)
    for path in sorted((audit / RETIRED).glob("*.json"), reverse=True)[:6]:
        counts = today < date.fromisoformat(path.stem) + STILL_COUNTS
        yield _named(origin, read_public_key(path)).model_copy(update={"status": "active" if counts else "retired"})


def _named(origin: str, key: Ed25519PublicKey) -> LogKey:
    return LogKey(vkey=VerifierKey(origin, ED25519, key.public_bytes_raw()).vkey)
