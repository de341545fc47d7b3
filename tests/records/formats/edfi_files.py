"""Interchange files of Ed-Fi, one of each element that is read: a fictional student at a fictional school."""

from typing import Final

from tests.records.formats.edfi_bodies import d

_SCHOOL: Final = "<SchoolReference><SchoolIdentity><SchoolId>300001</SchoolId></SchoolIdentity></SchoolReference>"
_WHO: Final = "<StudentReference><StudentIdentity><StudentUniqueId>604821</StudentUniqueId></StudentIdentity></StudentReference>"
_DISTRICT: Final = "<EducationOrganizationIdentity><EducationOrganizationId>300</EducationOrganizationId></EducationOrganizationIdentity>"
_AT: Final = f"<EducationOrganizationReference>{_DISTRICT}</EducationOrganizationReference>"
_REACHED: Final = f"""<Address><AddressType>{d("AddressType", "Home")}</AddressType><StreetNumberName>1 Foundry Row</StreetNumberName>
<ApartmentRoomSuiteNumber>2b</ApartmentRoomSuiteNumber><City>Grand Bend</City>
<StateAbbreviation>{d("StateAbbreviation", "TX")}</StateAbbreviation><PostalCode>78834</PostalCode><NameOfCounty>Williston</NameOfCounty>
<DoNotPublishIndicator>true</DoNotPublishIndicator><Period><BeginDate>2020-01-01</BeginDate><EndDate>2027-01-01</EndDate></Period>
</Address>
<Telephone><TelephoneNumber>(950) 555-0100</TelephoneNumber><TelephoneNumberType>{d("TelephoneNumberType", "Home")}</TelephoneNumberType>
<OrderOfPriority>1</OrderOfPriority></Telephone><ElectronicMail><ElectronicMailAddress>ana@schools.example</ElectronicMailAddress>
<ElectronicMailType>{d("ElectronicMailType", "Home/Personal")}</ElectronicMailType></ElectronicMail>"""


def _program(kind: str, name: str, said: str) -> str:
    return f"""<Student{kind}ProgramAssociation>{_WHO}<ProgramReference><ProgramIdentity>{_AT}<ProgramName>{name}</ProgramName>
<ProgramType>{d("ProgramType", name)}</ProgramType></ProgramIdentity></ProgramReference><BeginDate>2025-08-25</BeginDate>
<EndDate>2026-05-29</EndDate>{_AT}<ProgramParticipationStatus>
<ParticipationStatus>{d("ParticipationStatus", "Active")}</ParticipationStatus>
<StatusBeginDate>2025-08-26</StatusBeginDate><StatusEndDate>2026-05-28</StatusEndDate></ProgramParticipationStatus>{said}</Student{kind}ProgramAssociation>"""


def _service(kind: str, name: str) -> str:
    tag = f"{kind}ProgramService"
    return (
        f"<{tag}><{tag}>{d(tag, name)}</{tag}><PrimaryIndicator>true</PrimaryIndicator>"
        f"<ServiceBeginDate>2025-09-05</ServiceBeginDate><ServiceEndDate>2026-05-06</ServiceEndDate></{tag}>"
    )


