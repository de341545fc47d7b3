"""Simulations: what the policies would answer to facts that the caller supplies. The only place where a caller's facts are believed.

# INVARIANT: a simulation is no decision. It is not signed, has no decision's row, no obligation and no student, and says so in every word.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request

from safepassage.ids import uuid7
from safepassage.problems.policy_sets import NoSuchPolicySet, PolicySetNotUsable
from safepassage.problems.requests import InvalidRequest, NotPermitted
from safepassage.wire_explanation import ExplainedChange
from safepassage.wire_simulation import (
    NewSimulation,
    SimulatedChange,
    SimulatedGroup,
    Simulation,
    SimulationSituation,
    SimulationSituations,
)
from services.privacy.policy import Outcome, PolicyInput, PolicySet, counterfactuals, decide
from services.privacy.policy.time_values import milliseconds_of
from services.privacy.policy_cases import NotFacts, built_in, changed, input_of
from services.privacy.policy_hand import hand_of, policy_event
from services.privacy.policy_schedule import deciding_at
from services.privacy.policy_sets import PolicySets
from shared.caller import Caller, caller_with
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/simulations", tags=["policy sets"])
situations_router = APIRouter(prefix="/v1/simulation-situations", tags=["policy sets"])

OF_ITS_OWN = ("evidence", "now", "subjects")
"""Members of an input that a simulation makes itself."""

Simulator = Annotated[Caller, caller_with("policies:simulate")]


@router.post("", responses=responses(NoSuchPolicySet, PolicySetNotUsable, NotPermitted))
async def simulate_decision(asked: NewSimulation, request: Request, caller: Simulator, now: Now) -> Simulation:
    """What would be answered on these facts, by the set in force or by another; nothing is released on it."""
    state = request.app.state
    sets: PolicySets = state.policy_sets
    hand = hand_of(caller, asked.acting_official, state.clock)
    async with state.database.reading() as tx:
        in_force = await deciding_at(tx, now)
    # INVARIANT: within no transaction: a set is compiled and every change tried meanwhile, and nobody else's writing waits for that.
    policy_set = await sets.found(asked.policy_hash or in_force)
    policy_input = simulated_input(asked, now=now)
    outcome = decide(policy_input, policy_set)
    changes = await asyncio.to_thread(_changes, policy_input, policy_set)
    simulation = _simulation(outcome, policy_set, changes, in_force=policy_set.policy_hash == in_force, now=now)
    event = policy_event("policies-simulated", str(simulation.id), hand, policy_set.policy_hash, outcome=simulation.outcome)
    async with state.database.transaction() as tx:
        state.outbox.record(tx, event)
    return simulation


@situations_router.get("", responses=responses(NotPermitted))
async def list_simulation_situations(caller: Simulator) -> SimulationSituations:
    """The built-in situations that a simulation begins with: one of each basis."""
    if caller.kind != "sea":
        raise NotPermitted("the state agency's officials simulate")
    return SimulationSituations(
        situations=tuple(
            SimulationSituation(name=name, facts={member: value for member, value in facts.items() if member not in OF_ITS_OWN})
            for name, facts in sorted(built_in().situations.items())
        )
    )


def simulated_input(asked: NewSimulation, *, now: datetime) -> PolicyInput:
    """The input of the facts, for students who do not exist. Raises InvalidRequest."""
    facts: dict[str, Any] | None = asked.facts
    if asked.situation is not None:
        facts = dict(built_in().situations.get(asked.situation, ())) or None
        if facts is None:
            raise InvalidRequest("no such situation", field="situation")
    if facts is None or (asked.facts is not None and asked.situation is not None):
        raise InvalidRequest("one of `situation` and `facts`", field="facts")
    if asked.facts is not None and "subjects" in asked.facts:
        raise InvalidRequest("no student is named", field="facts.subjects")
    try:
        facts = changed(facts, asked.changes)
        groups = facts.get("groups", [])
        students = [[f"simulated-{number}", 1, number] for number in range(len(groups) if isinstance(groups, list) else 0)]
        return input_of({"now": milliseconds_of(now)} | facts | {"subjects": students, "evidence": {}})
    except NotFacts as error:
        raise InvalidRequest(str(error), field="facts") from error


def _changes(policy_input: PolicyInput, policy_set: PolicySet) -> Mapping[int, tuple[SimulatedChange, ...]]:
    """By group."""
    found: dict[int, tuple[SimulatedChange, ...]] = {}
    for one in counterfactuals(policy_input, policy_set):
        if one.change is not None:
            change = SimulatedChange(element=one.element, change=ExplainedChange.model_validate(one.change))
            found[one.group] = (*found.get(one.group, ()), change)
    return found


def _simulation(
    outcome: Outcome, policy_set: PolicySet, changes: Mapping[int, tuple[SimulatedChange, ...]], *, in_force: bool, now: datetime
) -> Simulation:
    words = {"permit": "would-permit", "permit-with-redaction": "would-permit-with-redaction", "deny": "would-deny"}
    return Simulation.model_validate(
        {
            "id": uuid7(now),
            "simulated_at": now,
            "policy_hash": policy_set.policy_hash,
            "in_force": in_force,
            "outcome": words[outcome.outcome],
            "groups": tuple(
                SimulatedGroup(would_permit=group.permitted, would_withhold=group.withheld, would_be_permitted_by=changes.get(number, ()))
                for number, group in enumerate(outcome.groups)
            ),
            "policies": outcome.policies,
            "citations": outcome.citations,
            "would_oblige_to": outcome.obligations,
            "reviewed": outcome.reviewed,
            "alerts": outcome.alerts,
        }
    )
