"""Where it was, what was decided, suspensions that go along to the next school, and what families say of it: discipline, statements."""

from datetime import date, timedelta
from uuid import UUID

from node.synthetic.details.things import Child, Draws, Thing, coded
from node.synthetic.people import Document

PLACES = ("03013", "03014", "03015", "03022", "03028", "03413")
REASONS = ("danger to others", "danger to the child")
CONTESTED = (
    ("attendance.events", "The days of March were a doctor's; the notes were handed in."),
    ("assessments.results", "The test was taken on a day on which our child had a fever."),
    ("special_education.iep", "We did not agree to fewer minutes of speech therapy."),
)


def _has_incident(document: Document, child: Child) -> bool:
    return bool(document["discipline"].get("incidents"))


def _was_restrained(document: Document, child: Child) -> bool:
    return "restraint" in document["discipline"]


def _was_expelled(document: Document, child: Child) -> bool:
    return any("weapons" in one or one["behaviors"][0]["code"] == "04705" for one in document["discipline"].get("incidents", ()))


def _is_in_school(document: Document, child: Child) -> bool:
    stay = document["enrollment"]["enrollments"][0]
    begun = date.fromisoformat(stay["entry_date"]) <= child.calendar.as_of - timedelta(days=8)
    return "exit_date" not in stay and begun and child.age >= 10


def _told_in_full(document: Document, draws: Draws, child: Child) -> None:
    for incident in document["discipline"]["incidents"]:
        incident["location"] = coded("000617", draws.one_of(PLACES))
        incident["description"] = "Words were exchanged, then pushes; nobody was hurt."
        if "iep" in document["special_education"]:
            incident["manifestation_of_disability"] = draws.falls(0.2)
        for place, action in enumerate(incident["actions"], start=1):
            action["identifier"] = f"{incident['identifier']}-{place}"
            if "end_date" in action:
                action["served_days"] = action["length_days"]


def _expelled_in_full(document: Document, draws: Draws, child: Child) -> None:
    for incident in document["discipline"]["incidents"]:
        if incident["behaviors"][0]["code"] == "04705":
            incident["school"] = {"nces_id": child.school.nces_id}
            incident["weapons"] = [coded("001211", draws.one_of(("KnifeGreaterThanThreeInches", "OtherObject", "BBGun")))]
            incident["reported_to_law_enforcement"] = True
            for action in incident["actions"]:
                action["placement_meeting_held"] = "iep" in document["special_education"]


def _other_role(document: Document, draws: Draws, child: Child) -> None:
    """To whom it was done, or who saw it."""
    document["discipline"].setdefault("incidents", []).append(
        {
            "identifier": f"R{child.number}",
            "incident_date": child.before_school(draws.between(100, 300)),
            "school": {"nces_id": child.school.nces_id},
            "role": coded("001373", draws.one_of(("Victim", "Victim", "Witness"))),
            "behaviors": [coded("000509", draws.one_of(("04646", "75005", "04645")))],
            "location": coded("000617", draws.one_of(PLACES)),
        }
    )


def _suspended(document: Document, draws: Draws, child: Child) -> None:
    """Out of school, and not over: whoever takes the child in is told how many days are left (20 USC 7917)."""
    on = child.calendar.as_of - timedelta(days=draws.between(3, 7))
    served = draws.between(1, 3)
    document["discipline"].setdefault("incidents", []).append(
        {
            "identifier": f"S{child.number}",
            "incident_date": on.isoformat(),
            "school": {"nces_id": child.school.nces_id},
            "role": coded("001373", "Perpetrator"),
            "behaviors": [coded("000509", draws.one_of(("04645", "04686", "04635")))],
            "actions": [
                {
                    "identifier": f"S{child.number}-1",
                    "action": coded("000488", draws.one_of(("03101", "03102"))),
                    "begin_date": (on + timedelta(days=1)).isoformat(),
                    "length_days": "10",
                    "served_days": str(served),
                    "carries_to_receiving_school": True,
                }
            ],
        }
    )


def _why_restrained(document: Document, draws: Draws, child: Child) -> None:
    for event in document["discipline"]["restraint"]:
        event["reason"] = draws.one_of(REASONS)


def _secluded(document: Document, draws: Draws, child: Child) -> None:
    event = {
        "event_date": child.before_school(draws.between(90, 280)),
        "kind": coded("restraint", "seclusion"),
        "minutes": draws.between(2, 20),
    }
    document["discipline"].setdefault("restraint", []).append(event)


def _contests(document: Document, draws: Draws, child: Child) -> None:
    """A statement placed beside a record that was not amended."""
    there = [one for one in CONTESTED if one[0].partition(".")[2] in document.get(one[0].partition(".")[0], {})]
    if there:
        element, statement = draws.one_of(there)
        document.setdefault("statements", []).append(
            {
                "id": str(UUID(int=draws.below(1 << 32) << 96 | draws.below(1 << 32) << 32 | child.number, version=4)),
                "relates_to": [element],
                "statement": statement,
                "placed_by": "eligible-student" if child.age >= 18 else "parent",
                "placed_on": child.before_school(draws.between(5, 100)),
                "hearing_reference": f"hearing {child.number}",
            }
        )


_INCIDENTS = ("discipline.incidents",)

OF_DISCIPLINE: tuple[Thing, ...] = (
    Thing("told_in_full", 0.80, _INCIDENTS, _told_in_full, _has_incident),
    Thing("expelled_in_full", 0.95, _INCIDENTS, _expelled_in_full, _was_expelled),
    Thing("other_role", 0.02, _INCIDENTS, _other_role),
    Thing("suspended", 0.006, _INCIDENTS, _suspended, _is_in_school),
    Thing("why_restrained", 0.95, ("discipline.restraint",), _why_restrained, _was_restrained),
    Thing("secluded", 0.002, ("discipline.restraint",), _secluded),
    Thing("contests", 0.002, ("statements",), _contests),
)
