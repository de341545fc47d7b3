"""Activations of policy sets: an approved set decides from an instant on, is rolled back, or is called off before its start."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request

from safepassage.problems.policy_sets import (
    ActivationHasBegun,
    ActivationInThePast,
    ActivationOvertaken,
    ApprovalsMissing,
    NoSuchActivation,
    NoSuchPolicySet,
    PolicySetNotUsable,
)
from safepassage.problems.requests import NotPermitted
from safepassage.wire_policy_sets import NewCallOff, NewPolicyActivation, PolicyActivation, PolicyActivations
from services.privacy import activation
from services.privacy.policy_hand import hand_of
from services.privacy.policy_schedule import activations
from services.privacy.policy_set_reading import set_row
from services.privacy.policy_set_routes import Hash, OnceOnly, Reader, require_state_agency
from shared.caller import Caller, caller_with
from shared.database import ReadOnly, Transaction
from shared.problems import responses

router = APIRouter(tags=["policy sets"])

Activator = Annotated[Caller, caller_with("policies:activate")]


@router.post(
    "/v1/policy-sets/{policy_hash}/activation",
    status_code=201,
    responses=responses(NoSuchPolicySet, ActivationInThePast, ActivationOvertaken, ApprovalsMissing, PolicySetNotUsable, NotPermitted),
)
async def activate_policy_set(
    policy_hash: Hash, asked: NewPolicyActivation, request: Request, caller: Activator, tx: Transaction, once: OnceOnly
) -> PolicyActivation:
    """Let an approved set decide from an instant on, never an earlier one. Rolling back is activating an earlier set again."""
    state = request.app.state
    hand = hand_of(caller, asked.acting_official, state.clock)
    policy_set = await state.policy_sets.found(policy_hash)
    earlier = await once.earlier(tx, caller, "activate_policy_set")
    if earlier is not None:
        return await activation.read_activation(tx, earlier.int)
    now = state.clock()  # once the transaction has begun: what waited for another one does not start in the past
    found = await activation.activate(tx, state.outbox, await set_row(tx, policy_hash), policy_set, asked, hand, now=now)
    await once.keep(tx, caller, "activate_policy_set", UUID(int=found.number), now)
    return found


@router.get("/v1/policy-activations", responses=responses(NotPermitted))
async def list_policy_activations(caller: Reader, tx: ReadOnly) -> PolicyActivations:
    """Which set decided from when on, and which will."""
    require_state_agency(caller)
    return PolicyActivations(activations=await activations(tx))


@router.post("/v1/policy-activations/{number}/call-off", responses=responses(NoSuchActivation, ActivationHasBegun, NotPermitted))
async def call_off_policy_activation(
    number: Annotated[int, Path(ge=1, lt=2**31)], asked: NewCallOff, request: Request, caller: Activator, tx: Transaction, once: OnceOnly
) -> PolicyActivation:
    """Call an activation off before its start: the set that decides goes on."""
    state = request.app.state
    hand = hand_of(caller, asked.acting_official, state.clock)
    earlier = await once.earlier(tx, caller, "call_off_policy_activation")
    if earlier is not None:
        return await activation.read_activation(tx, earlier.int)
    now = state.clock()
    found = await activation.call_off(tx, state.outbox, number, asked, hand, now=now)
    await once.keep(tx, caller, "call_off_policy_activation", UUID(int=number), now)
    return found
