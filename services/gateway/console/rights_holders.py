"""The person who holds a student's rights and whom an address names; and the paper that they signed, by its fingerprint."""

import re
from typing import Annotated, Final

from fastapi import Depends

from safepassage.canonical import to_base64url
from safepassage.problems.privacy import RightsNotHeld
from safepassage.problems.records import NoSuchStudent
from safepassage.wire_student_rights import CurrentRights
from services.gateway.console.acts import ActForm, Field
from services.gateway.console.family_access import opened_holder
from services.gateway.console.handles import SessionHandles
from services.gateway.console.node_reader import Node
from services.gateway.console.pages import Frame
from services.gateway.console.students import ShownStudent, rights_of

DOCUMENT: Final = "document"
_HEXADECIMAL: Final = re.compile(r"[0-9A-Fa-f]{64}")


async def _holder(holder: str, student_id: ShownStudent, node: Node, handles: SessionHandles) -> CurrentRights:
    """Raises NoSuchStudent, HandleUnknown; RightsNotHeld for whose rights have ended since the page was opened."""
    rights = await rights_of(node, student_id)
    if rights is None:
        raise NoSuchStudent
    person_id = opened_holder(student_id, holder, handles)
    found = next((one for one in rights.held_by if one.person_id == person_id), None)
    if found is None:
        raise RightsNotHeld
    return found


Holder = Annotated[CurrentRights, Depends(_holder)]
"""Whom the address names, if they hold the student's rights at this instant."""


def document_field(frame: Frame) -> Field:
    """What was signed, which the agency keeps: the node keeps its SHA-256 and never the paper."""
    _ = frame.translate
    hint = _("SHA-256 of the scan, 64 characters. Keep the paper: the node keeps this alone.")
    return Field(DOCUMENT, _("Fingerprint of the signed paper"), hint, kind="fingerprint")


def document_of(form: ActForm) -> str:
    """As the wire has it: base64url, from the hexadecimal that programs show; anything else as it was written, to be refused."""
    said = form.text(DOCUMENT).replace(" ", "")
    return to_base64url(bytes.fromhex(said)) if _HEXADECIMAL.fullmatch(said) else said
