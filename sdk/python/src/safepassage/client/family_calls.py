"""The operations on links to the family's page, as `safepassage.client.calls`. Each needs the scope family:links."""

from uuid import UUID

from safepassage.client.call import Call, path_of, reading, writing, writing_once
from safepassage.wire_family import FamilyLink, MadeFamilyLink, NewFamilyLink


def make_family_link(new: NewFamilyLink) -> Call[MadeFamilyLink]:
    """A one-time link for a parent or eligible student whose identity the agency has checked. It is told once."""
    return writing_once("/v1/family-links", MadeFamilyLink, new)


def read_family_link(link_id: UUID) -> Call[FamilyLink]:
    """Whether a link still waits, and when it was used or withdrawn."""
    return reading(path_of("/v1/family-links/{id}", id=link_id), FamilyLink)


def withdraw_family_link(link_id: UUID) -> Call[FamilyLink]:
    """Take a link back, and end the visit that came of it. Again is no change."""
    return writing("POST", path_of("/v1/family-links/{id}/withdrawal", id=link_id), None, FamilyLink)
