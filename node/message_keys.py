"""The keys that sign messages to other nodes, and their succession: the next are published first, then sign; those before stay known.

Another node keeps a statement for an hour. What is signed by a key that it does not know yet, or not any more, it refuses for good: a
message that waits for three days to be delivered would be lost with the key that signed it. So a key is listed from an hour before its
first signature until nothing of it can be on its way: 14 days after it was replaced, and 7 more for receipts that are asked for.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from safepassage.compact import split
from safepassage.es384 import ES384
from safepassage.node_statement import USED_FOR
from safepassage.public_keys import P384Jwk, PublicJwk
from safepassage.suites import SUITES
from services.records.exchange.signing import KEY_FILES, MessageKey
from shared.keys import KeyFileUnusable, SigningKey
from shared.p384_keys import P384SigningKey

RETIRED = "exchange-signing-retired"
STILL_COUNTS = timedelta(days=21)
MOST_RETIRED = 6
"""Of each algorithm; a statement lists sixteen keys at the most."""


def prepare_next(records: Path) -> list[str]:
    """Make the keys that will follow, one for each that is there, or those that are missing after an interruption. Gives their names.

    Raises FileExistsError if all of them wait already.
    """
    current = {algorithm: name for algorithm, name in KEY_FILES.items() if (records / name).exists()}
    wanted = {algorithm: name for algorithm, name in current.items() if not (records / _next(name)).exists()}
    if current and not wanted:
        raise FileExistsError(RETIRED)
    for algorithm, name in wanted.items():
        (P384SigningKey if algorithm == ES384 else SigningKey).generate().save(records / _next(name))
    return list(wanted.values())


def require_published(statement: Path, records: Path, *, now: datetime) -> None:
    """Raises KeyFileUnusable unless the node's statement has listed the next keys for as long as others keep an older one."""
    claims: dict[str, Any] = split(statement.read_text().strip())[1] if statement.exists() else {"iat": 0, "exchange_signing": []}
    listed = {jwk["kid"] for jwk in claims["exchange_signing"]}
    waiting = {
        _load(records / _next(name), algorithm).jwk["kid"] for algorithm, name in KEY_FILES.items() if (records / _next(name)).exists()
    }
    if not waiting <= listed or now.timestamp() < claims["iat"] + USED_FOR.total_seconds():
        raise KeyFileUnusable("the node's statement does not list the next exchange signing keys for an hour yet")


def replace(records: Path, *, today: date) -> list[str]:
    """Let the next keys take over; of those before only the public halves are kept. Gives the names of what was replaced.

    It can be run again after it was interrupted. Raises KeyFileUnusable where no next key was prepared, or on the day of the last change.
    """
    waiting = {algorithm: name for algorithm, name in KEY_FILES.items() if (records / _next(name)).exists()}
    if not waiting:
        raise KeyFileUnusable("there is no next exchange signing key")
    for algorithm, name in waiting.items():
        current = _load(records / name, algorithm)
        kept = records / RETIRED / f"{today.isoformat()}.{name}"
        kept.parent.mkdir(exist_ok=True, mode=0o700)
        if kept.exists() and json.loads(kept.read_text()) != current.jwk:
            raise KeyFileUnusable(f"{kept.name} holds another key: exchange signing keys are replaced at most once a day")
        kept.write_text(json.dumps(current.jwk))
        (records / _next(name)).replace(records / name)
    return list(waiting.values())


def published(records: Path, suites: Sequence[str], *, today: date) -> list[PublicJwk | P384Jwk]:
    """What the node's statement lists of the algorithms of `suites`: the keys that sign, those that will, those that did lately."""
    algorithms = {SUITES[name].signature for name in suites}
    return [jwk for algorithm, name in KEY_FILES.items() if algorithm in algorithms for jwk in _published(records, algorithm, name, today)]


def _published(records: Path, algorithm: str, name: str, today: date) -> Iterator[PublicJwk | P384Jwk]:
    model = P384Jwk if algorithm == ES384 else PublicJwk
    for file in (records / name, records / _next(name)):
        if file.exists():
            yield model.model_validate(_load(file, algorithm).jwk)
    for file in sorted((records / RETIRED).glob(f"*.{name}"), reverse=True)[:MOST_RETIRED]:
        if today < date.fromisoformat(file.name.partition(".")[0]) + STILL_COUNTS:
            yield model.model_validate_json(file.read_bytes())


def _load(file: Path, algorithm: str) -> MessageKey:
    return P384SigningKey.load(file) if algorithm == ES384 else SigningKey.load(file)


def _next(name: str) -> str:
    return name.replace(".json", "-next.json")
