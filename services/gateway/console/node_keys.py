"""The node's keys as they stand, public halves alone: those that sign tokens, and those that other nodes are told of in its statement."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import ValidationError

from safepassage.canonical import from_base64url
from safepassage.node_statement import NodeStatement
from services.gateway.console.words import word
from services.gateway.oauth.signing_keys import TokenKeys

SOON_DAYS: Final = 3
"""A statement lives 14 days at the most, and is to be signed again before it ends."""

PURPOSES: Final = {
    "token": word("Signs access tokens"),
    "exchange": word("Signs messages to other nodes"),
    "client": word("Proves this node to other nodes"),
    "encryption": word("Other nodes seal records to it"),
}

Standing = Literal["signs", "verifies", "listed", "in force", "not yet", "over"]
STANDINGS: Final[dict[Standing, str]] = {
    "signs": word("Signs now"),
    "verifies": word("Verifies only: it is next, or was before"),
    "listed": word("Listed in the statement"),
    "in force": word("In force"),
    "not yet": word("Not yet"),
    "over": word("Over"),
}


@dataclass(frozen=True)
class NodeKey:
    """One key. `purpose` and `standing` by code."""

    purpose: str
    kid: str
    algorithm: str
    standing: Standing
    until: datetime | None = None
    epoch: int | None = None


def statement_in(file: Path | None) -> NodeStatement | None:
    """What the node's statement says, as its operator signed it; None where there is none, or none that can be read."""
    if file is None or not file.exists():
        return None
    try:
        return NodeStatement.model_validate(json.loads(from_base64url(file.read_text("ascii").strip().split(".")[1])))
    except (OSError, ValueError, IndexError, ValidationError):
        return None


def keys_of(tokens: TokenKeys, statement: NodeStatement | None, now: datetime) -> Sequence[NodeKey]:
    """In the order of their purposes."""
    kids = sorted(tokens.verifying, key=lambda kid: (kid != tokens.active.kid, kid))
    found = [NodeKey("token", kid, "Ed25519", "signs" if kid == tokens.active.kid else "verifies") for kid in kids]
    if statement is None:
        return found
    found += [NodeKey("exchange", jwk.kid, jwk.alg, "listed") for jwk in statement.exchange_signing]
    found += [NodeKey("client", jwk.kid, jwk.alg, "listed") for jwk in statement.client_authentication]
    for key in sorted(statement.encryption, key=lambda one: -one.epoch):
        begins, ends = (datetime.fromtimestamp(at, UTC) for at in (key.not_before, key.not_after))
        standing: Standing = "not yet" if now < begins else "in force" if now < ends else "over"
        found.append(NodeKey("encryption", key.kid, key.suite, standing, ends, key.epoch))
    return found
