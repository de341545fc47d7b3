"""Bodies of an Ed-Fi API, one of each resource that is read: a fictional student at a fictional school."""

from copy import deepcopy
from typing import Any, Final

ED_FI = "uri://ed-fi.org/"
STUDENT = {"studentUniqueId": "604821"}
SCHOOL = {"schoolId": 255901001}
AT_SCHOOL = {"educationOrganizationId": 255901001}
INCIDENT = {"incidentIdentifier": "1", **SCHOOL}


def d(name: str, code: str) -> str:
    """A descriptor."""
    return f"{ED_FI}{name}Descriptor#{code}"


def program(kind: str) -> dict[str, Any]:
    """What every association with a programme has."""
    reference = {"educationOrganizationId": 255901, "programName": kind, "programTypeDescriptor": d("ProgramType", kind)}
    status = {"participationStatusDescriptor": d("ParticipationStatus", "Active"), "statusBeginDate": "2025-08-26"}
    return {
        "studentReference": STUDENT,
        "educationOrganizationReference": {"educationOrganizationId": 255901},
        "programReference": reference,
        "beginDate": "2025-08-25",
        "endDate": "2026-05-29",
        "programParticipationStatuses": [{**status, "statusEndDate": "2026-05-28"}],
    }


_HEALTH_SCIENCE = {"cteProgramServiceDescriptor": d("CTEProgramService", "Health Science"), "cipCode": "51.0000", "primaryIndicator": True}
_CAREER: dict[str, Any] = {
    **program("Career and Technical Education"), "nonTraditionalGenderStatus": True, "privateCTEProgram": False,
    "technicalSkillsAssessmentDescriptor": d("TechnicalSkillsAssessment", "Passed"), "reasonExitedDescriptor": d("ReasonExited", "Other"),
    "cteProgramServices": [{**_HEALTH_SCIENCE, "serviceBeginDate": "2025-08-25", "serviceEndDate": "2026-05-29"}],
}  # fmt: skip
_CENTER: Final = {"educationOrganizationReference": {"educationOrganizationId": 255990}}
_AGRICULTURE: dict[str, Any] = {
    **program("Career and Technical Education"), **_CENTER, "beginDate": "2025-08-11", "privateCTEProgram": True,
    "programReference": {**_CENTER["educationOrganizationReference"], "programName": "Agriculture",
                         "programTypeDescriptor": d("ProgramType", "Career and Technical Education")},
    "cteProgramServices": [{"cteProgramServiceDescriptor": d("CTEProgramService", "Agriculture"), "primaryIndicator": False}],
}  # fmt: skip
"""At the same time as the other, elsewhere."""
_SPEECH = {
    "specialEducationProgramServiceDescriptor": d("SpecialEducationProgramService", "Speech therapy"),
    "serviceBeginDate": "2025-09-01", "primaryIndicator": True,
}  # fmt: skip
_MENTORING = {"neglectedOrDelinquentProgramServiceDescriptor": d("NeglectedOrDelinquentProgramService", "Mentoring Programs")}
_NEGLECTED: dict[str, Any] = {
    **program("Neglected and Delinquent Program"),
    "neglectedOrDelinquentProgramServices": [{**_MENTORING, "serviceBeginDate": "2025-09-15", "serviceEndDate": "2026-03-31"}],
    "neglectedOrDelinquentProgramDescriptor": d("NeglectedOrDelinquentProgram", "Neglected Programs"),
    "mathematicsProgressLevelDescriptor": d("ProgressLevel", "Up One Grade"), "elaProgressLevelDescriptor": d("ProgressLevel", "No Change"),
    "reasonExitedDescriptor": d("ReasonExited", "Other"),
}  # fmt: skip
_REACHED: dict[str, Any] = {
    "addresses": [
        {
            "addressTypeDescriptor": d("AddressType", "Home"),
            "streetNumberName": "1 Foundry Row", "apartmentRoomSuiteNumber": "2b", "city": "Grand Bend",
            "stateAbbreviationDescriptor": d("StateAbbreviation", "TX"),
            "postalCode": "78834", "nameOfCounty": "Williston", "doNotPublishIndicator": True,
            "periods": [{"beginDate": "2020-01-01", "endDate": "2027-01-01"}],
        }],
    "telephones": [
        {"telephoneNumber": "(950) 555-0100", "telephoneNumberTypeDescriptor": d("TelephoneNumberType", "Home"), "orderOfPriority": 1}],
    "electronicMails": [
        {"electronicMailAddress": "ana@schools.example", "electronicMailTypeDescriptor": d("ElectronicMailType", "Home/Personal")}],
}  # fmt: skip
_DEMOGRAPHIC: dict[str, Any] = {
    "sexDescriptor": d("Sex", "Female"),
    "hispanicLatinoEthnicity": True,
    "races": [{"raceDescriptor": d("Race", "White")}],
    "languages": [{"languageDescriptor": d("Language", "spa"), "uses": [{"languageUseDescriptor": d("LanguageUse", "Home language")}]}],
    "tribalAffiliations": [{"tribalAffiliationDescriptor": d("TribalAffiliation", "Chinook")}],
    "supporterMilitaryConnectionDescriptor": d("SupporterMilitaryConnection", "Active Duty"),
    "limitedEnglishProficiencyDescriptor": d("LimitedEnglishProficiency", "Limited"),
}
_CODE = {
    "studentIdentificationSystemDescriptor": d("StudentIdentificationSystem", "District"),
    "assigningOrganizationIdentificationCode": "Grand Bend",
    "identificationCode": "D-77",
}
_SSN = {
    "studentIdentificationSystemDescriptor": d("StudentIdentificationSystem", "SSN"),
    "assigningOrganizationIdentificationCode": "SSA",
    "identificationCode": "900-00-0000",
}
_STUDENT_AT = {"studentReference": STUDENT, "educationOrganizationReference": AT_SCHOOL}

