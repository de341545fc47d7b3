"""The key by which this node proves itself to other nodes, and its succession: the next one is published before it is used.

Another node keeps a statement for an hour: by a key that it does not list yet it lets nobody in. Nothing is lost by that, and everything
waits: so the next one is listed for an hour first.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from safepassage.compact import split
from safepassage.node_statement import USED_FOR
from shared.keys import KeyFileUnusable, SigningKey

CLIENT_KEY, NEXT, DPOP_KEY = "peer-client.json", "peer-client-next.json", "peer-dpop.json"


def prepare_next(records: Path) -> SigningKey:
    """Make the key that will follow. Raises FileExistsError if one waits already."""
    key = SigningKey.generate()
    key.save(records / NEXT)
    return key


def replace(records: Path, statement: Path, *, now: datetime) -> SigningKey:
    """Let the next key take over, with another key that tokens are bound to.

    Raises KeyFileUnusable where none was made, or the node's statement has not listed it for as long as others keep an older one.
    """
    if not (records / NEXT).exists():
        raise KeyFileUnusable("Not replaced: there is no next key of the peer client")
    following = SigningKey.load(records / NEXT)
    claims: dict[str, Any] = split(statement.read_text().strip())[1] if statement.exists() else {"iat": 0, "client_authentication": []}
    listed = {jwk["kid"] for jwk in claims["client_authentication"]}
    if following.kid not in listed or now.timestamp() < claims["iat"] + USED_FOR.total_seconds():
        raise KeyFileUnusable("the node's statement does not list the next key of the peer client for an hour yet")
    (records / DPOP_KEY).unlink(missing_ok=True)  # made anew below, and on the next call where this one is cut short here
    SigningKey.generate().save(records / DPOP_KEY)
    (records / NEXT).replace(records / CLIENT_KEY)
    return following


def published(records: Path) -> Iterator[Ed25519PublicKey]:
    """What the node's statement lists: the key that is used, and the one that will be. Raises KeyFileUnusable."""
    for name in (CLIENT_KEY, NEXT):
        if name == CLIENT_KEY or (records / name).exists():
            yield SigningKey.load(records / name).public
