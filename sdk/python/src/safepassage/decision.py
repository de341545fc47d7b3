"""sp-decision+jwt: privacy's signed permission. audit logs no disclosure without one that covers it (decisions 3)."""

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Annotated, ClassVar, Final, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from safepassage.canonical import digest_of_json
from safepassage.claims import EntityId, Message, NumericDate, require_lifetime, verify_message
from safepassage.compact import PublicKeys
from safepassage.problems.messages import WrongIssuer
from safepassage.problems.signatures import MalformedToken
from safepassage.wire import Digest
from safepassage.wire_policy import ElementId

LONGEST_SECONDS: Final = 15 * 86_400
MAX_LENGTH: Final = 8192


Action = Literal["request", "disclose", "redisclose", "seek-credentials", "send-credentials"]
"""The last two are about an educator's credentials."""


class Decision(Message):
    """What was permitted, to whom, until when. The token stays inside the node; the log's leaf pins its digest."""

    TYPE: ClassVar[str] = "sp-decision+jwt"

    iss: EntityId
    """The node that decided."""
    jti: UUID
    """The decision's id."""
    sub: UUID | None = None
    """The student, or the educator, where the decision is about one; a vendor's page is about many."""
    action: Action
    recipient: Annotated[str, StringConstraints(min_length=1, max_length=265)]
    """An organisation's id at the node, or `<entity id>#<its id there>` behind a peer."""
    exchange_id: UUID | None = None
    elements: Annotated[tuple[ElementId, ...], Field(min_length=1, max_length=200)]
    """The union of what is permitted, sorted, each once."""
    elements_digest: Digest
    policy_hash: Digest
    iat: NumericDate
    exp: NumericDate


def element_set_digest(elements: Iterable[str]) -> Digest:
    """SHA-256 of the JCS array of the element ids, sorted, each once: the same for the same set."""
    return _digest_of(tuple(sorted(set(elements))))


@lru_cache(maxsize=256)
def _digest_of(elements: tuple[str, ...]) -> Digest:
    """Decisions name few sets of elements, many times."""
    return digest_of_json(list(elements))


def decision_of(  # every argument is a claim
    *,
    iss: str,
    jti: UUID,
    sub: UUID | None,
    action: Action,
    recipient: str,
    exchange_id: UUID | None,
    elements: Collection[str],
    policy_hash: Digest,
    iat: int,
    exp: int,
) -> Decision:
    """The decision to sign, its elements brought into order and digested."""
    return Decision(
        iss=iss,
        jti=jti,
        sub=sub,
        action=action,
        recipient=recipient,
        exchange_id=exchange_id,
        elements=tuple(sorted(set(elements))),
        elements_digest=element_set_digest(elements),
        policy_hash=policy_hash,
        iat=iat,
        exp=exp,
    )


def verify_decision(token: str, *, issuer: str, keys: PublicKeys, now: datetime) -> Decision:
    """The decision in `token`, signed by one of `keys` for the node `issuer` and in force at `now`.

    Raises what `verify_message` raises, WrongIssuer, MessageExpired, MessageNotYetValid.
    """
    decision = verify_message(token, kind=Decision, keys=keys, max_length=MAX_LENGTH).message
    if decision.iss != issuer:
        raise WrongIssuer
    # INVARIANT: the digest and the list never disagree, so that either may be compared.
    if list(decision.elements) != sorted(set(decision.elements)) or decision.elements_digest != element_set_digest(decision.elements):
        raise MalformedToken("elements are not sorted, or not those of their digest", field="elements")
    require_lifetime(iat=decision.iat, exp=decision.exp, now=now, longest_seconds=LONGEST_SECONDS)
    return decision