SCHOOLS: dict[str, list[dict[str, Any]]] = {
    "localEducationAgencies": [
        {
            "localEducationAgencyId": 255901,
            "nameOfInstitution": "Grand Bend ISD",
            "categories": [{"educationOrganizationCategoryDescriptor": d("EducationOrganizationCategory", "Local Education Agency")}],
            "localEducationAgencyCategoryDescriptor": d("LocalEducationAgencyCategory", "Independent"),
        }
    ],
    "schools": [
        {
            "schoolId": 255901001,
            "nameOfInstitution": "Grand Bend High School",
            "educationOrganizationCategories": [{"educationOrganizationCategoryDescriptor": d("EducationOrganizationCategory", "School")}],
            "gradeLevels": [{"gradeLevelDescriptor": d("GradeLevel", "Ninth grade")}],
            "localEducationAgencyReference": {"localEducationAgencyId": 255901},
            "identificationCodes": [
                {
                    "educationOrganizationIdentificationSystemDescriptor": d("EducationOrganizationIdentificationSystem", "NCES"),
                    "identificationCode": "030001000001",
                }
            ],
        }
    ],
}

_FIVE: dict[str, list[dict[str, Any]]] = {
    "students": [
        {
            **STUDENT,
            "id": "0123456789abcdef0123456789abcdef",
            "_etag": "5",
            "personalTitlePrefix": "Ms",
            "firstName": "Ana",
            "middleName": "Inés",
            "lastSurname": "García López",
            "generationCodeSuffix": "Jr",
            "preferredFirstName": "Anita",
            "birthDate": "2010-03-29",
            "birthCity": "Grand Bend",
            "birthStateAbbreviationDescriptor": d("StateAbbreviation", "TX"),
            "birthCountryDescriptor": d("Country", "US"),
            "multipleBirthStatus": False,
            "otherNames": [
                {"otherNameTypeDescriptor": d("OtherNameType", "Previous Legal Name"), "firstName": "Ana", "lastSurname": "Garza"}
            ],
        }
    ],
    "contacts": [
        {
            "contactUniqueId": "C1",
            "firstName": "Mariana",
            "lastSurname": "López",
            "languages": [{"languageDescriptor": d("Language", "spa")}],
            **_REACHED,
        }
    ],
    "studentContactAssociations": [
        {
            "studentReference": STUDENT,
            "contactReference": {"contactUniqueId": "C1"},
            "relationDescriptor": d("Relation", "Aunt"),
            "legalGuardian": True,
            "livesWith": True,
            "contactPriority": 1,
            "contactRestrictions": "not by telephone",
        }
    ],
    "studentSchoolAssociations": [
        {
            "studentReference": STUDENT,
            "schoolReference": SCHOOL,
            "entryDate": "2025-08-25",
            "entryGradeLevelDescriptor": d("GradeLevel", "Ninth grade"),
            "entryTypeDescriptor": d("EntryType", "Next year school"),
            "exitWithdrawDate": "2026-05-29",
            "exitWithdrawTypeDescriptor": d("ExitWithdrawType", "End of school year"),
            "primarySchool": True,
            "schoolYearTypeReference": {"schoolYear": 2026},
        }
    ],
    "studentEducationOrganizationAssociations": [{**_STUDENT_AT, **_DEMOGRAPHIC, **_REACHED, "studentIdentificationCodes": [_CODE, _SSN]}],
    "studentSchoolAttendanceEvents": [
        {
            "studentReference": STUDENT,
            "schoolReference": SCHOOL,
            "sessionReference": {**SCHOOL, "schoolYear": 2026, "sessionName": "Fall"},
            "eventDate": "2025-09-02",
            "attendanceEventCategoryDescriptor": d("AttendanceEventCategory", "Excused Absence"),
            "attendanceEventReason": "illness",
            "eventDuration": 0.5,
        }
    ],
    "studentAcademicRecords": [
        {
            **_STUDENT_AT,
            "schoolYearTypeReference": {"schoolYear": 2026},
            "termDescriptor": d("Term", "Fall Semester"),
            "gradePointAverages": [
                {
                    "gradePointAverageTypeDescriptor": d("GradePointAverageType", "Weighted"),
                    "gradePointAverageValue": 3.75,
                    "isCumulative": True,
                    "maxGradePointAverageValue": 4.5,
                }
            ],
        }
    ],
    "courseTranscripts": [
        {
            "studentAcademicRecordReference": {**AT_SCHOOL, "schoolYear": 2026, "termDescriptor": d("Term", "Fall Semester"), **STUDENT},
            "courseReference": {"courseCode": "ALG-1", "educationOrganizationId": 255901001},
            "courseAttemptResultDescriptor": d("CourseAttemptResult", "Pass"),
            "courseTitle": "Algebra I",
            "alternativeCourseIdentificationCodes": [
                {"courseIdentificationSystemDescriptor": d("CourseIdentificationSystem", "SCED"), "identificationCode": "02052"}
            ],
            "academicSubjects": [{"academicSubjectDescriptor": d("AcademicSubject", "Mathematics")}],
            "attemptedCredits": 1,
            "earnedCredits": 0.5,
            "earnedCreditTypeDescriptor": d("CreditType", "Carnegie unit"),
            "finalLetterGradeEarned": "B+",
            "whenTakenGradeLevelDescriptor": d("GradeLevel", "Ninth grade"),
            "courseRepeatCodeDescriptor": d("CourseRepeatCode", "Repeat counted"),
        }
    ],
    "studentAssessments": [
        {
            "studentAssessmentIdentifier": "A-1",
            "studentReference": STUDENT,
            "assessmentReference": {"assessmentIdentifier": "STAAR-9", "namespace": "uri://ed-fi.org/Assessment"},
            "administrationDate": "2026-04-07T00:00:00Z",
            "whenAssessedGradeLevelDescriptor": d("GradeLevel", "Ninth grade"),
            "scoreResults": [
                {
                    "assessmentReportingMethodDescriptor": d("AssessmentReportingMethod", "Scale score"),
                    "resultDatatypeTypeDescriptor": d("ResultDatatypeType", "Level"),
                    "result": "1550",
                }
            ],
            "performanceLevels": [
                {
                    "assessmentReportingMethodDescriptor": d("AssessmentReportingMethod", "Achievement/proficiency level"),
                    "performanceLevelDescriptor": d("PerformanceLevel", "Meets"),
                }
            ],
            "accommodations": [{"accommodationDescriptor": d("Accommodation", "Large print")}],
        }
    ],
    "studentSpecialEducationProgramAssociations": [
        {
            **program("Special Education"),
            "ideaEligibility": True,
            "iepBeginDate": "2025-08-25",
            "iepEndDate": "2026-05-29",
            "iepReviewDate": "2026-01-20",
            "lastEvaluationDate": "2025-05-01",
            "disabilities": [{"disabilityDescriptor": d("Disability", "Deaf"), "orderOfDisability": 1}],
            "specialEducationSettingDescriptor": d("SpecialEducationSetting", "Inside regular class"),
            "specialEducationProgramServices": [_SPEECH],
            "specialEducationHoursPerWeek": 7.5,
            "specialEducationExitDate": "2026-05-15",
            "specialEducationExitExplained": "the family moved to another state",
            "specialEducationExitReasonDescriptor": d("SpecialEducationExitReason", "Moved"),
        }
    ],
    "studentHomelessProgramAssociations": [
        {
            **program("Homeless"),
            "homelessPrimaryNighttimeResidenceDescriptor": d("HomelessPrimaryNighttimeResidence", "Shelters"),
            "homelessUnaccompaniedYouth": False,
        }
    ],
    "studentMigrantEducationProgramAssociations": [
        {
            **program("Migrant Education"),
            "lastQualifyingMove": "2025-02-01",
            "qualifyingArrivalDate": "2025-02-01",
            "priorityForServices": True,
            "eligibilityExpirationDate": "2028-02-01",
            "migrantEducationProgramServices": [
                {"migrantEducationProgramServiceDescriptor": d("MigrantEducationProgramService", "Counseling Services")}
            ],
        }
    ],
    "studentLanguageInstructionProgramAssociations": [
        {
            **program("English as a Second Language (ESL)"),
            "languageInstructionProgramServices": [
                {"languageInstructionProgramServiceDescriptor": d("LanguageInstructionProgramService", "Dual language")}
            ],
        }
    ],
    "studentSchoolFoodServiceProgramAssociations": [
        {
            **program("School Food Service"),
            "directCertification": True,
            "schoolFoodServiceProgramServices": [
                {"schoolFoodServiceProgramServiceDescriptor": d("SchoolFoodServiceProgramService", "Free Breakfast")}
            ],
        }
    ],
    "studentTitleIPartAProgramAssociations": [
        {
            **program("Title I Part A"),
            "titleIPartAParticipantDescriptor": d("TitleIPartAParticipant", "Public Schoolwide Program"),
            "titleIPartAProgramServices": [{"titleIPartAProgramServiceDescriptor": d("TitleIPartAProgramService", "Reading")}],
        }
    ],
    "studentProgramAssociations": [program("Gifted and Talented")],
    "studentCTEProgramAssociations": [_AGRICULTURE, _CAREER],
    "studentNeglectedOrDelinquentProgramAssociations": [_NEGLECTED],
    "studentSection504ProgramAssociations": [
        {
            **program("Section 504 Placement"),
            "section504Eligibility": True,
            "section504DisabilityDescriptor": d("Section504Disability", "Diabetes"),
            "section504MeetingDate": "2025-09-10",
            "section504EligibilityDecisionDate": "2025-09-11",
            "accommodationPlan": True,
        }
    ],
    "studentHealths": [
        {
            **_STUDENT_AT,
            "asOfDate": "2025-08-01",
            "requiredImmunizations": [
                {"immunizationTypeDescriptor": d("ImmunizationType", "MMR"), "dates": [{"immunizationDate": "2011-04-01"}]},
                {
                    "immunizationTypeDescriptor": d("ImmunizationType", "VAR"),
                    "medicalExemption": "allergy",
                    "medicalExemptionDate": "2015-01-01",
                },
            ],
            "additionalImmunizations": [{"immunizationName": "Influenza", "dates": [{"immunizationDate": "2024-10-01"}]}],
            "nonMedicalImmunizationExemptionDescriptor": d("NonMedicalImmunizationExemption", "Religious"),
            "nonMedicalImmunizationExemptionDate": "2016-01-01",
        }
    ],
    "disciplineIncidents": [
        {
            "incidentIdentifier": "1",
            "schoolReference": SCHOOL,
            "incidentDate": "2025-10-01",
            "incidentLocationDescriptor": d("IncidentLocation", "Cafeteria"),
            "weapons": [{"weaponDescriptor": d("Weapon", "Knife")}],
            "reportedToLawEnforcement": False,
        }
    ],
    "studentDisciplineIncidentBehaviorAssociations": [
        {
            "studentReference": STUDENT,
            "disciplineIncidentReference": INCIDENT,
            "behaviorDescriptor": d("Behavior", "School Violation"),
            "behaviorDetailedDescription": "threw an apple",
            "disciplineIncidentParticipationCodes": [
                {"disciplineIncidentParticipationCodeDescriptor": d("DisciplineIncidentParticipationCode", "Perpetrator")}
            ],
        },
        {
            "studentReference": STUDENT,
            "disciplineIncidentReference": INCIDENT,
            "behaviorDescriptor": d("Behavior", "Other"),
            "disciplineIncidentParticipationCodes": [
                {"disciplineIncidentParticipationCodeDescriptor": d("DisciplineIncidentParticipationCode", "Perpetrator")}
            ],
        },
    ],
    "disciplineActions": [
        {
            "disciplineActionIdentifier": "9",
            "disciplineDate": "2025-10-02",
            "disciplines": [{"disciplineDescriptor": d("Discipline", "In School Suspension")}],
            "responsibilitySchoolReference": SCHOOL,
            "studentReference": STUDENT,
            "disciplineActionLength": 2,
            "actualDisciplineActionLength": 1.5,
            "iepPlacementMeetingIndicator": False,
            "studentDisciplineIncidentBehaviorAssociations": [
                {
                    "studentDisciplineIncidentBehaviorAssociationReference": {
                        "behaviorDescriptor": d("Behavior", "School Violation"),
                        **INCIDENT,
                        **STUDENT,
                    }
                }
            ],
        }
    ],
}


def bodies() -> dict[str, list[dict[str, Any]]]:
    """As Data Standard 5 has them."""
    return deepcopy(SCHOOLS | _FIVE)


def bodies_of_six() -> dict[str, list[dict[str, Any]]]:
    """The same as Data Standard 6 has them: what an organisation says of the student is three resources."""
    five = bodies()
    del five["studentEducationOrganizationAssociations"]
    return five | deepcopy(
        {
            "studentDemographics": [{**_STUDENT_AT, **_DEMOGRAPHIC}],
            "studentDirectories": [{**_STUDENT_AT, **_REACHED}],
            "studentIdentificationCodes": [{**_STUDENT_AT, **_CODE}, {**_STUDENT_AT, **_SSN}],
        }
    )
