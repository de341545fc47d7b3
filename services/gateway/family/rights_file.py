"""What privacy holds of the student for the family member who asks; and whether they may still ask at all."""

from typing import Annotated

from fastapi import Depends

from safepassage.wire_rights import RightsFile
from services.gateway.family.visited import FamilyNode, VisitingMember


async def _their_file(member: VisitingMember, node: FamilyNode) -> RightsFile:
    """Raises NoSuchStudent, RightsNotHeld, ShownInPersonOnly.

    INVARIANT: each page of a visit reads it before it shows or does anything: the visit ends with the rights.
    """
    return await node.read("privacy", f"/v1/students/{member.student_id}/rights-file", RightsFile)


TheirFile = Annotated[RightsFile, Depends(_their_file)]
