"""Enrolments, courses and assessments of a migratory child, as rows of the files of minimum data elements. Pure."""

from safepassage.record.academics import Course
from safepassage.record.loads import RosterEntry
from services.records.formats.msix_rows import Files, Row, code_text, day_text, number_of, plain_text


def enrollments(child: RosterEntry, number: int, files: Files) -> None:
    """A row each."""
    for one in (child.enrollment.enrollments or ()) if child.enrollment else ():
        files.add(
            "enrollments",
            number,
            {
                "School or Project Name": one.school.name or "",
                "School Identification Code": number_of(one.school),
                "School District": (one.district.name or "") if one.district else "",
                "School District Identification Code": number_of(one.district),
                "School State": one.school.state or "",
                "Enrollment Date": day_text(one.entry_date),
                "Enrollment Type": code_text(one.entry_type),
                "Withdrawal Date": day_text(one.exit_date),
                "Withdrawal Type": code_text(one.exit_type),
                "Grade Level": code_text(one.grade),
            },
        )


def courses(child: RosterEntry, number: int, files: Files) -> None:
    """A row each: those that are finished, then those in progress."""
    academics = child.academics
    for done in (academics.transcript or ()) if academics else ():
        files.add(
            "courses",
            number,
            {
                **_course(done.course),
                "Academic Year": f"{done.school_year - 1}-{done.school_year}",
                "Term Type": code_text(done.term),
                "School Identification Code": number_of(done.school),
                "Grade Level": code_text(done.grade),
                "Credits Attempted": plain_text(done.credit.attempted if done.credit else None),
                "Credits Granted": plain_text(done.credit.earned if done.credit else None),
                "Final Grade": done.mark or "",
            },
        )
    for held in (academics.current_courses or ()) if academics else ():
        files.add(
            "courses",
            number,
            {
                **_course(held.course),
                "Term Type": code_text(held.term),
                "Course Section": held.section or "",
                "School Identification Code": number_of(held.school),
                "Credits Attempted": plain_text(held.partial_credit.attempted if held.partial_credit else None),
                "Credits Granted": plain_text(held.partial_credit.earned if held.partial_credit else None),
                "Grade-to-Date": held.mark or "",
                "Percentage-to-Date": plain_text(held.percentage),
            },
        )


def _course(course: Course) -> Row:
    """The course's own codes; its type is the subject area of SCED, the first two digits."""
    return {
        "Course Title": course.title,
        "Course Type": course.sced_code[:2] if course.sced_code else code_text(course.subject),
        "School Courses for the Exchange of Data Code": course.sced_code or "",
        "Local Course Code": code_text(course.local_code),
        "Local Course Code System": course.local_code.system if course.local_code else "",
    }


def assessments(child: RosterEntry, number: int, files: Files) -> None:
    """A row for each score, or one for a result without any."""
    results = [*(child.assessments.results or ()), *(child.assessments.english_proficiency or ())] if child.assessments else []
    for one in results:
        for score in one.scores or (None,):
            files.add(
                "assessments",
                number,
                {
                    "Assessment Title": one.title or "",
                    "Assessment Identifier": one.assessment.code,
                    "Assessment Content": code_text(one.subject),
                    "Assessment Administration Date": day_text(one.administered_on),
                    "Grade Level": code_text(one.grade),
                    "Score Type": code_text(score.method) if score else "",
                    "Score": score.value if score else "",
                    "Performance Level": code_text(one.performance_level),
                },
            )
