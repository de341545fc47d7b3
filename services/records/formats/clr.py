"""A transcript as a Comprehensive Learner Record 2.0: a credential a course, and one of them all. Pure: who signs is told by the caller.

Each member of the record goes along as the source has it: what the standard has no place for is a result with a type of its own (`ext:`).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from safepassage.credentials.achievements import (
    Achievement,
    AchievementCredential,
    AchievementSubject,
    Alignment,
    Criteria,
    IdentifierEntry,
    IdentityObject,
    Profile,
    Result,
    ResultDescription,
)
from safepassage.credentials.clr import ClrCredential, ClrSubject
from safepassage.credentials.status_list import StatusEntry
from safepassage.problems.records import NothingToRelease
from safepassage.record import StudentRecord
from safepassage.record.academics import Competency, Course, GradePointAverage, TranscriptCourse
from safepassage.record.codes import Coded, OrganisationReference
from safepassage.record.identity import LegalName
from services.records.formats.unsaid import unsaid

ELEMENTS = ("identity.name", "identity.birth_date", "academics.transcript", "academics.grade_point_averages")
"""What a transcript is made of."""


@dataclass(frozen=True)
class Heading:
    """What stands over every credential of a transcript."""

    credential_id: UUID
    issuer: Profile
    custodian: Profile
    """The district that keeps the record, for which the node issues."""
    status: StatusEntry
    issued_at: datetime

    def name_of(self, *words: object) -> str:
        """An id of something in the transcript, the same each time it is asked for; nobody else's."""
        return uuid5(self.credential_id, "/".join(map(str, words))).urn


def transcript(
    record: StudentRecord, heading: Heading, *, secure: Callable[[dict[str, Any]], dict[str, Any]], in_part: Sequence[str] = ()
) -> dict[str, Any]:
    """The learner record of what may leave, not secured yet; `secure` gives each credential in it its proof. Raises NothingToRelease.

    in_part  elements that may leave and of which the node has not read all: whoever holds the transcript reads that there is more
    """
    courses = (record.academics.transcript if record.academics else None) or ()
    averages = (record.academics.grade_point_averages if record.academics else None) or ()
    who = tuple(_who(record))
    parts = [_course(one, heading, who, number) for number, one in enumerate(courses)]
    parts += [_average(one, heading, who, number) for number, one in enumerate(averages)]
    if not parts:
        raise NothingToRelease
    whole = ClrCredential(
        id=heading.credential_id.urn,
        name="High school transcript" if _is_secondary(courses) else "Transcript",
        description="\n\n".join(_said_beside(record, heading, in_part)),
        issuer=heading.issuer,
        valid_from=heading.issued_at,
        status=heading.status,
        partial=True,
        credential_subject=ClrSubject(
            id=heading.name_of("learner"),
            identifier=who or None,
            verifiable_credential=tuple(secure(part.document()) for part in parts),
        ),
    )
    return whole.document()


def _who(record: StudentRecord) -> Iterator[IdentityObject]:
    identity = record.identity
    if identity is not None and identity.name is not None:
        yield IdentityObject(identity_hash=_spoken(identity.name), identity_type="name")
    if identity is not None and identity.birth_date is not None:
        yield IdentityObject(identity_hash=identity.birth_date.birth_date.isoformat(), identity_type="ext:birthDate")


def _spoken(name: LegalName) -> str:
    return " ".join(part for part in (name.prefix, name.first, name.middle, name.last_1, name.last_2, name.suffix) if part)


def _is_secondary(courses: Sequence[TranscriptCourse]) -> bool:
    grades = {one.grade.code.casefold() for one in courses if one.grade is not None}
    return bool(grades) and grades <= {"09", "9", "10", "11", "12", "ninth grade", "tenth grade", "eleventh grade", "twelfth grade"}


def _said_beside(record: StudentRecord, heading: Heading, in_part: Sequence[str]) -> Iterator[str]:
    """Where it comes from; whatever a parent placed beside it, without which the contested part may not leave (34 CFR 99.21(c)); and which
    members have no place here, by name."""
    origin = record.provenance["academics"]
    yield f"Of the records of {heading.custodian.name}, from {origin.source_system} as of {origin.as_of:%Y-%m-%d}."
    for statement in record.statements:
        about = ", ".join(statement.relates_to)
        by = f"placed by the {statement.placed_by} on {statement.placed_on}"
        yield f"Statement of disagreement, {by}, about {about}: {statement.statement}"
    born = record.identity.birth_date if record.identity else None
    left = [] if born is None else unsaid(born.model_dump(mode="json"), frozenset({"birth_date"}))
    if left:
        yield f"The record says more of identity.birth_date than this transcript: {', '.join(left)}."
    if in_part:
        yield f"The record that was received says more than could be read of {', '.join(in_part)}: it is of a later version."


def _course(one: TranscriptCourse, heading: Heading, who: tuple[IdentityObject, ...], number: int) -> AchievementCredential:
    course, year = one.course, f"{one.school_year - 1}-{one.school_year}"
    results = tuple(_results(one, heading, number))
    giver = heading.custodian if one.school is None else _school(one.school, heading)
    achievement = Achievement(
        id=heading.name_of("course", number),
        achievement_type="Course",
        name=course.title,
        description=f"{course.title}, {year}",
        criteria=Criteria(narrative=f"Completed and marked as {giver.name or 'the school'} requires."),
        human_code=None if course.local_code is None else course.local_code.code,
        other_identifier=tuple(_codes(course)) or None,
        alignment=tuple(alignments(course.competencies or ())) or None,
        creator=giver,
        result_description=tuple(described for described, _ in results),
    )
    subject = AchievementSubject(
        id=heading.name_of("learner"),
        identifier=who or None,
        achievement=achievement,
        credits_earned=None if one.credit is None or one.credit.earned is None else float(one.credit.earned),
        result=tuple(result for _, result in results),
        term=None if one.term is None else one.term.description or one.term.code,
        source=heading.custodian,
    )
    return _credential(course.title, subject, heading, "credential", number)


