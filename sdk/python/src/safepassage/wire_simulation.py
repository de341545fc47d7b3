"""Simulations: what the policies would answer to facts that the caller supplies. None of their words is one of a decision."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from safepassage.wire import Code, Digest, Instant, Name, Wire
from safepassage.wire_decisions import Obligation, Withheld
from safepassage.wire_explanation import ExplainedChange
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


class SimulationSituation(Wire):
    """A built-in situation: a lawful request on one basis, in facts of nobody."""

    name: Name
    facts: dict[str, Any]
    """As the rules read them, without students, evidence and instant; by their paths a simulation changes them."""


class SimulationSituations(Wire):
    """`GET /v1/simulation-situations`, in the order of their names."""

    situations: tuple[SimulationSituation, ...]


class SimulatedChange(Wire):
    """The one change that would permit an element that would be withheld."""

    element: str
    change: ExplainedChange


class SimulatedGroup(Wire):
    """What would be answered for students with one group of facts."""

    would_permit: tuple[str, ...]
    would_withhold: tuple[Withheld, ...]
    would_be_permitted_by: tuple[SimulatedChange, ...] = ()
    """Of elements that would be withheld: those that one lawful change would permit."""


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
