"""Ed-Fi: what a node keeps of an API beside its records, and what it puts into one."""

from uuid import UUID

from safepassage.client.call import Call, asking, path_of, reading, writing
from safepassage.record.loads import KeptResources
from safepassage.wire_ed_fi import (
    EdFiKeeping,
    EdFiPush,
    EdFiPushed,
    EdFiSystemOfOrganisation,
    EdFiSystemsOfOrganisation,
    PushedStudent,
    ReceivedPush,
)


def read_kept_resources(student_id: UUID) -> Call[KeptResources]:
    """What a source said of a student that the record has no place for, for whoever keeps the record; logged. Scope records:load."""
    return reading(path_of("/v1/students/{id}/kept-resources", id=student_id), KeptResources)


def list_ed_fi_systems() -> Call[EdFiSystemsOfOrganisation]:
    """The Ed-Fi systems of the caller's organisation, and what the node keeps of what they have. Scope records:load."""
    return reading("/v1/ed-fi-systems", EdFiSystemsOfOrganisation)


def say_what_is_kept(system: str, said: EdFiKeeping) -> Call[EdFiSystemOfOrganisation]:
    """Say whether the node keeps what a system has, or what finds the child alone. The next pull does it. Scope records:load."""
    return writing("PUT", path_of("/v1/ed-fi-systems/{system}/keeping", system=system), said, EdFiSystemOfOrganisation)


def push_to_ed_fi(push: EdFiPush) -> Call[EdFiPushed]:
    """Put students in reach of an agreement into an Ed-Fi system of the caller's; each outcome is told. Again is no harm: bodies are
    upserts. Scope records:read."""
    return asking("/v1/ed-fi-pushes", push, EdFiPushed)


def push_received_record(exchange_id: UUID, push: ReceivedPush) -> Call[PushedStudent]:
    """Put what came with an exchange into an Ed-Fi system of the caller's organisation. Scopes exchange:request and records:read."""
    return asking(path_of("/v1/exchange-requests/{id}/ed-fi-push", id=exchange_id), push, PushedStudent)
