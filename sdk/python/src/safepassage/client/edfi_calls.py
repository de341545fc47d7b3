"""Ed-Fi: what a node keeps of an API beside its records, and what it puts into one."""

from uuid import UUID

from safepassage.client.call import Call, asking, path_of, reading, writing
from safepassage.record.loads import KeptResources
from safepassage.wire_ed_fi import (
    EdFiKeeping,
    EdFiPush,
    EdFiPushed,
    EdFiSystemDetail,
    EdFiSystemOfOrganisation,
    EdFiSystemsOfOrganisation,
    PushedStudent,
    ReceivedPush,
)


def read_kept_resources(student_id: UUID) -> Call[KeptResources]:
    """What a source said of a student that the record has no place for, for whoever keeps the record; logged. Scope records:load."""
    return reading(path_of("/v1/students/{id}/kept-resources", id=student_id), KeptResources)


def list_ed_fi_systems() -> Call[EdFiSystemsOfOrganisation]:
    """The Ed-Fi systems that the caller answers for: what the node keeps of what they have, how their last pulls and pushes went. Scope
    records:load or records:read; for every system of the node exchange:operate or audit:operate."""
    return reading("/v1/ed-fi-systems", EdFiSystemsOfOrganisation)


def read_ed_fi_system(system: str, *, load_id: UUID | None = None) -> Call[EdFiSystemDetail]:
    """One of them with its loads, and what did not validate in the newest, or in another, by cause. Scope as list_ed_fi_systems."""
    return reading(path_of("/v1/ed-fi-systems/{system}", system=system), EdFiSystemDetail, query={"load": load_id})


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
