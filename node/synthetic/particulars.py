"""What else a record may hold: earlier names and addresses, court papers, programmes, exemptions, discipline that travels."""

from datetime import date, timedelta
from random import Random
from uuid import UUID

from node.synthetic.calendar import SchoolCalendar
from node.synthetic.names import STREETS
from node.synthetic.people import Document, Family
from node.synthetic.rates import Rates
from node.synthetic.states import StatePlan

BORN_ABROAD = 0.06
CALLED = ("Ace", "Birdie", "Chip", "Dot", "Junie", "Scout", "Sunny", "Teddy")


def add_particulars(
    document: Document,
    random: Random,
    rates: Rates,
    *,
    calendar: SchoolCalendar,
    state: StatePlan,
    home: Family,
    girl: bool,
    number: int,
    of_twins: tuple[Random, int] | None = None,
) -> None:
    """Add to a student's sections what chance gives them.

    home      the family, whose home is in `state`
    number    of the record: court papers and incidents are numbered by it
    of_twins  the draws of what twins have alike, and the number of the first one's record; None: an only child of the year
    """
    has = {name: random.random() < getattr(rates, name) for name in _DRAWN}
    family, first_number = of_twins or (random, number)
    if of_twins is not None:
        has |= {name: family.random() < getattr(rates, name) for name in _OF_FAMILY}
    identity, contacts, programmes = document["identity"], document["contacts"], document["programmes"]
    born = date.fromisoformat(identity["birth_date"]["birth_date"])
    abroad = family.random() < BORN_ABROAD
    identity["birth_place"] = {"country": "ZZ"} if abroad else {"city": family.choice(state.cities), "state": state.code, "country": "US"}
    if has["suffix"] and not girl:
        identity["name"]["suffix"] = random.choice(("Jr.", "II", "III"))
    if has["alias"]:
        identity["other_names"] = [{"kind": "alias", "first": random.choice(CALLED), "begin_date": _in(born, 5).isoformat()}]
    if has["sealed_name"]:
        until = _in(born, 6).isoformat()
        identity.setdefault("other_names", []).append(
            {"kind": "previous-legal", "first": "Formerly", "last": home.mother, "end_date": until, "sealed": True}
        )
    if has["tribal"]:
        document["demographics"]["tribal_affiliation"] = [
            {"tribe": {"system": "local:tribe", "code": "invented-nation"}, "enrolled_member": random.random() < 0.8}
        ]
    if has["earlier_address"]:
        moved = calendar.begins - timedelta(days=family.randrange(30, 1400))
        earlier = {**home.address, "street": f"{family.randrange(1, 900)} {family.choice(STREETS)}"}
        contacts["addresses"] = [
            {**home.address, "begin_date": moved.isoformat()},
            {**earlier, "end_date": (moved - timedelta(days=1)).isoformat()},
        ]
    if has["rights_ended"]:
        _end_rights(document, calendar, state, first_number)
    if has["protected_address"]:
        for held in (contacts, *contacts["guardians"]):
            held["addresses"] = [{**address, "protected": True} for address in held["addresses"]]
    if has["gifted"]:
        programmes["gifted"] = {"status": {"system": "ceds:000122", "code": "Yes"}}
    if has["title_i"]:
        programmes["title_i"] = {
            "indicator": {"system": "ceds:000281", "code": "SchoolwideProgram"},
            "begin_date": calendar.begins.isoformat(),
        }
    if has["exemption"]:
        document["health"]["immunizations"]["exemptions"] = [{"kind": random.choice(("medical", "non-medical"))}]
    if has["restraint"]:
        document["discipline"]["restraint"] = [
            {
                "event_date": (calendar.begins - timedelta(days=120)).isoformat(),
                "kind": {"system": "local:restraint", "code": "physical"},
                "minutes": random.randint(1, 9),
            }
        ]
    if has["expulsion"]:
        _expel(document, calendar, number)
    if has["statement"] and document["discipline"].get("incidents"):
        document["statements"] = [
            {
                "id": str(UUID(int=random.getrandbits(128), version=4)),
                "relates_to": ["discipline.incidents"],
                "statement": "We do not agree with this account.",
                "placed_by": "parent",
                "placed_on": (calendar.begins - timedelta(days=10)).isoformat(),
            }
        ]
    _tell_events(document, calendar)


_DRAWN = (
    "suffix", "alias", "sealed_name", "tribal", "earlier_address", "rights_ended", "protected_address", "gifted", "title_i", "exemption",
    "restraint", "expulsion", "statement",
)  # fmt: skip
_OF_FAMILY = ("tribal", "earlier_address", "rights_ended", "protected_address")
"""What twins do not have each for themselves."""


def _in(born: date, years: int) -> date:
    return born + timedelta(days=365 * years)


def _end_rights(document: Document, calendar: SchoolCalendar, state: StatePlan, number: int) -> None:
    ended = (calendar.begins - timedelta(days=300)).isoformat()
    reference = f"{state.name} Family Court 01-FC-{number:06d}"
    father = document["contacts"]["guardians"][1]
    father["rights"] = {"ended_on": ended, "ended_by": reference}
    father["court_documents"] = [{"kind": "rights-revoked", "reference": reference, "issued_on": ended}]
    father["lives_with_student"] = False


def _expel(document: Document, calendar: SchoolCalendar, number: int) -> None:
    on = calendar.begins - timedelta(days=60)
    document["discipline"].setdefault("incidents", []).append(
        {
            "identifier": f"X{number}",
            "incident_date": on.isoformat(),
            "role": {"system": "ceds:001373", "code": "Perpetrator"},
            "behaviors": [{"system": "ceds:000509", "code": "04705"}],
            "actions": [
                {
                    "action": {"system": "ceds:000488", "code": "03086"},
                    "begin_date": (on + timedelta(days=3)).isoformat(),
                    "length_days": "180",
                    "carries_to_receiving_school": True,
                }
            ],
        }
    )


def _tell_events(document: Document, calendar: SchoolCalendar) -> None:
    """The steps that led to an IEP."""
    eligibility = document["special_education"].get("eligibility")
    if eligibility is None:
        return
    referred = calendar.begins - timedelta(days=260)
    eligibility["evaluated_on"] = (referred + timedelta(days=50)).isoformat()
    eligibility["events"] = [
        {"kind": {"system": "local:idea-event", "code": code}, "event_date": (referred + timedelta(days=after)).isoformat()}
        for code, after in (("referral", 0), ("consent-to-evaluate", 14), ("evaluation", 50), ("eligibility", 80))
    ]
