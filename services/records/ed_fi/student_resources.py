"""The resources of an Ed-Fi system that a student's record goes to and comes from."""

from typing import Final

FIRST: Final = "students"
ORDER: Final = (
    FIRST,
    "studentSchoolAssociations",
    "studentEducationOrganizationAssociations",
    "studentDemographics",
    "studentDirectories",
    "studentIdentificationCodes",
    "contacts",
    "studentContactAssociations",
    "studentSchoolAttendanceEvents",
    "studentAcademicRecords",
    "courseTranscripts",
    "studentAssessments",
    "studentSpecialEducationProgramAssociations",
    "studentSection504ProgramAssociations",
    "studentHomelessProgramAssociations",
    "studentMigrantEducationProgramAssociations",
    "studentLanguageInstructionProgramAssociations",
    "studentSchoolFoodServiceProgramAssociations",
    "studentTitleIPartAProgramAssociations",
    "studentProgramAssociations",
    "studentCTEProgramAssociations",
    "studentNeglectedOrDelinquentProgramAssociations",
    "studentHealths",
    "disciplineIncidents",
    "studentDisciplineIncidentBehaviorAssociations",
    "studentDisciplineIncidentNonOffenderAssociations",
    "disciplineActions",
)
"""A resource stands behind those that it refers to. Enrolment comes early: by it a client of a system may write the rest of a student."""

OF_SEVERAL: Final = frozenset({FIRST, "contacts", "disciplineIncidents"})
"""Of these a body is the student, or may be about several."""
OF_STUDENTS: Final = tuple(name for name in ORDER if name not in OF_SEVERAL)
"""Resources of which each body is one student's. A system has those of its version of the standard."""
