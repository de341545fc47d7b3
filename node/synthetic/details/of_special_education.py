"""What an IEP and a section 504 plan say beyond their dates: special education."""

from datetime import date, timedelta

from node.synthetic.details.things import Child, Draws, Thing, coded
from node.synthetic.people import Document
from node.synthetic.schooling import reference

DISABILITIES = (
    "Speechlanguageimpairment", "Speechlanguageimpairment", "Speechlanguageimpairment", "Otherhealthimpairment", "Otherhealthimpairment",
    "Autism", "Autism", "Developmentaldelay", "Intellectualdisability", "Emotionaldisturbance", "Multipledisabilities",
    "Hearingimpairment", "Orthopedicimpairment", "Visualimpairment", "Traumaticbraininjury", "Deafness",
)  # fmt: skip
ACCOMMODATIONS = ("extended-time", "small-group", "read-aloud", "preferential-seating", "breaks", "large-print", "speech-to-text")
SERVICES = (("15", "speech-language-pathologist"), ("08", "occupational-therapist"), ("09", "physical-therapist"), ("10", "psychologist"))
GOALS = (
    ("Academic", "Will solve two-step problems with 80 percent accuracy in four of five trials."),
    ("Functional", "Will move between rooms with one reminder or fewer on four of five days."),
    ("Academic", "Will write a paragraph of five sentences with one prompt or fewer."),
)


def _has_iep(document: Document, child: Child) -> bool:
    return "iep" in document["special_education"]


def _has_no_iep(document: Document, child: Child) -> bool:
    return "eligibility" not in document["special_education"]


def _has_plan(document: Document, child: Child) -> bool:
    return "section_504" in document["special_education"]


def _young(document: Document, child: Child) -> bool:
    return _has_iep(document, child) and child.age <= 7


def _grown(document: Document, child: Child) -> bool:
    return _has_iep(document, child) and child.age >= 16


def _disability(document: Document, draws: Draws, child: Child) -> None:
    document["special_education"]["eligibility"]["disabilities"][0]["category"]["code"] = draws.one_of(DISABILITIES)


def _second_disability(document: Document, draws: Draws, child: Child) -> None:
    disabilities = document["special_education"]["eligibility"]["disabilities"]
    others = [one for one in DISABILITIES if one != disabilities[0]["category"]["code"]]
    disabilities.append({"category": coded("001733", draws.one_of(others)), "primary": False})


def _exited(document: Document, draws: Draws, child: Child) -> None:
    """Was eligible, and is no longer."""
    found = child.before_school(draws.between(800, 1200))
    document["special_education"]["eligibility"] = {
        "eligible": False,
        "determined_on": found,
        "exit_reason": coded("000222", draws.one_of(("02216", "02217", "02232"))),
        "events": [{"kind": coded("idea-event", "exit"), "event_date": child.before_school(draws.between(30, 300))}],
    }


def _written_plan(document: Document, draws: Draws, child: Child) -> None:
    iep = document["special_education"]["iep"]
    iep["review_due_on"] = (date.fromisoformat(iep["begin_date"]) + timedelta(days=350)).isoformat()
    iep["placement"] = reference(child.school, child.state)
    codes = [draws.one_of(ACCOMMODATIONS[:4]), draws.one_of(ACCOMMODATIONS[4:])]
    iep["accommodations"] = [coded("accommodation", code) for code in codes]
    iep["extended_school_year"] = draws.falls(0.15)
    for service in iep["services"]:
        service |= {"begin_date": iep["begin_date"], "setting": coded("setting", "resource-room")}
        service["provider_role"] = coded("provider", "special-education-teacher")
    for goal in iep["goals"]:
        goal["progress"] = draws.one_of(("Making progress.", "Met in part.", "Not yet begun."))


def _more_goals(document: Document, draws: Draws, child: Child) -> None:
    area, statement = draws.one_of(GOALS)
    document["special_education"]["iep"]["goals"].append({"area": coded("001698", area), "statement": statement})


def _related_service(document: Document, draws: Draws, child: Child) -> None:
    kind, provider = draws.one_of(SERVICES)
    made = {"kind": coded("001383", kind), "minutes_per_week": draws.one_of((30, 45, 60)), "provider_role": coded("provider", provider)}
    document["special_education"]["iep"]["services"].append(made)


def _environment(document: Document, draws: Draws, child: Child) -> None:
    code = draws.one_of(("RC79TO40", "RC79TO40", "RC79TO40", "RC39", "RC39", "SS", "HH"))
    document["special_education"]["iep"]["environment"]["code"] = code


def _transition(document: Document, draws: Draws, child: Child) -> None:
    after = draws.one_of(("a two-year college", "an apprenticeship", "supported employment", "a four-year college"))
    document["special_education"]["iep"]["transition_plan"] = f"After school: {after}. Visits in spring, application by autumn."


def _early_intervention(document: Document, draws: Draws, child: Child) -> None:
    """Part C, until the third birthday."""
    third = child.born + timedelta(days=1095)
    document["special_education"]["early_intervention"] = {
        "begin_date": (child.born + timedelta(days=draws.between(200, 700))).isoformat(),
        "end_date": third.isoformat(),
        "eligibility": coded("part-c", "developmental-delay"),
        "plan_date": (child.born + timedelta(days=720)).isoformat(),
        "services": [{"kind": coded("001383", draws.one_of(("14", "15", "03"))), "minutes_per_week": 60}],
        "notified_part_b_on": (third - timedelta(days=95)).isoformat(),
    }


def _accommodated(document: Document, draws: Draws, child: Child) -> None:
    plan = document["special_education"]["section_504"]
    plan["disability"] = coded("001320", draws.one_of(("03", "03", "07", "04", "99")))
    plan["meeting_on"] = plan["decided_on"]
    plan["begin_date"] = plan["decided_on"]
    plan["accommodations"] = [coded("accommodation", draws.one_of(ACCOMMODATIONS))]


_ELIGIBLE = ("special_education.eligibility",)
_IEP = ("special_education.iep",)

OF_SPECIAL_EDUCATION: tuple[Thing, ...] = (
    Thing("disability", 0.65, _ELIGIBLE, _disability, _has_iep),
    Thing("second_disability", 0.12, _ELIGIBLE, _second_disability, _has_iep),
    Thing("exited_special_education", 0.012, _ELIGIBLE, _exited, _has_no_iep),
    Thing("written_plan", 0.97, _IEP, _written_plan, _has_iep),
    Thing("more_goals", 0.60, _IEP, _more_goals, _has_iep),
    Thing("related_service", 0.45, _IEP, _related_service, _has_iep),
    Thing("environment", 0.33, _IEP, _environment, _has_iep),
    Thing("transition", 0.95, _IEP, _transition, _grown),
    Thing("early_intervention", 0.20, ("special_education.early_intervention",), _early_intervention, _young),
    Thing("accommodated", 0.97, ("special_education.section_504",), _accommodated, _has_plan),
)
