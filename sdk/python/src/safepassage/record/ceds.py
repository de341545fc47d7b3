"""The Common Education Data Standards (CEDS), version 13, as far as the record uses them: each id with its name.

Pinned from the published list of elements (CEDStandards/CEDS-Elements, CEDS-V13.0.0.0.xlsx, sheet "All - By Name"; Apache License 2.0).
A test compares with that list where it is at hand.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple, get_args

from pydantic import BaseModel

CEDS_NAMES: Final[dict[str, str]] = {
    "000010": "Address Type for Learner or Family",
    "000019": "Address Apartment Room or Suite Number",
    "000021": "Assessment Academic Subject",
    "000028": "Assessment Title",
    "000033": "Birthdate",
    "000040": "Address City",
    "000043": "Classification of Instructional Program Code",
    "000050": "Country Code",
    "000051": "Country of Birth Code",
    "000054": "Course Begin Date",
    "000055": "Course Identifier",
    "000061": "Course Level Characteristic",
    "000065": "Course Repeat Code",
    "000067": "Course Title",
    "000072": "Credit Unit Type",
    "000074": "Credits Earned Cumulative",
    "000076": "Attendance Status",
    "000088": "Electronic Mail Address",
    "000089": "Electronic Mail Address Type",
    "000092": "Eligibility Status for School Food Service Programs",
    "000097": "Enrollment Entry Date",
    "000099": "Entry Type",
    "000100": "Entry Grade Level",
    "000107": "Enrollment Exit Date",
    "000110": "Exit or Withdrawal Type",
    "000115": "First Name",
    "000121": "Generation Code or Suffix",
    "000122": "Gifted and Talented Indicator",
    "000123": "Grade Point Average Weighted Indicator",
    "000124": "Student Course Section Grade Earned",
    "000125": "Grade Level When Course Taken",
    "000126": "Grade Level When Assessed",
    "000127": "Grade Point Average",
    "000128": "Grade Point Average Cumulative",
    "000144": "Hispanic or Latino Ethnicity",
    "000146": "Homeless Primary Nighttime Residence",
    "000147": "Homeless Serviced Indicator",
    "000148": "Homeless Unaccompanied Youth Status",
    "000149": "Homelessness Status",
    "000151": "IDEA Indicator",
    "000172": "Last or Surname",
    "000180": "English Learner Status",
    "000184": "Middle Name",
    "000186": "Migrant Education Program Services Type",
    "000189": "Migrant Status",
    "000190": "Address County Name",
    "000191": "Name of Institution",
    "000193": "Neglected or Delinquent Status",
    "000194": "Neglected or Delinquent Program Type",
    "000199": "Number of Credits Attempted",
    "000200": "Number of Credits Earned",
    "000201": "Number of Days Absent",
    "000202": "Number of Days in Attendance",
    "000206": "Other Name",
    "000212": "Personal Title or Prefix",
    "000214": "Address Postal Code",
    "000218": "Primary Disability Type",
    "000219": "Primary Telephone Number Indicator",
    "000222": "Exit Reason",
    "000225": "Program Type",
    "000226": "Projected Graduation Date",
    "000243": "School Year",
    "000245": "Assessment Result Score Value",
    "000249": "Section 504 Status",
    "000252": "Session Designator",
    "000255": "Sex",
    "000260": "Special Education Exit Reason",
    "000263": "Special Education Services Exit Date",
    "000267": "State Abbreviation",
    "000269": "Address Street Number and Name",
    "000279": "Telephone Number",
    "000280": "Telephone Number Type",
    "000281": "Title I Indicator",
    "000282": "Title I Instructional Services",
    "000306": "Immunization Date",
    "000316": "Language Type",
    "000317": "ISO 639-2 Language Code",
    "000320": "Individualized Program Type",
    "000326": "Service Entry Date",
    "000327": "Service Exit Date",
    "000369": "Assessment Score Metric Type",
    "000383": "Assessment Accommodation Category",
    "000425": "Person Relationship Type",
    "000426": "City of Birth",
    "000427": "State of Birth Abbreviation",
    "000428": "Birthdate Verification",
    "000430": "Migrant Education Program Eligibility Expiration Date",
    "000431": "Multiple Birth Indicator",
    "000432": "Migrant Student Qualifying Arrival Date",
    "000439": "Medical Alert Indicator",
    "000447": "Title III Language Instruction Program Type",
    "000488": "Disciplinary Action Taken",
    "000494": "Calendar Code",
    "000501": "Incident Identifier",
    "000502": "Incident Date",
    "000508": "Incident Description",
    "000509": "Incident Behavior",
    "000511": "Duration of Disciplinary Action",
    "000532": "Public School Residence Status",
    "000535": "IDEA Educational Environment for School Age",
    "000561": "Progress Level",
    "000562": "Migrant Prioritized for Services",
    "000563": "Migrant Education Program Continuation of Services Status",
    "000565": "Title III English Learner Participation Status",
    "000588": "Career Technical Education Nontraditional Gender Status",
    "000590": "Program Participation Start Date",
    "000591": "Program Participation Exit Date",
    "000592": "Career and Technical Education Participant",
    "000594": "Responsible District Type",
    "000617": "Incident Location",
    "000634": "Other Name Type",
    "000637": "Responsible District Identifier",
    "000689": "Competency Definition Identifier",
    "000690": "Competency Definition Statement",
    "000692": "Competency Definition Code",
    "000694": "Competency Framework Title",
    "000717": "Assessment Performance Level Identifier",
    "000874": "Competency Definition URL",
    "000903": "Goal Description",
    "000962": "Assessment Administration Start Date",
    "000978": "Course Section Identifier",
    "001067": "Assessment Identifier",
    "001068": "Local Education Agency Identifier",
    "001069": "School Identifier",
    "001071": "Student Identifier",
    "001075": "Student Identification System",
    "001211": "Weapon Type",
    "001235": "Individualized Program Transition Plan Type",
    "001236": "Individualized Program Service Plan Date",
    "001241": "Individualized Program Service Plan Reevaluation Date",
    "001243": "Program Participation Status",
    "001244": "Program Gifted Eligibility Criteria",
    "001248": "Immunization Type",
    "001282": "Allergy Severity",
    "001288": "Career Cluster",
    "001320": "Disability Condition Type",
    "001322": "Disciplinary Action IEP Placement Meeting Indicator",
    "001373": "Incident Person Role Type",
    "001375": "Incident Related to Disability Manifestation",
    "001376": "Incident Reported to Law Enforcement Indicator",
    "001383": "Individualized Program Planned Service Type",
    "001423": "Person Relationship to Learner Contact Priority Number",
    "001424": "Person Relationship to Learner Contact Restrictions Description",
    "001425": "Lives With Indicator",
    "001500": "IDEA Part C to Part B Notification Date",
    "001513": "Other Last Name",
    "001514": "Other First Name",
    "001515": "Other Middle Name",
    "001517": "School Courses for the Exchange of Data Course Code",
    "001518": "School Courses for the Exchange of Data Course Subject Area",
    "001520": "Individualized Program Planned Service Duration",
    "001574": "Credits Required",
    "001576": "Military Connected Student Indicator",
    "001640": "Military Branch",
    "001649": "Attendance Event Date",
    "001654": "National School Lunch Program Direct Certification Indicator",
    "001656": "IDEA Part C Eligibility Category",
    "001657": "Tribal Affiliation",
    "001684": "Individualized Program Service Plan Meeting Date",
    "001685": "Individualized Program Accommodation Description",
    "001690": "Goal Current Performance Description",
    "001698": "IEP Goal Type",
    "001717": "Service Extends Outside School Year",
    "001731": "Eligibility Evaluation Date",
    "001733": "IDEA Disability Type",
    "001943": "Race",
    "001995": "Assessment Type Administered to English Learners",
    "002026": "Projected High School Diploma Type",
    "002098": "Attendance Event Duration Day",
    "002120": "Eligibility Determination Date",
}
"""Global id → name of the element."""

_CAREER: Final = frozenset({"name", "organisation", "offered_by", "private", "services", "technical_skills_assessment"})
WITHOUT: Final[dict[str, frozenset[str]]] = {
    "OtherName": frozenset({"sealed"}),
    "MultipleBirth": frozenset({"order"}),
    "Identifier": frozenset({"system"}),
    "RaceEthnicity": frozenset({"declined"}),
    "TribalAffiliation": frozenset({"enrolled_member"}),
    "MilitaryConnection": frozenset({"permanent_change_of_station_on", "orders_expire_on", "installation"}),
    "Address": frozenset({"protected"}),
    "Guardian": frozenset({"person_id", "rights", "court_documents"}),
    "Rights": frozenset({"ended_on", "ended_by"}),
    "CourtDocument": frozenset({"kind", "reference", "issued_on"}),
    "Enrollment": frozenset({"primary", "derived_from"}),
    "OrganisationReference": frozenset({"nces_id", "state_id", "local_id"}),
    "AttendanceEvent": frozenset({"reason"}),
    "AttendanceSummary": frozenset({"days_enrolled", "times_tardy"}),
    "CurrentCourse": frozenset({"percentage", "as_of"}),
    "TranscriptCourse": frozenset({"mark_scale", "counts_in_average"}),
    "GradePointAverage": frozenset({"maximum", "cumulative", "as_of"}),
    "GraduationPlan": frozenset({"plan"}),
    "Eligibility": frozenset({"events", "exit_explanation"}),
    "IdeaEvent": frozenset({"kind", "event_date", "note"}),
    "IndividualizedEducationProgramme": frozenset({"review_due_on"}),
    "Service": frozenset({"setting", "provider_role", "primary"}),
    "Section504Plan": frozenset({"meeting_on", "decided_on", "has_plan"}),
    "EnglishLearner": frozenset({"monitored_until"}),
    "Foster": frozenset({"agency", "case_reference", "educational_decision_maker"}),
    "DatedService": frozenset({"system", "code", "description", "primary"}),
    "CareerService": frozenset({"primary"}),
    "CareerProgramme": _CAREER,
    "CareerTechnical": _CAREER | {"others"},
    "NeglectedDelinquent": frozenset({"services"}),
    "Immunizations": frozenset({"exemptions", "as_of"}),
    "Dose": frozenset({"cvx"}),
    "Exemption": frozenset({"kind", "vaccine", "reason", "granted_on"}),
    "HealthAlert": frozenset({"name", "instructions"}),
    "DisciplinaryAction": frozenset({"identifier", "served_days", "carries_to_receiving_school"}),
    "RestraintEvent": frozenset({"event_date", "minutes", "reason"}),
}
"""Model → members that CEDS 13 has no element for: rights under FERPA, the military compact's dates, exemptions from immunisation, ..."""

FORM: Final = frozenset({"Coded", "Period", "StudentRecord", "Provenance", "StatementOfDisagreement"})
"""Models that say how something is said, not what: a code with its system, days of validity, provenance."""


class Member(NamedTuple):
    """A member of a model of the record."""

    model: str
    name: str
    ceds: str | None


def members(model: type[BaseModel], *, seen: set[type[BaseModel]] | None = None) -> Iterator[Member]:
    """The members of `model` and of every model inside it, each model once, those of form left out. Days of validity are of form too."""
    seen = set() if seen is None else seen
    if model in seen:
        return
    seen.add(model)
    for name, field in model.model_fields.items():
        extra = field.json_schema_extra
        identifier = extra.get("x-ceds") if isinstance(extra, dict) else None
        if model.__name__ not in FORM and (identifier is not None or name not in ("begin_date", "end_date")):
            yield Member(model.__name__, name, None if identifier is None else str(identifier))
        for inner in _models_in(field.annotation):
            yield from members(inner, seen=seen)


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)
