"""The files and columns of migratory children's minimum data elements, by the names of the collection (OMB 1810-0683)."""

from typing import Final

MIGRANT: Final = "programmes.migrant"
OF_THE_CHILD: Final = (
    "identity.name", "identity.birth_date", "identity.birth_place", "identity.multiple_birth", "identity.sex", "identity.identifiers",
    "contacts.guardians", "special_education.iep", "programmes.english_learner", MIGRANT, "health.immunizations", "health.alerts",
)  # fmt: skip
RELEVANT: Final = (
    *OF_THE_CHILD, "enrollment.residency", "enrollment.enrollments", "academics.current_courses", "academics.transcript",
    "assessments.results", "assessments.english_proficiency",
)  # fmt: skip
"""The elements that the files are made of."""

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "children": (
        "Record", "MSIX Identification Number", "State Student Identifier", "State Student Identifier Type", "First Name", "Middle Name",
        "Last Name 1", "Last Name 2", "Suffix", "Sex", "Birth Date", "Multiple Birth Flag", "Birth City", "Birth State", "Birth Country",
        "Birth Date Verification", "Parent 1 First Name", "Parent 1 Last Name", "Parent 2 First Name", "Parent 2 Last Name",
        "Qualifying Arrival Date", "Eligibility Expiration Date", "Priority for Services Flag", "Continuation of Services",
        "Immunization Record Flag", "Med Alert Indicator", "Individualized Education Program Indicator", "English Learner Indicator",
        "District of Residence",
    ),
    "enrollments": (
        "Record", "School or Project Name", "School Identification Code", "School District", "School District Identification Code",
        "School State", "Enrollment Date", "Enrollment Type", "Withdrawal Date", "Withdrawal Type", "Grade Level",
    ),
    "courses": (
        "Record", "Course Title", "Course Type", "School Courses for the Exchange of Data Code", "Local Course Code",
        "Local Course Code System", "Academic Year", "Term Type", "Course Section", "School Identification Code", "Grade Level",
        "Credits Attempted", "Credits Granted", "Final Grade", "Grade-to-Date", "Percentage-to-Date",
    ),
    "assessments": (
        "Record", "Assessment Title", "Assessment Identifier", "Assessment Content", "Assessment Administration Date", "Grade Level",
        "Score Type", "Score", "Performance Level",
    ),
    "elements": ("Element", "File"),
    "statements": ("Record", "Relates To", "Placed By", "Placed On", "Statement"),
    "report": ("File", "Record", "Column", "Reason", "Members"),
}  # fmt: skip
"""Files and their columns. statements.csv is what 34 CFR 99.21(c) has go along; elements.csv and report.csv are about the files."""

NOT_IN_A_RECORD: Final = (
    "Alternate State Student Identifier", "Alternate State Student Identifier Type", "Qualifying Move From City",
    "Qualifying Move From State", "Qualifying Move From Country", "Qualifying Move To City", "Qualifying Move To State",
    "MEP Project Type", "Facility Name", "Facility Address", "Facility City", "Facility Zip", "Telephone Number", "Residency Date",
    "Residency Verification Date", "Designated Graduation School", "Graduation/HSE Indicator", "Graduation/HSE Date",
    "Out of State Transcript Indicator", "Algebra 1 or Equivalent Indicator", "Enrollment Comment", "Clock Hours", "Assessment Type",
)  # fmt: skip
"""Elements of the collection that no record says, and that are guessed from nothing: that a child left with a diploma is in the code of the
withdrawal, and which courses are Algebra 1 in their SCED codes."""

ELEMENTS_OF_COLLECTION: Final = (
    *((column, f"{name}.csv") for name in ("children", "enrollments", "courses", "assessments") for column in COLUMNS[name][1:]),
    *((element, "") for element in NOT_IN_A_RECORD),
)
"""With the file that says it; empty where none does."""

LONGEST: Final = {
    "State Student Identifier": 15, "First Name": 30, "Middle Name": 30, "Last Name 1": 30, "Last Name 2": 30, "Suffix": 10,
    "Birth City": 30,
}  # fmt: skip
"""Characters."""

_ORGANISATION: Final = ("school.name", "school.nces_id", "school.state_id", "school.local_id")
_COURSE: Final = ("course.title", "course.sced_code", "course.subject.code", "course.local_code.code", "course.local_code.system")
_ASSESSMENT: Final = frozenset(
    {
        "title", "assessment.code", "subject.code", "administered_on", "grade.code", "scores.method.code", "scores.value",
        "performance_level.code",
    }
)  # fmt: skip

SAID: Final[dict[str, tuple[str, frozenset[str]]]] = {
    "identity.name": ("children", frozenset({"first", "middle", "last_1", "last_2", "suffix"})),
    "identity.birth_date": ("children", frozenset({"birth_date", "verification.code"})),
    "identity.birth_place": ("children", frozenset({"city", "state", "country"})),
    "identity.multiple_birth": ("children", frozenset({"indicator"})),
    "identity.sex": ("children", frozenset({"code"})),
    "identity.identifiers": ("children", frozenset({"kind", "value"})),
    "contacts.guardians": ("children", frozenset({"name.first", "name.last_1", "name.last_2"})),
    "programmes.english_learner": ("children", frozenset({"status.code"})),
    "enrollment.residency": ("children", frozenset({"residence.nces_id", "residence.state_id", "residence.local_id"})),
    MIGRANT: (
        "children",
        frozenset({"qualifying_arrival_date", "eligibility_expires_on", "priority_for_services", "continuation_of_services.code"}),
    ),
    "enrollment.enrollments": (
        "enrollments",
        frozenset(
            {
                *_ORGANISATION, "school.state", "district.name", "district.nces_id", "district.state_id", "district.local_id",
                "entry_date", "entry_type.code", "exit_date", "exit_type.code", "grade.code",
            }
        ),
    ),
    "academics.transcript": (
        "courses",
        frozenset(
            {
                *_COURSE, *_ORGANISATION[1:], "school_year", "term.code", "grade.code", "credit.attempted", "credit.earned", "mark",
            }
        ),
    ),
    "academics.current_courses": (
        "courses",
        frozenset(
            {
                *_COURSE, *_ORGANISATION[1:], "term.code", "section", "partial_credit.attempted", "partial_credit.earned", "mark",
                "percentage",
            }
        ),
    ),
    "assessments.results": ("assessments", _ASSESSMENT),
    "assessments.english_proficiency": ("assessments", _ASSESSMENT),
}  # fmt: skip
"""Of each element the file whose columns say it, and the members that they say."""

FLAGS: Final = ("health.immunizations", "health.alerts", "special_education.iep")
"""Of these the collection asks whether there is one."""

ONE_OF: Final = (
    ("school.nces_id", "school.state_id", "school.local_id"),
    ("district.nces_id", "district.state_id", "district.local_id"),
    ("residence.nces_id", "residence.state_id", "residence.local_id"),
    ("course.sced_code", "course.subject.code"),
)
"""Members with one column between them, which has the first that is there."""

assert {*SAID, *FLAGS} == set(RELEVANT)  # noqa: S101 an element that is asked for would be left out unsaid
