"""What an information system says to find out which node may have a child, and what it is told."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from safepassage.wire import Instant, Wire
from safepassage.wire_exchange import EnrollmentEvidence, PersonSelector

Node = Annotated[str, StringConstraints(max_length=200)]
"""Entity id of a node, from the trust list."""


class NewFinding(Wire):
    """`POST /v1/findings`. For a child whose former state is not known; where it is, ask that node (`POST /v1/exchange-requests`)."""

    person: PersonSelector
    """Names and birth date are compared, blindly; they leave this node in no form that another one could read."""
    evidence: EnrollmentEvidence
    nodes: Annotated[tuple[Node, ...], Field(min_length=1, max_length=100)] | None = None
    """Whom to ask; left out, every other node of the trust list. Name those that are likely, and fewer are asked."""


NodeState = Literal["asked", "perhaps", "nothing-told", "refused", "expired"]
"""`nothing-told`: it does not say whether it has the child. `refused`: for a reason that does not depend on the child."""


class AskedNode(Wire):
    """One node that was asked."""

    node: str
    exchange_id: UUID
    state: NodeState


class Finding(Wire):
    """How far it is. Ask a node that says `perhaps` for the record; nothing was moved yet, and it decides then."""

    id: UUID
    requested_at: Instant
    expires_at: Instant
    """Until when an answer may come."""
    asked: Annotated[tuple[AskedNode, ...], Field(max_length=100)]
    """In the order of their ids. A node that could not be asked is not among them."""
