"""The operations on decisions and policy sets, as `safepassage.client.calls`: what was decided, and how an agency changes its rules."""

from datetime import datetime
from uuid import UUID

from safepassage.client.call import Call, Page, asking, paged, path_of, reading, writing
from safepassage.wire_decisions import Outcome, RecordedDecision, Reproduction
from safepassage.wire_explanation import DecisionExplanation
from safepassage.wire_lists import DecisionOrder, DecisionPage
from safepassage.wire_policy_sets import (
    NewCallOff,
    NewPolicyActivation,
    NewPolicyApproval,
    NewPolicyReplay,
    NewPolicySet,
    NewPolicyTests,
    PolicyActivation,
    PolicyActivations,
    PolicyApproval,
    PolicyReplay,
    PolicyReportRequest,
    PolicySetDocument,
    PolicySetOrder,
    PolicySetOrigin,
    PolicySetPage,
    PolicyTests,
    PolicyValidation,
)
from safepassage.wire_simulation import NewSimulation, Simulation, SimulationSituations


def draft_policy_set(draft: NewPolicySet, *, idempotency_key: str | None = None) -> Call[PolicySetDocument]:
    """Draft a policy set. Scope policies:draft."""
    return writing("POST", "/v1/policy-sets", draft, PolicySetDocument, idempotency_key=idempotency_key)


def list_policy_sets(
    *,
    origin: PolicySetOrigin | None = None,
    activated: bool | None = None,
    sort: PolicySetOrder | None = None,
    limit: int | None = None,
) -> Call[Page[PolicySetPage]]:
    """The policy sets that the node holds, newest first. Any scope of policies."""
    return paged("/v1/policy-sets", PolicySetPage, query={"origin": origin, "activated": activated, "sort": sort, "limit": limit})


def read_policy_set(policy_hash: str) -> Call[PolicySetDocument]:
    """A set as an approver reads it. Any scope of policies."""
    return reading(path_of("/v1/policy-sets/{hash}", hash=policy_hash), PolicySetDocument)


def validate_policy_set(policy_hash: str, asked: PolicyReportRequest, *, idempotency_key: str | None = None) -> Call[PolicyValidation]:
    """Check a set. Scope policies:draft."""
    path = path_of("/v1/policy-sets/{hash}/validation", hash=policy_hash)
    return writing("POST", path, asked, PolicyValidation, idempotency_key=idempotency_key)


def run_policy_tests(policy_hash: str, tests: NewPolicyTests, *, idempotency_key: str | None = None) -> Call[PolicyTests]:
    """Run a table of cases, and the built-in one. Scope policies:draft."""
    return writing("POST", path_of("/v1/policy-sets/{hash}/tests", hash=policy_hash), tests, PolicyTests, idempotency_key=idempotency_key)


def start_policy_replay(policy_hash: str, replay: NewPolicyReplay, *, idempotency_key: str | None = None) -> Call[PolicyReplay]:
    """Run the decisions of a time under the set, as a job. Scope policies:draft."""
    path = path_of("/v1/policy-sets/{hash}/replays", hash=policy_hash)
    return writing("POST", path, replay, PolicyReplay, idempotency_key=idempotency_key)


def read_policy_replay(policy_hash: str, replay_id: UUID) -> Call[PolicyReplay]:
    """A replay: its progress, then what it found. Any scope of policies."""
    return reading(path_of("/v1/policy-sets/{hash}/replays/{id}", hash=policy_hash, id=replay_id), PolicyReplay)


def approve_policy_set(policy_hash: str, approval: NewPolicyApproval, *, idempotency_key: str | None = None) -> Call[PolicyApproval]:
    """Approve a set for its next activation. Scope policies:approve."""
    path = path_of("/v1/policy-sets/{hash}/approvals", hash=policy_hash)
    return writing("POST", path, approval, PolicyApproval, idempotency_key=idempotency_key)


def activate_policy_set(policy_hash: str, activation: NewPolicyActivation, *, idempotency_key: str | None = None) -> Call[PolicyActivation]:
    """Let an approved set decide from an instant on; the way back is the same. Scope policies:activate."""
    path = path_of("/v1/policy-sets/{hash}/activation", hash=policy_hash)
    return writing("POST", path, activation, PolicyActivation, idempotency_key=idempotency_key)


def list_policy_activations() -> Call[PolicyActivations]:
    """Which set decided from when on, and which will. Any scope of policies."""
    return reading("/v1/policy-activations", PolicyActivations)


def call_off_policy_activation(number: int, call_off: NewCallOff, *, idempotency_key: str | None = None) -> Call[PolicyActivation]:
    """Call an activation off before its start. Scope policies:activate."""
    path = path_of("/v1/policy-activations/{number}/call-off", number=number)
    return writing("POST", path, call_off, PolicyActivation, idempotency_key=idempotency_key)


def list_decisions(
    *,
    action: str | None = None,
    outcome: Outcome | None = None,
    purpose: str | None = None,
    from_: datetime | None = None,
    until: datetime | None = None,
    sort: DecisionOrder | None = None,
    limit: int | None = None,
) -> Call[Page[DecisionPage]]:
    """Decisions about students whose records the caller's organisation keeps, the newest first. Scope decisions:read."""
    instants = {name: None if at is None else at.isoformat() for name, at in (("from", from_), ("until", until))}
    query = {"action": action, "outcome": outcome, "purpose": purpose, **instants, "sort": sort, "limit": limit}
    return paged("/v1/decisions", DecisionPage, query=query)


def read_decision(decision_id: UUID) -> Call[RecordedDecision]:
    """A decision in full: per element, with reasons and citations. Scope decisions:read."""
    return reading(path_of("/v1/decisions/{id}", id=decision_id), RecordedDecision)


def reproduce_decision(decision_id: UUID) -> Call[Reproduction]:
    """Let the node make the decision again from what it recorded. Scope decisions:read."""
    return asking(path_of("/v1/decisions/{id}/reproduction", id=decision_id), None, Reproduction)


def explain_decision(decision_id: UUID) -> Call[DecisionExplanation]:
    """Why each element was permitted or withheld: rule, failed conditions, citations. Scope decisions:read."""
    return reading(path_of("/v1/decisions/{id}/explanation", id=decision_id), DecisionExplanation)


def list_simulation_situations() -> Call[SimulationSituations]:
    """The built-in situations that a simulation begins with. Scope policies:simulate."""
    return reading("/v1/simulation-situations", SimulationSituations)


def simulate_decision(simulation: NewSimulation) -> Call[Simulation]:
    """What the policies would answer to supplied facts; no decision. Scope policies:simulate."""
    return asking("/v1/simulations", simulation, Simulation)
