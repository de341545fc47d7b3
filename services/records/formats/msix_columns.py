"""The files and columns of migratory children's minimum data elements, by the names of the collection (OMB 1810-0683)."""

from typing import Final

MIGRANT: Final = "programmes.migrant"
OF_THE_CHILD: Final = (
    "identity.name", "identity.birth_date", "identity.birth_place", "identity.multiple_birth", "identity.sex", "identity.identifiers",
    "contacts.guardians", "special_education.iep", "programmes.english_learner", MIGRANT, "health.immunizations", "health.alerts",
)  # fmt: skip
RELEVANT: Final = (
    *OF_THE_CHILD, "enrollment.enrollments", "academics.current_courses", "academics.transcript", "assessments.results",
    "assessments.english_proficiency",
)  # fmt: skip
"""The elements that the files are made of."""

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "children": (
        "Record", "MSIX Identification Number", "State Student Identifier", "State Student Identifier Type", "First Name", "Middle Name",
        "Last Name 1", "Last Name 2", "Suffix", "Sex", "Birth Date", "Multiple Birth Flag", "Birth City", "Birth State", "Birth Country",
        "Birth Date Verification", "Parent 1 First Name", "Parent 1 Last Name", "Parent 2 First Name", "Parent 2 Last Name",
        "Qualifying Arrival Date", "Eligibility Expiration Date", "Priority for Services Flag", "Continuation of Services",
        "Immunization Record Flag", "Med Alert Indicator", "Individualized Education Program Indicator", "English Learner Indicator",
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
    "statements": ("Record", "Relates To", "Placed By", "Placed On", "Statement"),
    "report": ("File", "Record", "Column", "Reason"),
}  # fmt: skip
"""Files and their columns. statements.csv is what 34 CFR 99.21(c) has go along; report.csv is about the files."""

LONGEST: Final = {
    "State Student Identifier": 15, "First Name": 30, "Middle Name": 30, "Last Name 1": 30, "Last Name 2": 30, "Suffix": 10,
    "Birth City": 30,
}  # fmt: skip
"""Characters."""
