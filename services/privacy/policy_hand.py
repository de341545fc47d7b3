"""Whose hand is on the policy sets: an official, through a client of the state agency or at the operator's command line."""

from dataclasses import dataclass

from safepassage.problems.requests import InvalidRequest, NotPermitted
from safepassage.wire_policy_sets import ActingOfficial
from services.privacy.policy import PolicySet
from shared.actors import client_actor
from shared.caller import Caller
from shared.clock import Clock
from shared.contracts.audit import Actor, Context, Event
from shared.officials import as_known


@dataclass(frozen=True)
class Hand:
    """Who does it, as far as the log and the rows tell."""

    official: str
    """The pairwise id."""
    actor: Actor
    client_id: str | None = None


def hand_of(caller: Caller, official: ActingOfficial, clock: Clock) -> Hand:
    """The official whom a client names. Raises NotPermitted for any organisation but the state agency or any official but themselves,
    InvalidRequest."""
    if caller.kind != "sea":
        raise NotPermitted("the state agency changes the node's policies")
    require_authenticated(official, clock)
    known = as_known(caller.claims, official)
    return Hand(known.pairwise_id, client_actor(caller.claims, role=known.role), caller.client_id)


def operators_hand(official: ActingOfficial, clock: Clock) -> Hand:
    """The official for whom the operator acts on the store itself. Raises InvalidRequest."""
    require_authenticated(official, clock)
    return Hand(official.pairwise_id, Actor(kind="operator", role=official.role))


def require_authenticated(official: ActingOfficial, clock: Clock) -> None:
    """Raises InvalidRequest for an official who is yet to be authenticated."""
    if official.authenticated_at > clock():
        raise InvalidRequest("the official was authenticated before", field="acting_official.authenticated_at")


def policy_event(
    operation: str,
    key: str,
    hand: Hand,
    policy_set: PolicySet | str,
    *,
    outcome: str | None = None,
    reason: str | None = None,
    count: int | None = None,
) -> Event:
    """What the log is told of a policy set, given as itself or by its hash: codes, ids and digests.

    key  what makes this act one of its kind: telling it twice is telling it once
    """
    context = Context(operation=operation, outcome=outcome, reason=reason, count=count, about=f"official:{hand.official}")
    policy_hash = policy_set
    if isinstance(policy_set, PolicySet):
        policies = tuple(sorted(policy_set.policies))
        policy_hash = policy_set.policy_hash
        context = context.model_copy(update={"policies": policies[:64], "count": len(policies)})
    event = {"class": "policy", "key": f"policy:{key}", "actor": hand.actor, "context": context, "policy_hash": policy_hash}
    return Event.model_validate(event)
