"""Calendars, residency, sessions, terms, and the tests' accommodations: enrolment, attendance, assessments."""

from node.synthetic.details.things import Child, Draws, Thing, coded
from node.synthetic.people import Document
from node.synthetic.schooling import reference

CALENDARS = ("block", "semester", "trimester", "four-term")
ACCOMMODATIONS = ("Scheduling", "Setting", "TestAdministration", "TestMaterial", "TestResponse", "EquipmentOrTechnology")
DOMAINS = ("listening", "speaking", "reading", "writing")


def _calendar(document: Document, draws: Draws, child: Child) -> None:
    """Of the school, so drawn by it and not by the child."""
    for stay in document["enrollment"]["enrollments"]:
        stay["calendar"] = Draws(f"calendar/{stay['school']['nces_id']}").one_of(CALENDARS)


def _graduated(document: Document, child: Child) -> bool:
    exit_type: Document = document["enrollment"]["enrollments"][0].get("exit_type", {})
    return exit_type.get("code") == "01921"


def _left_otherwise(document: Document, draws: Draws, child: Child) -> None:
    """Other credentials, requirements not met, discontinued, home schooling, a private school of another state, abroad."""
    code = draws.one_of(("01922", "01928", "01928", "01927", "01927", "01918", "01912", "01916"))
    document["enrollment"]["enrollments"][0]["exit_type"]["code"] = code


def _residence(document: Document, draws: Draws, child: Child) -> None:
    residency = document["enrollment"]["residency"]
    residency["residence_status"] = coded("000532", draws.one_of(("01652",) * 9 + ("01653",)))
    residency["responsibility"] = coded("000594", draws.one_of(("Accountability", "Attendance", "Funding")))


def _lives_elsewhere(document: Document, draws: Draws, child: Child) -> None:
    """In another district of the state than the one that answers for the child."""
    residency = document["enrollment"]["residency"]
    others = [one for one in child.districts if one.nces_id != residency["responsible"]["nces_id"]]
    residency["residence"] = reference(draws.one_of(others), child.state)
    residency["residence_status"] = coded("000532", "01654")


def _has_events(document: Document, child: Child) -> bool:
    return bool(document["attendance"].get("events"))


def _sessions(document: Document, draws: Draws, child: Child) -> None:
    for event in document["attendance"]["events"]:
        event["session"] = "Fall Semester" if event["event_date"][5:7] >= "08" else "Spring Semester"


def _half_days(document: Document, draws: Draws, child: Child) -> None:
    """An early departure that counts as half of a day; the summary has whole days."""
    for event in document["attendance"]["events"]:
        if event["category"]["code"] == "EarlyDeparture":
            event |= {"duration_days": "0.5", "reason": draws.one_of(("illness", "appointment", "family"))}


def _may_be_accommodated(document: Document, child: Child) -> bool:
    special, programmes = document["special_education"], document["programmes"]
    entitled = "iep" in special or "section_504" in special or "english_learner" in programmes
    return entitled and "results" in document["assessments"]


def _accommodations(document: Document, draws: Draws, child: Child) -> None:
    codes = [draws.one_of(ACCOMMODATIONS)]
    if "english_learner" in document["programmes"]:
        codes.append("EnglishLearner")
    if "section_504" in document["special_education"]:
        codes.append("504")
    for result in document["assessments"]["results"]:
        result["accommodations"] = [coded("000383", code) for code in codes]


def _tested_in_english(document: Document, child: Child) -> bool:
    return "english_proficiency" in document["assessments"]


def _domains(document: Document, draws: Draws, child: Child) -> None:
    system = {"listening": 0, "speaking": 0, "reading": 0, "writing": 0} | {one: draws.between(10, 60) for one in DOMAINS}
    for result in document["assessments"]["english_proficiency"]:
        result["title"] = f"{child.state.name} English Language Proficiency"
        result["grade"] = document["enrollment"]["enrollments"][0]["grade"]
        result["scores"] = result["scores"] + [
            {"method": {"system": f"{child.state.code}:elp", "code": one}, "value": f"{system[one] / 10:.1f}"} for one in DOMAINS
        ]
        level = float(result["scores"][0]["value"])
        result["performance_level"] = {"system": f"{child.state.code}:elp-levels", "code": str(int(level))}


OF_SCHOOLING: tuple[Thing, ...] = (
    Thing("calendar", 1.0, ("enrollment.enrollments",), _calendar),
    Thing("left_otherwise", 0.10, ("enrollment.enrollments",), _left_otherwise, _graduated),
    Thing("residence", 1.0, ("enrollment.residency",), _residence),
    Thing("lives_elsewhere", 0.02, ("enrollment.residency",), _lives_elsewhere),
    Thing("sessions", 0.30, ("attendance.events",), _sessions, _has_events),
    Thing("half_days", 0.50, ("attendance.events",), _half_days, _has_events),
    Thing("accommodations", 0.60, ("assessments.results",), _accommodations, _may_be_accommodated),
    Thing("domains", 1.0, ("assessments.english_proficiency",), _domains, _tested_in_english),
)
