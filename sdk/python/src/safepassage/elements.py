"""The closed list of data elements: what an agreement schedules, a decision permits, and a record holds.

An element is `<section>.<member>` of the student record (safepassage.record). Its id is what policies, agreements and decisions name.
A CEDS id is the global id in the Common Education Data Standards, version 13, of the element that the datum is, or turns on where CEDS
spreads it over several. Where CEDS has the datum as a value of an option set, it is the id of that set: foster care is a Program Type,
restraint a Disciplinary Action Taken, an SSN a Student Identifier of the system SSN. The members of the record models carry the ids of the
others; `safepassage.record.ceds` has their names, and the members that CEDS has no element for.
"""

from dataclasses import dataclass
from typing import Literal

Category = Literal[
    "identity", "directory", "contact", "address", "ssn", "demographic", "enrollment", "attendance", "academic", "assessment",
    "special_education", "part_c", "language", "programme", "homeless", "foster", "meal_status", "neglected_delinquent", "military",
    "health", "discipline",
]  # fmt: skip

Sensitivity = Literal["ordinary", "special"]
"""special: SSN, special education, homeless, foster, meal status, neglected or delinquent, discipline, health (product.md)."""


@dataclass(frozen=True)
class Element:
    """A named datum of a student record."""

    id: str
    ceds: str
    categories: tuple[Category, ...]
    sensitivity: Sensitivity
    title: str

    @property
    def section(self) -> str:
        """The part of the record that is sealed as one."""
        return self.id.partition(".")[0]

    @property
    def member(self) -> str:
        """The member of the section that holds the datum."""
        return self.id.partition(".")[2]


def _element(id_: str, ceds: str, *categories: Category, special: bool = False, title: str) -> Element:
    return Element(id_, ceds, categories, "special" if special else "ordinary", title)


ELEMENTS: tuple[Element, ...] = (
    _element("identity.name", "000115", "identity", "directory", title="Legal name: prefix, first, middle, last 1, last 2, suffix"),
    _element("identity.preferred_name", "000206", "identity", title="Preferred name"),
    _element("identity.other_names", "000206", "identity", title="Other names with the dates of their use"),
    _element("identity.birth_date", "000033", "identity", "directory", title="Date of birth and how it was verified"),
    _element("identity.birth_place", "000427", "identity", title="City, state and country of birth"),
    _element("identity.multiple_birth", "000431", "identity", title="Twin or other multiple birth, and the order"),
    _element("identity.sex", "000255", "demographic", title="Sex"),
    _element("identity.identifiers", "001071", "identity", title="Identifiers by the system that gave them, the SSN not among them"),
    _element("identity.ssn", "001071", "ssn", special=True, title="Social security number"),
    _element("demographics.race_ethnicity", "001943", "demographic", title="Race and ethnicity"),
    _element("demographics.languages", "000317", "demographic", "language", title="Languages and their use"),
    _element("demographics.tribal_affiliation", "001657", "demographic", title="Tribal affiliation"),
    _element("demographics.military_connection", "001576", "military", title="Military-connected indicator, component and dates"),
    _element("contacts.addresses", "000269", "contact", "address", "directory", title="Addresses with their dates"),
    _element("contacts.telephones", "000279", "contact", "directory", title="Telephone numbers"),
    _element("contacts.emails", "000088", "contact", "directory", title="E-mail addresses"),
    _element("contacts.guardians", "000425", "contact", "address", title="Parents and guardians: relation, rights, how to reach them"),
    _element("enrollment.enrollments", "000097", "enrollment", "directory", title="Enrollments: school, entry, exit, grade"),
    _element("enrollment.residency", "000637", "enrollment", title="District of residence and of responsibility"),
    _element("attendance.events", "000076", "attendance", title="Attendance events"),
    _element("attendance.summary", "000202", "attendance", title="Days enrolled, present, absent by school year"),
    _element("academics.current_courses", "000978", "academic", title="Sections in progress with marks and partial credit"),
    _element("academics.transcript", "000055", "academic", title="Courses taken: SCED and local code, credit, mark"),
    _element("academics.grade_point_averages", "000128", "academic", title="Grade point averages, weighted and not"),
    _element("academics.graduation_plan", "002026", "academic", title="Graduation plan: diploma aimed at, credits required and earned"),
    _element("assessments.results", "000245", "assessment", title="Assessment results on the scale of the state that gave them"),
    _element("assessments.english_proficiency", "001995", "assessment", "language", title="English language proficiency results"),
    _element("special_education.eligibility", "000151", "special_education", special=True, title="IDEA eligibility, disabilities, events"),
    _element("special_education.iep", "000320", "special_education", special=True, title="Individualized education program"),
    _element("special_education.early_intervention", "001656", "special_education", "part_c", special=True, title="Part C services"),
    _element("special_education.section_504", "000249", "special_education", special=True, title="Section 504 plan"),
    _element("programmes.english_learner", "000180", "programme", "language", title="English learner status and services"),
    _element("programmes.gifted", "000122", "programme", title="Gifted and talented"),
    _element("programmes.title_i", "000281", "programme", title="Title I participation"),
    _element("programmes.migrant", "000189", "programme", special=True, title="Migrant: qualifying arrival date, priority for services"),
    _element("programmes.homeless", "000149", "homeless", "address", special=True, title="Homelessness: night-time residence"),
    _element("programmes.foster", "000225", "foster", special=True, title="Foster care: agency and role"),
    _element("programmes.meal_status", "000092", "meal_status", special=True, title="Free or reduced-price meal eligibility"),
    _element("programmes.career_technical", "000592", "programme", title="Career and technical education"),
    _element("programmes.neglected_delinquent", "000193", "neglected_delinquent", special=True, title="Neglected or delinquent (Part D)"),
    _element("health.immunizations", "001248", "health", special=True, title="Immunisations (CVX) and exemptions"),
    _element("health.alerts", "000439", "health", special=True, title="Health alerts"),
    _element("discipline.incidents", "000501", "discipline", special=True, title="Discipline: incident, role, action"),
    _element("discipline.restraint", "000488", "discipline", special=True, title="Restraint and seclusion"),
)  # fmt: skip
"""Every element, in the order of the record."""

BY_ID: dict[str, Element] = {element.id: element for element in ELEMENTS}

SECTIONS: tuple[str, ...] = tuple(dict.fromkeys(element.section for element in ELEMENTS))
"""The sections of a record, each sealed as one blob."""


def elements_of(sections: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """The ids of every element of `sections`, in the order of the catalogue. Raises KeyError for a section that does not exist."""
    for section in sections:
        if section not in SECTIONS:
            raise KeyError(section)
    return tuple(element.id for element in ELEMENTS if element.section in sections)
