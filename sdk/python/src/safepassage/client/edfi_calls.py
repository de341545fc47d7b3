"""Ed-Fi: what a node keeps of an API beside its records, and what it puts into one."""

from uuid import UUID

from safepassage.client.call import Call, asking, path_of, reading
from safepassage.record.loads import KeptResources
from safepassage.wire_ed_fi import EdFiPush, EdFiPushed, PushedStudent, ReceivedPush


def read_kept_resources(student_id: UUID) -> Call[KeptResources]:
    """What a source said of a student that the record has no place for, for whoever keeps the record; logged. Scope records:load."""
    return reading(path_of("/v1/students/{id}/kept-resources", id=student_id), KeptResources)


def push_to_ed_fi(push: EdFiPush) -> Call[EdFiPushed]:
    """Put students in reach of an agreement into an Ed-Fi system of the caller's; each outcome is told. Again is no harm: bodies are
    upserts. Scope records:read."""
    return asking("/v1/ed-fi-pushes", push, EdFiPushed)


def push_received_record(exchange_id: UUID, push: ReceivedPush) -> Call[PushedStudent]:
    """Put what came with an exchange into an Ed-Fi system of the caller's organisation. Scopes exchange:request and records:read."""
    return asking(path_of("/v1/exchange-requests/{id}/ed-fi-push", id=exchange_id), push, PushedStudent)
