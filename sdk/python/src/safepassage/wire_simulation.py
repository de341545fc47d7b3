"""Simulations: what the policies would answer to facts that the caller supplies. None of their words is one of a decision."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from safepassage.wire import Code, Digest, Instant, Name, Wire
from safepassage.wire_decisions import Obligation, Withheld
from safepassage.wire_policy_sets import ActingOfficial


class NewSimulation(Wire):
    """`POST /v1/simulations`: a built-in situation with changes, or facts as the rules read them. No student is named."""

    acting_official: ActingOfficial
    policy_hash: Digest | None = None
    """The set in force, unless another one is named."""
    situation: Name | None = None
    facts: Annotated[dict[str, Any], Field(max_length=64)] | None = None
    changes: Annotated[dict[str, Any], Field(max_length=64, default_factory=dict)]
    """Facts by their path (`groups.0.student.homeless`); null takes a fact away."""


class SimulatedGroup(Wire):
    """What would be answered for students with one group of facts."""

    would_permit: tuple[str, ...]
    would_withhold: tuple[Withheld, ...]


class Simulation(Wire):
    """What would be answered. Nothing may be released on it: it is not signed, and no decision has its id."""

    simulation: Literal[True] = True
    notice: Literal["A simulation on facts that were supplied. It is not a decision: nothing may be released on it."] = (
        "A simulation on facts that were supplied. It is not a decision: nothing may be released on it."
    )
    id: UUID
    simulated_at: Instant
    policy_hash: Digest
    in_force: bool
    """Whether the set decides now."""
    outcome: Literal["would-permit", "would-permit-with-redaction", "would-deny"]
    groups: tuple[SimulatedGroup, ...]
    policies: tuple[Code, ...]
    citations: tuple[str, ...]
    would_oblige_to: tuple[Obligation, ...]
    reviewed: bool
    alerts: tuple[Code, ...]
