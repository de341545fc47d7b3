"""sp-accepted+jws: the holder's receipt for a request, the body of its 202. It says that the request is on the holder's record, no more."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from safepassage.also import Also
from safepassage.checkpoints import Checkpoint
from safepassage.claims import EntityId, NumericDate, Verified, require_lifetime, require_parties, verify_message
from safepassage.compact import PublicKeys
from safepassage.logged import Logged, LoggedMessage, LogIdentity, verify_logged
from safepassage.problems.envelopes import LeafOfAnotherExchange, OtherExchange, WrongLeaf
from safepassage.wire import Digest


class Accepted(LoggedMessage):
    """The receipt. It is the same whether the child is known or not."""

    TYPE: ClassVar[str] = "sp-accepted+jws"
    BATCHED: ClassVar[bool] = True

    iss: EntityId
    """The holder."""
    aud: EntityId
    """The requester."""
    exchange_id: UUID
    request_digest: Digest
    iat: NumericDate
    exp: NumericDate
    """Until when an answer may come: the request's `exp`."""
    also: Also = None


def verify_accepted(
    token: str,
    *,
    issuer: str,
    audience: str,
    keys: PublicKeys,
    exchange_id: UUID,
    request_digest: Digest,
    logs: Collection[LogIdentity],
    pinned: Mapping[str, Checkpoint],
    now: datetime,
    consistency: Sequence[bytes] | None = None,
) -> tuple[Verified[Accepted], Logged]:
    """The receipt in `token` for the request with this id and digest, with what its proof has shown.

    Raises what `verify_message` and `verify_logged` raise, WrongIssuer, WrongAudience, MessageExpired, MessageNotYetValid, OtherExchange,
    WrongLeaf, LeafOfAnotherExchange.
    """
    accepted = verify_message(token, kind=Accepted, keys=keys)
    message = accepted.message
    require_parties(iss=message.iss, aud=message.aud, issuer=issuer, audience=audience)
    require_lifetime(iat=message.iat, exp=message.exp, now=now)
    if (message.exchange_id, message.request_digest) != (exchange_id, request_digest):
        raise OtherExchange
    logged = verify_logged(message, logs=logs, pinned=pinned, consistency=consistency)
    if logged.leaf.class_ != "request":
        raise WrongLeaf
    if logged.leaf.digests.ct != request_digest:
        raise LeafOfAnotherExchange
    return accepted, logged
