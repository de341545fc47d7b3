"""What a person who signed in is here: one role, of one organisation, as the agency's provider and the node's settings say together."""

from typing import Final, Literal

Role = Literal["auditor", "privacy-officer", "operator", "district-officer", "approver"]

ROLES: Final[dict[Role, str]] = {
    "auditor": "Auditor",
    "privacy-officer": "Privacy officer",
    "operator": "Operator",
    "district-officer": "District officer",
    "approver": "Approver",
}
"""Each role, as it is shown to the person who has it."""

OF_A_DISTRICT: Final[frozenset[Role]] = frozenset({"district-officer"})
"""Roles of an organisation that a claim names; the others are of the state agency."""
