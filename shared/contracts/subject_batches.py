"""Facts of many students in one call: after a load of a roster, one by one would take longer than the load."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from safepassage.wire import Code, Wire
from shared.contracts.privacy import SubjectFacts

MOST = 200


class SubjectBatch(Wire):
    """`POST /internal/subjects`: facts of several students, each with its version, as `PUT /internal/subjects/{student_id}` takes one."""

    subjects: Annotated[tuple[SubjectFacts, ...], Field(min_length=1, max_length=MOST)]


class DestroyedSubject(Wire):
    """A student whose record was destroyed, whole or in part."""

    student_id: UUID
    custodian_id: UUID
    facts_version: Annotated[int, Field(ge=1)]
    """Above that of any facts that were told of the student: those that are late change nothing."""
    part_stays: bool = False
    """Facts of what stays are told beside this, with a greater version. What was said to privacy itself, a statement, stays too."""


class DestroyedSubjects(Wire):
    """`POST /internal/subjects/destroyed`: students of whom privacy is to forget what it was told up to now."""

    students: Annotated[tuple[DestroyedSubject, ...], Field(min_length=1, max_length=MOST)]


class RefusedSubject(Wire):
    """Facts that were not taken."""

    place: Annotated[int, Field(ge=0)]
    """In the batch."""
    student_id: UUID
    code: Code
    """Of the problem with which they alone would have been refused."""


class SubjectsTaken(Wire):
    """The answer: every one that is not refused was taken, or is older than what is held."""

    refused: tuple[RefusedSubject, ...] = ()
