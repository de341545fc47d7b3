"""Everything that a student's record has to contain, item by item, as often as it is asked for."""

from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from math import sqrt
from typing import Any

import pytest

from node.synthetic.population import Population
from node.synthetic.profiles import PROFILES

DAY = date(2026, 11, 26)
COUNT = 1_100
"""Students a state; the schools are those of the profile of 20,000."""

Record = dict[str, Any]
Has = Callable[[Record], object]


@cache
def records() -> tuple[Record, ...]:
    """Of both states, those whose first state it is, without the hard cases; `None` members as an empty thing are not there."""
    population = Population(PROFILES["state"], as_of=DAY, students=COUNT)
    return tuple(one.document for state in population.states for one in _ordinary(population, state))


def _ordinary(population: Population, state: Any) -> Iterator[Any]:
    for number, one in enumerate(population.records(state)):
        if number == COUNT:
            return
        if one.truth.case is None:
            yield one


def at(path: str) -> Has:
    """What stands at a path, the first one of each list that has it; None, where nothing does."""

    def found(held: Any, names: list[str]) -> object:
        if not names:
            return held
        if isinstance(held, list):
            return next((value for one in held if (value := found(one, names)) is not None), None)
        return found(held[names[0]], names[1:]) if isinstance(held, dict) and names[0] in held else None

    return lambda record: found(record, path.split("."))


def all_at(path: str) -> Callable[[Record], list[Any]]:
    """Everything at a path, of all lists."""

    def found(held: Any, names: list[str]) -> Iterator[Any]:
        if isinstance(held, list):
            for one in held:
                yield from found(one, names)
        elif not names:
            yield held
        elif isinstance(held, dict) and names[0] in held:
            yield from found(held[names[0]], names[1:])

    return lambda record: list(found(record, path.split(".")))


def among(path: str, *values: object) -> Has:
    """One of the values stands somewhere at the path."""
    return lambda record: any(one in values for one in all_at(path)(record))


def everyone(record: Record) -> object:
    """Nobody is left out."""
    return True


def in_grade_12(record: Record) -> object:
    stay = record["enrollment"]["enrollments"][0]
    return stay["grade"]["code"] == "12" and "exit_date" not in stay


def in_school_in_grade_11_or_12(record: Record) -> object:
    stay = record["enrollment"]["enrollments"][0]
    return stay["grade"]["code"] in ("11", "12") and "exit_date" not in stay


def in_school(record: Record) -> object:
    return "exit_date" not in record["enrollment"]["enrollments"][0]


def in_a_lower_grade(record: Record) -> object:
    return in_school(record) and record["enrollment"]["enrollments"][0]["grade"]["code"] not in ("11", "12")


def beside(record: Record, district: str) -> object:
    """At a second school, of the same or another district."""
    first, *others = record["enrollment"]["enrollments"]
    return any(
        not one.get("primary", True) and "district" in one and (one["district"] == first["district"]) is (district == "same")
        for one in others
    )


def never_came(record: Record) -> object:
    """The state that it left for another in the summer still counts it: enrolled, and no day of this year is known of it."""
    year = record["enrollment"]["enrollments"][0]["school_year"]
    return in_school(record) and year not in all_at("attendance.summary.school_year")(record)


def in_high_school(record: Record) -> object:
    return in_school(record) and record["enrollment"]["enrollments"][0]["grade"]["code"] in ("09", "10", "11", "12")


def is_11(record: Record) -> object:
    born = date.fromisoformat(record["identity"]["birth_date"]["birth_date"])
    return in_school(record) and date(born.year + 11, born.month, min(born.day, 28)) <= DAY


def is_18(record: Record) -> object:
    born = date.fromisoformat(record["identity"]["birth_date"]["birth_date"])
    return date(born.year + 18, born.month, min(born.day, 28)) <= DAY


IEP, PLAN_504, INCIDENTS = at("special_education.iep"), at("special_education.section_504"), at("discipline.incidents")
LEARNER = among("programmes.english_learner.status.code", "Yes")
MILITARY, FOSTER, HOMELESS = at("demographics.military_connection"), at("programmes.foster"), at("programmes.homeless")
TRANSCRIPT, RESULTS = at("academics.transcript"), at("assessments.results")
HIGH = all_at("academics.current_courses.partial_credit")
GUARDIANS, ADDRESSES = all_at("contacts.guardians"), all_at("contacts.addresses")


def at_college(record: Record) -> object:
    """Now, not in a year that has ended."""
    return any(one["grade"]["code"] == "PS" and "exit_date" not in one for one in record["enrollment"]["enrollments"])


