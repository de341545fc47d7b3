"""Enrolments and finished courses as a SIF xSre has them. Pure."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement

from safepassage.record import OrganisationReference
from safepassage.record.academics import TranscriptCourse
from safepassage.record.enrollment import Enrollment
from services.records.formats.xml_text import said_in_xml
from services.records.formats.xsre_saying import NCES, SCED, SYSTEMS, Saying, write_several


def write_enrollments(root: Element, enrollments: Sequence[Enrollment], saying: Saying) -> None:
    """The one that began last is the enrolment, any other another one; in another order than the record's, all are in the extension."""

    def write(made: Element, one: Enrollment) -> None:
        _school(made, one.school, saying)
        saying.text(made, "membershipType", "Home" if one.primary else "Other")
        saying.text(made, "entryDate", one.entry_date)
        saying.text(made, "exitDate", one.exit_date)
        saying.code(made, "exitOrWithdrawalType", one.exit_type, SYSTEMS["exitOrWithdrawalType"])
        saying.code(made, "gradeLevel", one.grade, SYSTEMS["gradeLevel"])
        saying.lose(one.district, one.entry_type, one.school_year, one.calendar, one.derived_from)

    ordered = sorted(enrollments, key=lambda one: (one.exit_date is None, one.entry_date, one.primary), reverse=True)
    saying.lose(ordered != list(enrollments))
    write_several(root, "enrollment", "otherEnrollments", ordered, write)


def write_transcript_terms(root: Element, courses: Sequence[TranscriptCourse], saying: Saying) -> None:
    """A term for each run of courses of one school, year and term: as many as it takes to keep their order."""
    terms: list[list[TranscriptCourse]] = []
    held = [one for one in courses if said_in_xml(one.course.title) is not None]
    saying.lose(len(held) < len(courses))
    for one in held:
        if terms and (terms[-1][0].school, terms[-1][0].school_year, terms[-1][0].term) == (one.school, one.school_year, one.term):
            terms[-1].append(one)
        else:
            terms.append([one])

    def write(made: Element, those: Sequence[TranscriptCourse]) -> None:
        if those[0].school is not None:
            _school(made, those[0].school, saying)
        saying.text(made, "schoolYear", those[0].school_year)
        if those[0].term is not None:
            saying.code(SubElement(made, "session"), "sessionType", those[0].term, SYSTEMS["term"])
        inner = SubElement(made, "courses")
        for one in those:
            _course(SubElement(inner, "course"), one, saying)

    write_several(root, "transcriptTerm", "otherTranscriptTerms", terms, write)


def _course(made: Element, one: TranscriptCourse, saying: Saying) -> None:
    course, credit = one.course, one.credit
    saying.code(made, "leaCourseId", course.local_code, SYSTEMS["course"])
    if course.sced_code is not None:
        other = SubElement(SubElement(made, "otherIds"), "otherId")
        saying.text(other, "type", SCED)
        saying.text(other, "id", course.sced_code)
    saying.text(made, "courseTitle", course.title)
    for child, amount in (("creditsAttempted", credit and credit.attempted), ("creditsEarned", credit and credit.earned)):
        saying.text(made, child, None if amount is None else f"{amount:f}")
    saying.code(made, "gradeLevel", one.grade, SYSTEMS["courseGradeLevel"])
    saying.text(made, "finalMarkValue", one.mark)
    saying.lose(course.subject, course.level, credit and credit.type, one.mark_scale, one.repeat)
    saying.lose(one.counts_in_average is not None, credit is not None and credit.attempted is None and credit.earned is None)


def _school(parent: Element, school: OrganisationReference, saying: Saying) -> None:
    made = SubElement(parent, "school")
    saying.text(made, "localId", school.local_id)
    saying.text(made, "stateProvinceId", school.state_id)
    if school.nces_id is not None:
        other = SubElement(SubElement(made, "otherIds"), "otherId")
        saying.text(other, "type", NCES)
        saying.text(other, "id", school.nces_id)
    saying.text(made, "schoolName", school.name)
    saying.lose(school.state)
