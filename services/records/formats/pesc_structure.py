"""The part of a PESC High School Transcript 1.5.0 that this node writes: which elements, in which order, how often, and what is in them.

A model of our own, written from what the published schemas (HighSchoolTranscript 1.5.0, AcademicRecord 1.9.0, CoreMain 1.14.0) say of these
elements; the schemas themselves are not in this repository. An element that the model does not know is refused, although the
standard may have it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from xml.etree.ElementTree import Element

from services.records.formats.xml_structure import MANY, Child, NotOfStructure, Text, require

MESSAGE: Final = "urn:org:pesc:message:HighSchoolTranscript:v1.5.0"
EXTENSION: Final = "urn:safepassage:pesc:1"


DATE: Final = r"\d{4}-\d{2}-\d{2}"
_DECIMAL: Final = r"-?\d{1,9}(\.\d{1,4})?"
STATES: Final = frozenset(
    {
        "AA", "AE", "AK", "AL", "AP", "AR", "AS", "AZ", "CA", "CO", "CT", "DC", "DE", "FL", "FM", "GA", "GU", "HI", "IA", "ID", "IL",
        "IN", "KS", "KY", "LA", "MA", "MD", "ME", "MH", "MI", "MN", "MO", "MP", "MS", "MT", "NC", "ND", "NE", "NH", "NJ", "NM", "NV",
        "NY", "OH", "OK", "OR", "PA", "PR", "PW", "RI", "SC", "SD", "TN", "TX", "UT", "VA", "VI", "VT", "WA", "WI", "WV", "WY",
    }
)  # fmt: skip
LEVELS: Final = (
    "Infant", "PreKindergarten", "Kindergarten", "FirstGrade", "SecondGrade", "ThirdGrade", "FourthGrade", "FifthGrade", "SixthGrade",
    "SeventhGrade", "EighthGrade", "NinthGrade", "TenthGrade", "EleventhGrade", "TwelfthGrade", "Grade13", "Ungraded",
)  # fmt: skip

TEXTS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "DocumentID": Text(35),
        "DateTime": Text(pattern=rf"{DATE}T\d{{2}}:\d{{2}}:\d{{2}}(\.\d+)?Z"),
        "DocumentTypeCode": Text(words=frozenset({"RequestedRecord", "StudentRequest", "Response"})),
        "TransmissionType": Text(words=frozenset({"Original", "Duplicate", "Replace", "Resubmission", "Reissue", "MutuallyDefined"})),
        "DocumentOfficialCode": Text(words=frozenset({"Official", "Unofficial"})),
        "OrganizationName": Text(60),
        "CCD": Text(pattern=r"[0-9]{12}"),
        "MutuallyDefined": Text(60),
        "LocalOrganizationIDCode": Text(35),
        "StateOrOther": Text(words=STATES | {"ZZ"}),
        "NameCode": Text(words=frozenset({"Casual", "Formal", "Former", "Legal", "Nickname", "Other"})),
        "NamePrefix": Text(30),
        "NamePart": Text(35),
        "NameSuffix": Text(words=frozenset(["JR", "SR", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X"])),
        "AgencyAssignedID": Text(30),
        "AgencyCode": Text(words=frozenset({"District", "Migrant", "MutuallyDefined", "State"})),
        "AgencyName": Text(60),
        "Date": Text(pattern=DATE),
        "Year": Text(pattern=r"\d{4}"),
        "YearMonth": Text(pattern=r"\d{4}-\d{2}"),
        "SchoolYear": Text(pattern=r"\d{4}-\d{4}"),
        "GenderCode": Text(words=frozenset({"Female", "Male", "Unreported"})),
        "StudentLevelCode": Text(words=frozenset(LEVELS)),
        "SessionName": Text(30),
        "Decimal": Text(pattern=_DECIMAL),
        "AcademicSummaryType": Text(words=frozenset({"Weighted", "NonWeighted", "All"})),
        "CourseCreditBasis": Text(
            words=frozenset(
                {"Regular", "AdvancedPlacement", "InternationalBaccalaureate", "Remedial", "CreditByExam", "HighSchoolDualCredit"}
            )
        ),
        "CourseCreditUnits": Text(
            words=frozenset({"NoCredit", "Quarter", "Semester", "Units", "ClockHours", "CarnegieUnits", "Unreported", "Other"})
        ),
        "CourseAcademicGradeScaleCode": Text(3),
        "CourseAcademicGrade": Text(10),
        "CourseAcademicGradeStatusCode": Text(words=frozenset({"InProgress"})),
        "CourseRepeatCode": Text(
            words=frozenset(
                {
                    "RepeatCounted", "RepeatNotCounted", "ReplacementCounted", "ReplacedNotCounted", "RepeatOtherInstitution",
                    "NotCountedOther",
                }
            )
        ),
        "CourseFiveDigitSCEDCode": Text(pattern=r"[0-9]{5}"),
        "CourseLevel": Text(
            words=frozenset(
                {
                    "Accelerated", "AdvancedPlacement", "Basic", "CollegeLevel", "CollegePreparatory", "Dual", "GiftedTalented", "Honors",
                    "InternationalBaccalaureate", "Regents", "Remedial", "SpecialEducation", "TechnicalPreparatory", "Vocational",
                }
            )
        ),
        "CourseGPAApplicabilityCode": Text(words=frozenset({"Applicable", "NotApplicable", "Weighted"})),
        "CourseSectionNumber": Text(10),
        "CourseID": Text(30),
        "CourseTitle": Text(60),
    }
)  # fmt: skip

_ORGANISATION_IDS: Final = (
    Child("CCD", "CCD"), Child("MutuallyDefined", "MutuallyDefined"), Child("LocalOrganizationID", "LocalOrganizationID"),
)  # fmt: skip
TYPES: Final[Mapping[str, tuple[Child, ...]]] = MappingProxyType(
    {
        "HighSchoolTranscript": (Child("TransmissionData", "TransmissionData", 1), Child("Student", "Student", 1)),
        "TransmissionData": (
            Child("DocumentID", "DocumentID", 1), Child("CreatedDateTime", "DateTime", 1), Child("DocumentTypeCode", "DocumentTypeCode", 1),
            Child("TransmissionType", "TransmissionType", 1), Child("Source", "Party", 1), Child("Destination", "Party", 1),
            Child("DocumentOfficialCode", "DocumentOfficialCode"),
        ),
        "Party": (Child("Organization", "Organization", 1),),
        "Organization": (*_ORGANISATION_IDS, Child("OrganizationName", "OrganizationName", 0, MANY)),
        "School": (Child("OrganizationName", "OrganizationName", 1), *_ORGANISATION_IDS),
        "LocalOrganizationID": (
            Child("LocalOrganizationIDCode", "LocalOrganizationIDCode", 1), Child("LocalOrganizationIDQualifier", "StateOrOther", 1),
        ),
        "Student": (
            Child("Person", "Person", 1), Child("AcademicRecord", "AcademicRecord", 1, MANY),
            Child("UserDefinedExtensions", "UserDefinedExtensions"),
        ),
        "Person": (
            Child("AgencyIdentifier", "AgencyIdentifier", 0, MANY), Child("Birth", "Birth"), Child("Name", "Name", 1),
            Child("AlternateName", "Name", 0, MANY), Child("Gender", "Gender"),
        ),
        "AgencyIdentifier": (
            Child("AgencyAssignedID", "AgencyAssignedID", 1), Child("AgencyCode", "AgencyCode", 1), Child("AgencyName", "AgencyName"),
        ),
        "Birth": (Child("BirthDate", "Date"),),
        "Name": (
            Child("NameCode", "NameCode"), Child("NamePrefix", "NamePrefix"), Child("FirstName", "NamePart"),
            Child("MiddleName", "NamePart", 0, 10), Child("LastName", "NamePart"), Child("NameSuffix", "NameSuffix"),
        ),
        "Gender": (Child("GenderCode", "GenderCode", 1),),
        "AcademicRecord": (
            Child("School", "School"), Child("StudentLevel", "StudentLevel"), Child("CohortGraduationYear", "Year"),
            Child("AcademicSummary", "AcademicSummary", 0, MANY), Child("AcademicSession", "AcademicSession", 0, MANY),
        ),
        "StudentLevel": (Child("StudentLevelCode", "StudentLevelCode", 1),),
        "AcademicSummary": (Child("AcademicSummaryType", "AcademicSummaryType"), Child("GPA", "GPA")),
        "GPA": (
            Child("CreditHoursEarned", "Decimal"), Child("CreditHoursRequired", "Decimal"), Child("GradePointAverage", "Decimal"),
            Child("GPARangeMaximum", "Decimal"),
        ),
        "AcademicSession": (
            Child("AcademicSessionDetail", "AcademicSessionDetail", 1), Child("School", "School"), Child("StudentLevel", "StudentLevel"),
            Child("Course", "Course", 0, MANY),
        ),
        "AcademicSessionDetail": (
            Child("SessionDesignator", "YearMonth", 1), Child("SessionName", "SessionName"), Child("SessionSchoolYear", "SchoolYear"),
        ),
        "Course": (
            Child("CourseCreditBasis", "CourseCreditBasis", 1), Child("CourseCreditUnits", "CourseCreditUnits"),
            Child("CourseCreditValue", "Decimal"), Child("CourseCreditEarned", "Decimal"),
            Child("CourseAcademicGradeScaleCode", "CourseAcademicGradeScaleCode"), Child("CourseAcademicGrade", "CourseAcademicGrade"),
            Child("CourseAcademicGradeStatusCode", "CourseAcademicGradeStatusCode"), Child("CourseRepeatCode", "CourseRepeatCode"),
            Child("CourseFiveDigitSCEDCode", "CourseFiveDigitSCEDCode"), Child("CourseLevel", "CourseLevel"),
            Child("CourseGPAApplicabilityCode", "CourseGPAApplicabilityCode"), Child("CourseSectionNumber", "CourseSectionNumber"),
            Child("OriginalCourseID", "CourseID"), Child("CourseTitle", "CourseTitle"), Child("CourseBeginDate", "Date"),
        ),
    }
)  # fmt: skip


def validate(root: Element) -> None:
    """Check a whole document against the model. Raises NotOfStructure."""
    if root.tag != f"{{{MESSAGE}}}HighSchoolTranscript":
        raise NotOfStructure("the root is not HighSchoolTranscript of 1.5.0")
    require(root, "HighSchoolTranscript", types=TYPES, texts=TEXTS, any_other={"UserDefinedExtensions": f"{{{EXTENSION}}}Record"})