def in_high_school_the_whole_year_before(record: Record) -> object:
    """In the last grades, and in school still."""
    stays = [one for one in record["enrollment"]["enrollments"] if one.get("primary", True)]
    last = [one for one in stays if one["school_year"] == stays[0]["school_year"] - 1 and one["grade"]["code"] in ("11", "12")]
    return "exit_date" not in stays[0] and any(one.get("exit_date", "").endswith("-06-05") for one in last)


def entitled(record: Record) -> object:
    return RESULTS(record) and (IEP(record) or PLAN_504(record) or at("programmes.english_learner")(record))


ITEMS: tuple[tuple[str, Has, Has, float], ...] = (
    ("prefix", at("identity.name.prefix"), everyone, 0.02),
    ("first name", at("identity.name.first"), everyone, 1.0),
    ("middle name", at("identity.name.middle"), everyone, 0.60),
    ("last name 1", at("identity.name.last_1"), everyone, 1.0),
    ("last name 2", at("identity.name.last_2"), everyone, 0.28),
    ("suffix", at("identity.name.suffix"), among("identity.sex.code", "Male"), 0.03),
    ("preferred name", at("identity.preferred_name.first"), everyone, 0.15),
    ("preferred surname", at("identity.preferred_name.last"), everyone, 0.01),
    ("alias with its first day", at("identity.other_names.begin_date"), everyone, 0.02),
    ("alias with its last day", lambda one: any({"begin_date", "end_date"} <= set(other) for other in all_at("identity.other_names")(one)),
     everyone, 0.006),
    ("verification of the birth date", at("identity.birth_date.verification"), everyone, 1.0),
    ("verified by another paper than the commonest", lambda one: at("identity.birth_date.verification.code")(one) not in ("01003", "01004"),
     everyone, 0.57),
    ("multiple birth", among("identity.multiple_birth.indicator", True), everyone, 0.03),
    ("its order", at("identity.multiple_birth.order"), among("identity.multiple_birth.indicator", True), 1.0),
    ("birth state", at("identity.birth_place.state"), everyone, 0.94),
    ("birth country", at("identity.birth_place.country"), everyone, 1.0),
    ("sex", at("identity.sex"), everyone, 1.0),
    ("combined question", at("demographics.race_ethnicity.combined"), everyone, 0.495),
    ("separate questions", at("demographics.race_ethnicity.races"), everyone, 0.495),
    ("Hispanic", lambda one: among("demographics.race_ethnicity.combined.code", "Hispanic")(one)
     or among("demographics.race_ethnicity.hispanic_or_latino", True)(one), everyone, 0.277),
    ("question declined", at("demographics.race_ethnicity.declined"), everyone, 0.01),
    ("home language", among("demographics.languages.use.code", "Home"), everyone, 1.0),
    ("second language", lambda one: len(all_at("demographics.languages")(one)) > 1, everyone, 0.12),
    ("tribal affiliation", at("demographics.tribal_affiliation.tribe"), everyone, 0.015),
    ("relationship", at("contacts.guardians.relation"), everyone, 1.0),
    ("rights ended, with the court's reference", at("contacts.guardians.rights.ended_by"), everyone, 0.01),
    ("custody order", among("contacts.guardians.court_documents.kind", "custody"), everyone, 0.0594),
    ("no-contact order that ends no rights", lambda one: any(
        "rights" in guardian and "ended_on" not in guardian["rights"] and "contact_restriction" in guardian for guardian in GUARDIANS(one)),
     everyone, 0.005),
    ("guardianship", among("contacts.guardians.court_documents.kind", "guardianship"), everyone, 0.008),
    ("a contact without rights", lambda one: any("rights" not in guardian for guardian in GUARDIANS(one)), everyone, 0.30),
    ("does not live with", among("contacts.guardians.lives_with_student", False), everyone, 0.31),
    ("earlier address", at("contacts.addresses.end_date"), everyone, 0.30),
    ("mailing address", among("contacts.addresses.kind.code", "Mailing"), everyone, 0.03),
    ("protected address", at("contacts.addresses.protected"), everyone, 0.003),
    ("nighttime residence", at("programmes.homeless.nighttime_residence"), HOMELESS, 1.0),
    ("entry code", at("enrollment.enrollments.entry_type"), everyone, 1.0),
    ("left for another state", among("enrollment.enrollments.exit_type.code", "01909", "01912", "01916"), everyone, 0.055),
    ("left with no diploma", among("enrollment.enrollments.exit_type.code", "01922", "01927", "01928", "01918"),
     lambda one: "exit_date" in one["enrollment"]["enrollments"][0], 0.15),
    ("left in the middle of a year for good", lambda one: one["enrollment"]["enrollments"][0].get("exit_date", "0000-06-00")[4:8] != "-06-"
     and one["enrollment"]["enrollments"][0]["exit_type"]["code"] in ("01912", "01916", "01918", "01927"), everyone, 0.032),
    ("at two schools of a district", lambda one: beside(one, "same"), in_school_in_grade_11_or_12, 0.10),
    ("at a career centre of another district", lambda one: beside(one, "another"), in_school_in_grade_11_or_12, 0.05),
    ("at two schools between two homes, or where a court placed the child", lambda one: beside(one, "another"), in_a_lower_grade, 0.0118),
    ("placed in another district", lambda one: in_school(one) and beside(one, "another"), FOSTER, 0.20),
    ("at a college too", at_college, in_school_in_grade_11_or_12, 0.06),
    ("a course of the college", among("academics.current_courses.course.level.code", "73048"), at_college, 1.0),
    ("a course finished at a college", among("academics.transcript.grade.code", "PS"), in_high_school_the_whole_year_before, 0.04),
    ("counted where it never came", never_came, in_school, 0.0015),
    ("grade", at("enrollment.enrollments.grade"), everyone, 1.0),
    ("calendar", among("enrollment.enrollments.calendar", "block", "semester", "trimester", "four-term"), everyone, 1.0),
    ("residence", at("enrollment.residency.residence_status"), everyone, 1.0),
    ("responsibility", at("enrollment.residency.responsibility"), everyone, 1.0),
    ("lives in another district", among("enrollment.residency.residence_status.code", "01654"), everyone, 0.02),
    ("attendance events", at("attendance.events"), everyone, 0.999),
    ("session of an event", at("attendance.events.session"), everyone, 0.30),
    ("half days", among("attendance.events.duration_days", "0.5"), everyone, 0.50),
    ("attendance summary", at("attendance.summary"), everyone, 1.0),
    ("sections", at("academics.current_courses.section"), lambda one: "exit_date" not in one["enrollment"]["enrollments"][0], 1.0),
    ("marks in progress", at("academics.current_courses.mark"), lambda one: in_school(one) and not never_came(one), 1.0),
    ("term", at("academics.current_courses.term"), at("academics.current_courses"), 0.90),
    ("partial credit in progress", HIGH, lambda one: among("enrollment.enrollments.grade.code", "09", "10", "11", "12")(one)
     and at("academics.current_courses")(one), 0.50),
    ("SCED code", at("academics.transcript.course.sced_code"), TRANSCRIPT, 1.0),
    ("local code", at("academics.transcript.course.local_code"), TRANSCRIPT, 1.0),
    ("course level", at("academics.transcript.course.level"), TRANSCRIPT, 0.40),
    ("other types of credit", among("academics.transcript.credit.type.code", "00586", "00597", "00599"), TRANSCRIPT, 0.185),
    ("a course that was not passed", among("academics.transcript.credit.earned", "0"), TRANSCRIPT, 0.08),
    ("part of a credit", among("academics.transcript.credit.earned", "0.5"), TRANSCRIPT, 0.05),
    ("scale of letters", among("academics.transcript.mark_scale.code", "A-F"), TRANSCRIPT, 0.75),
    ("scale of numbers", among("academics.transcript.mark_scale.code", "0-100"), TRANSCRIPT, 0.25),
    ("average", among("academics.grade_point_averages.weighted", False), TRANSCRIPT, 1.0),
    ("weighted average", among("academics.grade_point_averages.weighted", True), TRANSCRIPT, 0.50),
    ("graduation plan", at("academics.graduation_plan.plan"), TRANSCRIPT, 1.0),
    ("diploma", at("academics.graduation_plan.diploma"), TRANSCRIPT, 0.90),
    ("Alder's scale", among("assessments.results.scores.method.system", "XA:scale"), RESULTS, 0.50),
    ("Birch's scale", among("assessments.results.scores.method.system", "XB:scale"), RESULTS, 0.50),
    ("accommodations of a test", at("assessments.results.accommodations"), entitled, 0.60),
    ("English proficiency", at("assessments.english_proficiency.performance_level"), LEARNER, 1.0),
    ("IEP", IEP, everyone, 0.15),
    ("IDEA events", at("special_education.eligibility.events"), IEP, 1.0),
    ("eligibility", at("special_education.eligibility.disabilities"), IEP, 1.0),
    ("eligible no longer", at("special_education.eligibility.exit_reason"), lambda one: not IEP(one), 0.012),
    ("a second disability", lambda one: len(all_at("special_education.eligibility.disabilities")(one)) > 1, IEP, 0.12),
    ("goals", at("special_education.iep.goals.statement"), IEP, 1.0),
    ("minutes of services", at("special_education.iep.services.minutes_per_week"), IEP, 1.0),
    ("related service", lambda one: len(all_at("special_education.iep.services")(one)) > 1, IEP, 0.45),
    ("placement", at("special_education.iep.placement"), IEP, 0.97),
    ("review", at("special_education.iep.review_due_on"), IEP, 0.97),
    ("environment outside of the regular class", lambda one: at("special_education.iep.environment.code")(one) != "RC80", IEP, 0.33),
    ("section 504", PLAN_504, everyone, 0.03),
    ("its accommodations", at("special_education.section_504.accommodations"), PLAN_504, 0.97),
    ("English learner", LEARNER, everyone, 0.10),
    ("services for English learners", at("programmes.english_learner.services"), LEARNER, 0.97),
    ("monitored after", at("programmes.english_learner.monitored_until"), everyone, 0.025),
    ("gifted", at("programmes.gifted"), everyone, 0.06),
    ("criteria", at("programmes.gifted.criteria"), at("programmes.gifted"), 0.95),
    ("Title I", at("programmes.title_i"), everyone, 0.20),
    ("migrant", at("programmes.migrant.qualifying_arrival_date"), everyone, 0.005),
    ("priority for services", among("programmes.migrant.priority_for_services", True), at("programmes.migrant"), 0.50),
    ("homeless", HOMELESS, everyone, 0.025),
    ("unaccompanied", among("programmes.homeless.unaccompanied_youth", True), HOMELESS, 0.12),
    ("foster", at("programmes.foster.agency"), everyone, 0.006),
    ("role of the agency", among("programmes.foster.role.code", "placement", "care-and-protection"), FOSTER, 0.35),
    ("case", at("programmes.foster.case_reference"), FOSTER, 0.97),
    ("military", MILITARY, everyone, 0.015),
    ("component", at("demographics.military_connection.component"), MILITARY, 1.0),
    ("change of station", at("demographics.military_connection.permanent_change_of_station_on"), MILITARY, 1.0),
    ("orders that expired", lambda one: str(at("demographics.military_connection.orders_expire_on")(one)) < DAY.isoformat(),
     MILITARY, 0.15),
    ("meal status", at("programmes.meal_status"), everyone, 0.40),
    ("career and technical education", at("programmes.career_technical.services"), in_high_school, 0.45),
    ("a field in which there are few of the sex", among("programmes.career_technical.nontraditional_gender", True),
     at("programmes.career_technical"), 0.28),
    ("neglected or delinquent", at("programmes.neglected_delinquent.programme"), is_11, 0.01),
    ("immunisations by CVX", at("health.immunizations.doses.cvx"), everyone, 1.0),
    ("exemptions", at("health.immunizations.exemptions"), everyone, 0.02),
    ("why exempt", at("health.immunizations.exemptions.reason"), at("health.immunizations.exemptions"), 0.95),
    ("alerts", at("health.alerts"), everyone, 0.08),
    ("severity", at("health.alerts.severity"), at("health.alerts"), 0.225),
    ("incident", INCIDENTS, everyone, 0.08),
    ("role of a victim or witness", among("discipline.incidents.role.code", "Victim", "Witness"), everyone, 0.02),
    ("action", at("discipline.incidents.actions.action"), everyone, 0.057),
    ("suspended, to be carried to the next school", lambda one: any(
        action.get("carries_to_receiving_school") and action["action"]["code"] in ("03101", "03102")
        for action in all_at("discipline.incidents.actions")(one)), lambda one: at("academics.current_courses")(one), 0.0044),
    ("expelled, to be carried", among("discipline.incidents.actions.action.code", "03086"), everyone, 0.002),
    ("restraint", at("discipline.restraint"), everyone, 0.004),
    ("statement of disagreement", at("statements"), everyone, 0.002),
    ("turned 18 in grade 12", is_18, in_grade_12, 0.25),
)  # fmt: skip
"""Item, whether a record has it, whom it concerns, share of those."""


@pytest.mark.parametrize(("has", "concerns", "share"), [one[1:] for one in ITEMS], ids=[one[0] for one in ITEMS])
def test_a_record_contains_it_as_often_as_is_asked(has: Has, concerns: Has, share: float) -> None:
    those = [one for one in records() if concerns(one)]
    assert len(those) >= 10
    found = sum(bool(has(one)) for one in those)
    assert found > 0
    assert abs(found / len(those) - share) <= 4 * sqrt(share * (1 - share) / len(those)) + 1 / len(those), found / len(those)


def test_statements_relate_to_what_is_there() -> None:
    for record in records():
        for statement in record.get("statements", ()):
            for element in statement["relates_to"]:
                section, _, member = element.partition(".")
                assert member in record[section]


def test_credits_and_averages_agree_with_the_transcript() -> None:
    for record in (one for one in records() if TRANSCRIPT(one)):
        schools_own = (course for course in record["academics"]["transcript"] if "nces_id" in course["school"])
        earned = sum(float(course["credit"]["earned"]) for course in schools_own)
        assert float(record["academics"]["graduation_plan"]["credits_earned"]) == earned
        assert all(0 <= float(one["value"]) <= float(one["maximum"]) for one in record["academics"]["grade_point_averages"])
