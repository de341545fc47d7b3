"""Who may write what into the log, and what a disclosure must have been permitted by (decisions 2 and 3). Pure.

records is not trusted to log as it likes: a disclosure that privacy did not sign is refused, so it cannot be released either.
"""

from datetime import UTC, datetime
from typing import Final, NamedTuple

from safepassage.canonical import digest_of
from safepassage.compact import PublicKeys, split
from safepassage.decision import Decision, verify_decision
from safepassage.problems.log import ClassNotYours, DecisionMissing, DecisionNotCovering
from safepassage.problems.messages import MessageExpired
from safepassage.wire import Digest
from shared.contracts.audit import MAY_WRITE, Event
from shared.contracts.own_keys import tells_of_own_keys
from shared.internal_token import Principal

AGENCY: Final = frozenset({"sea", "lea", "school"})
"""Kinds of organisations whose own reads disclose nothing to another party."""


class Permission(NamedTuple):
    """What a verified decision adds to the entry."""

    decision: Digest
    """Digest of the token."""
    policy_hash: Digest
    expired: bool
    """It was in force once. Good enough for an event that is in the log already, and for nothing else."""


def require_own_class(event: Event, principal: Principal) -> None:
    """Raises ClassNotYours unless the sender's service may write the event's class, or tells that its own keys are others."""
    if event.class_ not in MAY_WRITE[principal.service] and not tells_of_own_keys(event, principal.service):
        raise ClassNotYours(field="class")


def needs_decision(event: Event, principal: Principal) -> bool:
    """True for a disclosure, and for a read unless it is shown to stay inside the agency.

    Shown by a caller whom the gateway has proven, or a job; and to nobody but the caller's organisation or those that keep the records.
    """
    if event.class_ != "read":
        return event.class_ == "disclosure"
    inside = {None, *map(str, event.custodians)}
    if principal.caller is None:
        return event.actor.kind not in ("system", "operator") or event.context.recipient_organisation not in inside
    inside.add(str(principal.caller.organisation_id))
    return principal.caller.organisation_kind not in AGENCY or event.context.recipient_organisation not in inside


def permission_of(event: Event, *, issuer: str, keys: PublicKeys, now: datetime) -> Permission:
    """What privacy's signed decision permits, once it is shown to cover the event.

    Raises DecisionMissing, DecisionNotCovering (`field` names what is not covered), and what `verify_decision` raises but MessageExpired.
    """
    token = event.decision_token
    if token is None:
        raise DecisionMissing(field="decision_token")
    expired = False
    try:
        decision = verify_decision(token, issuer=issuer, keys=keys, now=now)
    except MessageExpired:
        # raised after the signature was verified, so that `iat` is the signer's
        issued_at = datetime.fromtimestamp(split(token)[1]["iat"], UTC)
        decision, expired = verify_decision(token, issuer=issuer, keys=keys, now=issued_at), True
    digest = digest_of(token.encode("ascii"))
    _require_cover(event, decision, digest)
    return Permission(digest, decision.policy_hash, expired)


def _require_cover(event: Event, decision: Decision, digest: Digest) -> None:
    context = event.context
    covered = {
        "context.operation": decision.action in ("disclose", "redisclose", "send-credentials"),
        "context.elements": bool(context.elements) and set(context.elements) <= set(decision.elements),
        "context.recipient_organisation": context.recipient_organisation == decision.recipient,
        "context.exchange_id": context.exchange_id == decision.exchange_id,
        "context.decision_id": context.decision_id in (None, decision.jti),
        "subjects": bool(event.subjects) and (decision.sub is None or event.subjects == (decision.sub,)),
        "policy_hash": event.policy_hash in (None, decision.policy_hash),
        "digests.decision": event.digests.decision in (None, digest),
    }
    for field, holds in covered.items():
        if not holds:
            raise DecisionNotCovering(field=field)