FILES: Final = {
    "EducationOrganization": f"""<LocalEducationAgency id="L1"><NameOfInstitution>Oak District</NameOfInstitution>
<LocalEducationAgencyId>300</LocalEducationAgencyId></LocalEducationAgency><School id="S1"><EducationOrganizationIdentificationCode>
<IdentificationCode>030001000001</IdentificationCode>
<EducationOrganizationIdentificationSystem>{d("EducationOrganizationIdentificationSystem", "NCES")}
</EducationOrganizationIdentificationSystem></EducationOrganizationIdentificationCode><NameOfInstitution>Oak School</NameOfInstitution>
<WebSite>oak.example</WebSite><SchoolId>300001</SchoolId><LocalEducationAgencyReference ref="L1"/></School>""",
    "Calendar": "<Session><SessionName>Fall</SessionName></Session>",
    "Student": f"""<Student id="ST1"><StudentUniqueId>604821</StudentUniqueId><PersonalIdentificationDocument>
<IdentificationDocumentUse>{d("IdentificationDocumentUse", "Foreign")}</IdentificationDocumentUse></PersonalIdentificationDocument>
<Name><PersonalTitlePrefix>Ms</PersonalTitlePrefix><FirstName>Ana</FirstName><MiddleName>Inés</MiddleName>
<LastSurname>García</LastSurname>
<GenerationCodeSuffix>Jr</GenerationCodeSuffix><PreferredFirstName>Anita</PreferredFirstName></Name>
<OtherName><FirstName>Anna</FirstName><LastSurname>Garza</LastSurname><OtherNameType>{d("OtherNameType", "Previous Legal Name")}
</OtherNameType></OtherName><BirthData>
<BirthDate>2010-03-29</BirthDate><BirthCity>Grand Bend</BirthCity>
<BirthStateAbbreviation>{d("StateAbbreviation", "TX")}</BirthStateAbbreviation>
<BirthCountry>{d("Country", "US")}</BirthCountry><BirthSex>{d("Sex", "Female")}</BirthSex><MultipleBirthStatus>true</MultipleBirthStatus>
</BirthData></Student>""",
    "Contact": f"""<Contact id="C1"><ContactUniqueId>C-77</ContactUniqueId><Name><FirstName>Mariana</FirstName>
<LastSurname>López</LastSurname>
</Name>{_REACHED}<Language><Language>{d("Language", "spa")}</Language></Language></Contact>
<StudentContactAssociation>{_WHO}<ContactReference ref="C1"/><Relation>{d("Relation", "Mother")}</Relation>
<LivesWith>true</LivesWith><ContactPriority>4</ContactPriority><ContactRestrictions>not by telephone</ContactRestrictions>
<EmergencyContactStatus>true</EmergencyContactStatus></StudentContactAssociation>""",
    "StudentEnrollment": f"""<StudentSchoolAssociation>{_WHO}{_SCHOOL}<SchoolYear>2025-2026</SchoolYear><EntryDate>2025-08-25</EntryDate>
<EntryGradeLevel>{d("GradeLevel", "Ninth grade")}</EntryGradeLevel><EntryType>{d("EntryType", "Transfer")}</EntryType>
<ExitWithdrawDate>2026-05-29</ExitWithdrawDate><ExitWithdrawType>{d("ExitWithdrawType", "End of year")}</ExitWithdrawType>
</StudentSchoolAssociation><StudentEducationOrganizationAssociation>{_WHO}{_AT}<Sex>{d("Sex", "Female")}</Sex>
<Race>{d("Race", "White")}</Race><TribalAffiliation>{d("TribalAffiliation", "Comanche")}</TribalAffiliation>
<LimitedEnglishProficiency>{d("LimitedEnglishProficiency", "Limited")}</LimitedEnglishProficiency>
<SupporterMilitaryConnection>{d("SupporterMilitaryConnection", "Active Duty")}</SupporterMilitaryConnection>
<HispanicLatinoEthnicity>true</HispanicLatinoEthnicity><StudentIdentificationCode>
<IdentificationCode>D-77</IdentificationCode><AssigningOrganizationIdentificationCode>Grand Bend</AssigningOrganizationIdentificationCode>
<StudentIdentificationSystem>{d("StudentIdentificationSystem", "District")}</StudentIdentificationSystem></StudentIdentificationCode>
<StudentIdentificationCode><IdentificationCode>900-00-0000</IdentificationCode>
<StudentIdentificationSystem>{d("StudentIdentificationSystem", "SSN")}</StudentIdentificationSystem></StudentIdentificationCode>
<Language><Language>{d("Language", "spa")}</Language><LanguageUse>{d("LanguageUse", "Home language")}</LanguageUse></Language>{_REACHED}
</StudentEducationOrganizationAssociation>""",
    "StudentAttendance": f"""<StudentSchoolAttendanceEvent><AttendanceEvent><EventDate>2025-09-02</EventDate>
<AttendanceEventCategory>{d("AttendanceEventCategory", "Excused Absence")}</AttendanceEventCategory>
<AttendanceEventReason>illness</AttendanceEventReason><EventDuration>0.50</EventDuration>
</AttendanceEvent>{_WHO}{_SCHOOL}<SessionReference>
<SessionIdentity>{_SCHOOL}<SchoolYear>2025-2026</SchoolYear><SessionName>Fall</SessionName></SessionIdentity></SessionReference>
</StudentSchoolAttendanceEvent>""",
    "StudentGradebook": f"<StudentGradebookEntry><DiagnosticStatement>A-1</DiagnosticStatement>{_WHO}</StudentGradebookEntry>",
    "StudentGrade": f"""<StudentAcademicRecord><GradePointAverage><GradePointAverageType>{d("GradePointAverageType", "Unweighted")}
</GradePointAverageType><IsCumulative>true</IsCumulative><GradePointAverageValue>3.41</GradePointAverageValue>
<MaxGradePointAverageValue>4.05</MaxGradePointAverageValue></GradePointAverage><GradePointAverage>
<GradePointAverageType>{d("GradePointAverageType", "Weighted")}</GradePointAverageType>
<GradePointAverageValue>3.77</GradePointAverageValue></GradePointAverage>{_WHO}{_AT}<SchoolYear>2025-2026</SchoolYear>
<Term>{d("Term", "Fall Semester")}</Term></StudentAcademicRecord>""",
    "StudentTranscript": f"""<CourseTranscript><CourseAttemptResult>{d("CourseAttemptResult", "Pass")}</CourseAttemptResult>
<AttemptedCredits><Credits>1.25</Credits><CreditType>{d("CreditType", "Carnegie unit")}</CreditType></AttemptedCredits>
<EarnedCredits><Credits>0.75</Credits><CreditType>{d("CreditType", "Carnegie unit")}</CreditType>
<CreditConversion>2.5</CreditConversion></EarnedCredits>
<WhenTakenGradeLevel>{d("GradeLevel", "Tenth grade")}</WhenTakenGradeLevel><FinalLetterGradeEarned>B+</FinalLetterGradeEarned>
<FinalNumericGradeEarned>88</FinalNumericGradeEarned><CourseRepeatCode>{d("CourseRepeatCode", "Repeated")}</CourseRepeatCode>
<CourseReference><CourseIdentity><CourseCode>ALG-2</CourseCode>{_AT}</CourseIdentity></CourseReference>
<StudentAcademicRecordReference><StudentAcademicRecordIdentity>{_WHO}{_AT}<SchoolYear>2025-2026</SchoolYear>
<Term>{d("Term", "Fall Semester")}</Term></StudentAcademicRecordIdentity></StudentAcademicRecordReference>
<CourseTitle>Algebra the second</CourseTitle><AlternativeCourseTitle>Algebra two</AlternativeCourseTitle>
<AlternativeCourseIdentificationCode><IdentificationCode>02056</IdentificationCode>
<CourseIdentificationSystem>{d("CourseIdentificationSystem", "SCED course code")}</CourseIdentificationSystem>
</AlternativeCourseIdentificationCode><AlternativeCourseIdentificationCode><IdentificationCode>02057</IdentificationCode>
<CourseIdentificationSystem>{d("CourseIdentificationSystem", "SCED course code")}</CourseIdentificationSystem>
</AlternativeCourseIdentificationCode><AcademicSubject>{d("AcademicSubject", "Mathematics")}</AcademicSubject>
<AcademicSubject>{d("AcademicSubject", "Calculus")}</AcademicSubject></CourseTranscript>
<CourseTranscript><CourseAttemptResult>{d("CourseAttemptResult", "Fail")}</CourseAttemptResult>
<AttemptedCredits><Credits>3.25</Credits></AttemptedCredits><EarnedCredits><Credits>0.00</Credits></EarnedCredits>
<WhenTakenGradeLevel>{d("GradeLevel", "Twelfth grade")}</WhenTakenGradeLevel><FinalLetterGradeEarned>F-</FinalLetterGradeEarned>
<CourseRepeatCode>{d("CourseRepeatCode", "Replaced")}</CourseRepeatCode>
<CourseReference><CourseIdentity><CourseCode>GEO-9</CourseCode>{_AT}</CourseIdentity></CourseReference>
<StudentAcademicRecordReference><StudentAcademicRecordIdentity>{_WHO}{_AT}<SchoolYear>2025-2026</SchoolYear>
<Term>{d("Term", "Spring Semester")}</Term></StudentAcademicRecordIdentity></StudentAcademicRecordReference>
<CourseTitle>Geometry the first</CourseTitle><AlternativeCourseIdentificationCode><IdentificationCode>02072</IdentificationCode>
<CourseIdentificationSystem>{d("CourseIdentificationSystem", "SCED course code")}</CourseIdentificationSystem>
</AlternativeCourseIdentificationCode><AcademicSubject>{d("AcademicSubject", "Shapes")}</AcademicSubject></CourseTranscript>""",
    "StudentTests": f"""<StudentAssessment><StudentAssessmentIdentifier>T-5</StudentAssessmentIdentifier>
<AdministrationDate>2026-04-14T00:00:00</AdministrationDate><Accommodation>{d("Accommodation", "Large print")}</Accommodation>
<ScoreResult><Result>612</Result><ResultDatatypeType>{d("ResultDatatypeType", "Integer")}</ResultDatatypeType>
<AssessmentReportingMethod>{d("AssessmentReportingMethod", "Scale score")}</AssessmentReportingMethod></ScoreResult>
<WhenAssessedGradeLevel>{d("GradeLevel", "Eleventh grade")}</WhenAssessedGradeLevel><PerformanceLevel>
<PerformanceLevel>{d("PerformanceLevel", "Proficient")}</PerformanceLevel>
<AssessmentReportingMethod>{d("AssessmentReportingMethod", "Achievement/proficiency level")}</AssessmentReportingMethod></PerformanceLevel>
{_WHO}<AssessmentReference><AssessmentIdentity><AssessmentIdentifier>STATE-MATH-11</AssessmentIdentifier>
<Namespace>uri://alder.example/tests</Namespace></AssessmentIdentity></AssessmentReference></StudentAssessment>""",
    "StudentProgram": _program(
        "SpecialEducation",
        "Special Education",
        f"""<IdeaEligibility>1</IdeaEligibility>
<SpecialEducationSetting>{d("SpecialEducationSetting", "Inside")}</SpecialEducationSetting>
<SpecialEducationHoursPerWeek>7.50</SpecialEducationHoursPerWeek><LastEvaluationDate>2025-05-01</LastEvaluationDate>
<IEPReviewDate>2026-01-20</IEPReviewDate><IEPBeginDate>2025-08-26</IEPBeginDate><IEPEndDate>2026-05-28</IEPEndDate>
<SpecialEducationProgramService>
<SpecialEducationProgramService>{d("SpecialEducationProgramService", "Speech")}</SpecialEducationProgramService>
<PrimaryIndicator>true</PrimaryIndicator><ServiceBeginDate>2025-09-04</ServiceBeginDate>
</SpecialEducationProgramService><Disability><Disability>{d("Disability", "Deaf")}</Disability><OrderOfDisability>1</OrderOfDisability>
</Disability><SpecialEducationExitDate>2026-05-15</SpecialEducationExitDate>
<SpecialEducationExitReason>{d("SpecialEducationExitReason", "Moved")}</SpecialEducationExitReason>
<SpecialEducationExitExplained>the family moved to another state</SpecialEducationExitExplained>""",
    )
    + _program(
        "Section504",
        "Section 504",
        f"""<Section504Eligibility>1</Section504Eligibility>
<Section504Disability>{d("Section504Disability", "Diabetes")}</Section504Disability>
<Section504MeetingDate>2025-09-10</Section504MeetingDate><AccommodationPlan>1</AccommodationPlan>""",
    )
    + _program(
        "Homeless", "Homeless", f"<HomelessPrimaryNighttimeResidence>{d('Residence', 'Shelter')}</HomelessPrimaryNighttimeResidence>"
    )
    + _program(
        "MigrantEducation",
        "Migrant",
        "<LastQualifyingMove>2025-02-01</LastQualifyingMove><QualifyingArrivalDate>2025-02-02</QualifyingArrivalDate>"
        f"<ContinuationOfServicesReason>{d('ContinuationOfServicesReason', 'Term')}</ContinuationOfServicesReason>"
        + _service("MigrantEducation", "Counseling Services"),
    )
    + _program("LanguageInstruction", "English as a Second Language (ESL)", _service("LanguageInstruction", "Dual language"))
    + _program(
        "TitleIPartA",
        "Title I Part A",
        f"<TitleIPartAParticipant>{d('TitleIPartAParticipant', 'Schoolwide')}</TitleIPartAParticipant>"
        + _service("TitleIPartA", "Reading"),
    )
    + _program(
        "SchoolFoodService",
        "School Food Service",
        f"<SchoolFoodServiceProgramService><SchoolFoodServiceProgramService>{d('SchoolFoodServiceProgramService', 'Free Breakfast')}"
        "</SchoolFoodServiceProgramService></SchoolFoodServiceProgramService>",
    )
    + _program("CTE", "Career and Technical Education", "<PrivateCTEProgram>true</PrivateCTEProgram>")
    .replace("<ProgramName>Career and Technical Education<", "<ProgramName>Agriculture<")
    .replace("<EducationOrganizationId>300<", "<EducationOrganizationId>390<")
    .replace("<BeginDate>2025-08-25<", "<BeginDate>2025-08-11<")
    + _program(
        "CTE",
        "Career and Technical Education",
        f"<NonTraditionalGenderStatus>true</NonTraditionalGenderStatus>"
        f"<TechnicalSkillsAssessment>{d('TechnicalSkillsAssessment', 'Passed')}</TechnicalSkillsAssessment>"
        f"<CTEProgramService><CTEProgramService>{d('CTEProgramService', 'Health Science')}</CTEProgramService>"
        "<PrimaryIndicator>true</PrimaryIndicator><ServiceBeginDate>2025-09-03</ServiceBeginDate>"
        "<ServiceEndDate>2026-05-04</ServiceEndDate><CIPCode>51.0000</CIPCode></CTEProgramService>",
    )
    + _program(
        "NeglectedOrDelinquent",
        "Neglected and Delinquent Program",
        f"<NeglectedOrDelinquentProgram>{d('NeglectedOrDelinquentProgram', 'Neglected Programs')}</NeglectedOrDelinquentProgram>"
        f"<ELAProgressLevel>{d('ProgressLevel', 'No Change')}</ELAProgressLevel>"
        f"<MathematicsProgressLevel>{d('ProgressLevel', 'Up One Grade')}</MathematicsProgressLevel>"
        "<NeglectedOrDelinquentProgramService><NeglectedOrDelinquentProgramService>"
        f"{d('NeglectedOrDelinquentProgramService', 'Mentoring Programs')}</NeglectedOrDelinquentProgramService>"
        "<ServiceBeginDate>2025-09-15</ServiceBeginDate><ServiceEndDate>2026-03-31</ServiceEndDate>"
        "</NeglectedOrDelinquentProgramService>",
    )
    + _program("", "Gifted and Talented", ""),
    "StudentHealth": f"""<StudentHealth>{_WHO}{_AT}<AsOfDate>2025-08-01</AsOfDate><RequiredImmunization>
<ImmunizationType>{d("ImmunizationType", "MMR")}</ImmunizationType><ImmunizationDate>2011-04-01</ImmunizationDate></RequiredImmunization>
<RequiredImmunization><ImmunizationType>{d("ImmunizationType", "VAR")}</ImmunizationType><MedicalExemption>allergy</MedicalExemption>
<MedicalExemptionDate>2015-01-01</MedicalExemptionDate></RequiredImmunization><AdditionalImmunization>
<ImmunizationName>Influenza</ImmunizationName>
<ImmunizationDate>2024-10-01</ImmunizationDate></AdditionalImmunization>
<NonMedicalImmunizationExemption>{d("NonMedicalImmunizationExemption", "Religious")}</NonMedicalImmunizationExemption>
<NonMedicalImmunizationExemptionDate>2016-01-01</NonMedicalImmunizationExemptionDate></StudentHealth>""",
    "StudentDiscipline": f"""<DisciplineIncident id="D1"><IncidentIdentifier>5501</IncidentIdentifier>
<IncidentDate>2025-10-01</IncidentDate>{_SCHOOL}
<IncidentLocation>{d("IncidentLocation", "Cafeteria")}</IncidentLocation><ReporterName>Somebody</ReporterName></DisciplineIncident>
<StudentDisciplineIncidentBehaviorAssociation>{_WHO}<DisciplineIncidentReference ref="D1"/>
<Behavior>{d("Behavior", "School Violation")}</Behavior>
<BehaviorDetailedDescription>threw an apple</BehaviorDetailedDescription>
<DisciplineIncidentParticipationCode>{d("Participation", "Perpetrator")}
</DisciplineIncidentParticipationCode><Weapon>{d("Weapon", "Knife")}</Weapon></StudentDisciplineIncidentBehaviorAssociation>
<DisciplineAction><DisciplineActionIdentifier>7718</DisciplineActionIdentifier><Discipline>{d("Discipline", "Suspension")}</Discipline>
<DisciplineDate>2025-10-02</DisciplineDate><DisciplineActionLength>3</DisciplineActionLength>
<ActualDisciplineActionLength>2</ActualDisciplineActionLength>{_WHO}<ResponsibilitySchoolReference><SchoolIdentity>
<SchoolId>300001</SchoolId>
</SchoolIdentity></ResponsibilitySchoolReference><StudentDisciplineIncidentBehaviorAssociationReference>
<StudentDisciplineIncidentBehaviorAssociationIdentity>{_WHO}<DisciplineIncidentReference><DisciplineIncidentIdentity>
<IncidentIdentifier>5501</IncidentIdentifier>{_SCHOOL}</DisciplineIncidentIdentity></DisciplineIncidentReference>
<Behavior>{d("Behavior", "School Violation")}</Behavior></StudentDisciplineIncidentBehaviorAssociationIdentity>
</StudentDisciplineIncidentBehaviorAssociationReference></DisciplineAction>""",
}
"""What is in each file, by what is interchanged."""
