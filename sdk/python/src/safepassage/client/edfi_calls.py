"""What a node keeps of an Ed-Fi API beside its records."""

from uuid import UUID

from safepassage.client.call import Call, path_of, reading
from safepassage.record.loads import KeptResources


def read_kept_resources(student_id: UUID) -> Call[KeptResources]:
    """What a source said of a student that the record has no place for, for whoever keeps the record; logged. Scope records:load."""
    return reading(path_of("/v1/students/{id}/kept-resources", id=student_id), KeptResources)
