"""The family member behind a request: what the door has found, put into the scope by it and by nobody else; and the node as they see it."""

from typing import Annotated

from fastapi import Depends, Request

from safepassage.problems.people import FamilyVisitOver
from services.gateway.console.node_reader import NodeReader
from services.gateway.family.member import Member


async def visiting(request: Request) -> Member:
    """The family member. Raises FamilyVisitOver: a route that asks for one, and does not accept families in the table, opens to nobody."""
    member = request.scope["state"].get("member")
    if not isinstance(member, Member):
        raise FamilyVisitOver
    return member


VisitingMember = Annotated[Member, Depends(visiting)]
"""A family member whose visit is going on."""


async def _reader(request: Request, member: VisitingMember) -> NodeReader:
    return NodeReader(request.app.state.siblings, member.claims(request.scope["state"].get("address")), scope=request.scope)


FamilyNode = Annotated[NodeReader, Depends(_reader)]
"""What the family member who asks may see of the node: the services narrow it to their student."""