def _average(one: GradePointAverage, heading: Heading, who: tuple[IdentityObject, ...], number: int) -> AchievementCredential:
    kind = f"{'weighted' if one.weighted else 'unweighted'}, {'cumulative' if one.cumulative else 'of a term'}"
    described = ResultDescription(
        id=heading.name_of("average", number, "result"),
        name="Grade point average",
        result_type="GradePointAverage",
        value_max=str(one.maximum),
    )
    achievement = Achievement(
        id=heading.name_of("average", number),
        achievement_type="LearningProgram",
        name=f"Grade point average ({kind})",
        description=f"Grade point average, {kind}{'' if one.as_of is None else f', as of {one.as_of}'}",
        criteria=Criteria(narrative=f"Computed by {heading.custodian.name or 'the district'} from the marks of its courses."),
        creator=heading.custodian,
        result_description=(described,),
    )
    result = Result(result_description=described.id, value=str(one.value))
    subject = AchievementSubject(
        id=heading.name_of("learner"), identifier=who or None, achievement=achievement, result=(result,), source=heading.custodian
    )
    return _credential(achievement.name, subject, heading, "average-credential", number)


def _credential(name: str, subject: AchievementSubject, heading: Heading, kind: str, number: int) -> AchievementCredential:
    """INVARIANT: it is revoked with the whole: taken out of the transcript it does not outlive it."""
    return AchievementCredential(
        id=heading.name_of(kind, number),
        name=name,
        issuer=heading.issuer,
        valid_from=heading.issued_at,
        status=heading.status,
        credential_subject=subject,
    )


def _school(school: OrganisationReference, heading: Heading) -> Profile:
    ids = {"NCES": school.nces_id, "StateId": school.state_id, "LocalId": school.local_id, "State": school.state}
    return Profile(
        id=heading.name_of("school", school.name, *ids.values()),
        name=school.name,
        other_identifier=tuple(_entry(kind, value) for kind, value in ids.items() if value is not None) or None,
    )


def _entry(kind: str, value: str) -> IdentifierEntry:
    return IdentifierEntry(identifier=value, identifier_type=f"ext:{kind}")


def _codes(course: Course) -> Iterator[IdentifierEntry]:
    if course.sced_code is not None:
        yield _entry("SCED", course.sced_code)
    if course.local_code is not None:
        yield _entry("LocalCourseCode", f"{course.local_code.system}#{course.local_code.code}")
    yield from case_identifiers(course.competencies or ())


def case_identifiers(competencies: Iterable[Competency]) -> Iterator[IdentifierEntry]:
    """Beside the codes of what is achieved: an alignment has no place for them."""
    for competency in competencies:
        if competency.identifier is not None:
            yield _entry("CASE", str(competency.identifier))


def alignments(competencies: Iterable[Competency]) -> Iterator[Alignment]:
    """Each by its CASE URI."""
    for competency in competencies:
        yield Alignment(
            target_name=competency.statement,
            target_url=competency.uri,
            target_code=competency.code,
            target_framework=competency.framework,
            target_type="CFItem",
        )


def _results(one: TranscriptCourse, heading: Heading, number: int) -> Iterator[tuple[ResultDescription, Result]]:
    for name, kind, value in _told(one):
        identifier = heading.name_of("course", number, kind)
        yield (
            ResultDescription(id=identifier, name=name, result_type=kind),
            Result(result_description=identifier, value=value),
        )


def _told(one: TranscriptCourse) -> Iterator[tuple[str, str, str]]:
    """Name, type and value of each member of the course that is there."""
    if one.mark is not None:
        yield "Final mark", "LetterGrade" if one.mark[:1].isalpha() else "Result", one.mark
    yield "School year", "ext:SchoolYear", f"{one.school_year - 1}-{one.school_year}"
    coded: tuple[tuple[str, str, Coded | None], ...] = (
        ("Scale of the mark", "ext:MarkScale", one.mark_scale),
        ("Grade level when taken", "ext:GradeLevel", one.grade),
        ("Term", "ext:Term", one.term),
        ("Course code", "ext:LocalCourseCode", one.course.local_code),
        ("Subject", "ext:Subject", one.course.subject),
        ("Course level", "ext:CourseLevel", one.course.level),
        ("Repeat", "ext:CourseRepeat", one.repeat),
        ("Unit of credit", "ext:CreditUnit", None if one.credit is None else one.credit.type),
    )
    for name, kind, code in coded:
        if code is None:
            continue
        yield f"{name} ({code.system})", kind, code.code
        if code.description is not None:
            yield f"{name}, in words", f"{kind}Description", code.description
    if one.credit is not None and one.credit.attempted is not None:
        yield "Credits attempted", "ext:CreditsAttempted", str(one.credit.attempted)
    if one.credit is not None and one.credit.earned is not None:
        yield "Credits earned", "ext:CreditsEarned", str(one.credit.earned)
    if one.counts_in_average is not None:
        yield "Counts in the average", "ext:CountsInAverage", "yes" if one.counts_in_average else "no"
