"""What a data element is called in a few words. Data; a test compares the list with the vocabulary."""

from collections.abc import Mapping
from typing import Final

from services.gateway.console.words import word

ELEMENT_WORDS: Final[Mapping[str, str]] = {
    "identity.name": word("Name"),
    "identity.preferred_name": word("Preferred name"),
    "identity.other_names": word("Other names"),
    "identity.birth_date": word("Date of birth"),
    "identity.birth_place": word("Place of birth"),
    "identity.multiple_birth": word("Twin or other multiple birth"),
    "identity.sex": word("Sex"),
    "identity.identifiers": word("Student identifiers"),
    "identity.ssn": word("Social Security number"),
    "demographics.race_ethnicity": word("Race and ethnicity"),
    "demographics.languages": word("Languages"),
    "demographics.tribal_affiliation": word("Tribal affiliation"),
    "demographics.military_connection": word("Military connection"),
    "contacts.addresses": word("Addresses"),
    "contacts.telephones": word("Telephone numbers"),
    "contacts.emails": word("Email addresses"),
    "contacts.guardians": word("Parents and guardians"),
    "enrollment.enrollments": word("Enrollments"),
    "enrollment.residency": word("District of residence"),
    "attendance.events": word("Attendance events"),
    "attendance.summary": word("Attendance by year"),
    "academics.current_courses": word("Current courses"),
    "academics.transcript": word("Transcript"),
    "academics.grade_point_averages": word("Grade point averages"),
    "academics.graduation_plan": word("Graduation plan"),
    "assessments.results": word("Assessment results"),
    "assessments.english_proficiency": word("English proficiency results"),
    "special_education.eligibility": word("Special education eligibility"),
    "special_education.iep": word("Individualized education program"),
    "special_education.early_intervention": word("Early intervention (Part C)"),
    "special_education.section_504": word("Section 504 plan"),
    "programmes.english_learner": word("English learner services"),
    "programmes.gifted": word("Gifted and talented"),
    "programmes.title_i": word("Title I participation"),
    "programmes.migrant": word("Migratory child"),
    "programmes.homeless": word("Homelessness"),
    "programmes.foster": word("Foster care"),
    "programmes.meal_status": word("Meal eligibility"),
    "programmes.career_technical": word("Career and technical education"),
    "programmes.neglected_delinquent": word("Program for neglected or delinquent children"),
    "health.immunizations": word("Immunizations"),
    "health.alerts": word("Health alerts"),
    "discipline.incidents": word("Discipline incidents"),
    "discipline.restraint": word("Restraint and seclusion"),
    "educator.credentials": word("Credentials of an educator"),
}
"""By element."""

SECTION_WORDS: Final[Mapping[str, str]] = {
    "identity": word("Identity"),
    "demographics": word("Demographics"),
    "contacts": word("Contacts"),
    "enrollment": word("Enrollment and residence"),
    "attendance": word("Attendance"),
    "academics": word("Academics"),
    "assessments": word("Assessments"),
    "special_education": word("Special education"),
    "programmes": word("Programs"),
    "health": word("Health"),
    "discipline": word("Discipline"),
}
"""By section of the record."""
