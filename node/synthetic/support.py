"""Support, health and discipline: the sections that the law watches closest."""

from datetime import date, timedelta
from random import Random

from node.synthetic.calendar import SchoolCalendar
from node.synthetic.people import Document

VACCINES = (("MMR", "03"), ("Poliovirus", "10"), ("DTaP", "20"), ("Varicella", "21"), ("HepatitisB", "08"))


def special_education(calendar: SchoolCalendar, random: Random) -> Document:
    """Eligibility and an IEP in force."""
    met = calendar.begins + timedelta(days=20)
    return {
        "eligibility": {
            "eligible": True,
            "disabilities": [{"category": {"system": "ceds:001733", "code": "Specificlearningdisability"}, "primary": True}],
            "determined_on": (met - timedelta(days=200)).isoformat(),
            "reevaluation_due_on": (met + timedelta(days=890)).isoformat(),
        },
        "iep": {
            "begin_date": met.isoformat(),
            "end_date": (met + timedelta(days=364)).isoformat(),
            "meeting_on": met.isoformat(),
            "environment": {"system": "ceds:000535", "code": "RC80"},
            "goals": [
                {
                    "area": {"system": "local:goal-area", "code": "reading"},
                    "statement": f"Will read grade-level text at {random.randint(90, 130)} words a minute with comprehension.",
                }
            ],
            "services": [{"kind": {"system": "local:service", "code": "specially-designed-instruction"}, "minutes_per_week": 150}],
        },
    }


def section_504(calendar: SchoolCalendar) -> Document:
    """A section 504 plan."""
    return {"eligible": True, "has_plan": True, "decided_on": (calendar.begins - timedelta(days=100)).isoformat()}


def english_learner(calendar: SchoolCalendar) -> Document:
    """Identified and served."""
    return {"status": {"system": "ceds:000180", "code": "Yes"}, "begin_date": (calendar.begins - timedelta(days=730)).isoformat()}


def homeless(calendar: SchoolCalendar, random: Random) -> Document:
    """Since this autumn."""
    return {
        "nighttime_residence": {"system": "ceds:000146", "code": random.choice(("DoubledUp", "HotelMotel", "SheltersTransitionalHousing"))},
        "unaccompanied_youth": False,
        "served": True,
        "begin_date": calendar.begins.isoformat(),
    }


def foster(calendar: SchoolCalendar, state_name: str) -> Document:
    """In the care of the state's agency."""
    return {
        "agency": f"{state_name} Child Welfare Agency",
        "role": {"system": "local:foster-role", "code": "legal-custody"},
        "begin_date": (calendar.begins - timedelta(days=300)).isoformat(),
    }


def migrant(calendar: SchoolCalendar) -> Document:
    """Arrived last spring."""
    arrived = calendar.begins - timedelta(days=140)
    return {
        "status": {"system": "ceds:000189", "code": "Yes"},
        "qualifying_arrival_date": arrived.isoformat(),
        "eligibility_expires_on": (arrived + timedelta(days=1095)).isoformat(),
        "priority_for_services": True,
    }


def military(calendar: SchoolCalendar) -> Document:
    """A parent on active duty with orders."""
    return {
        "status": {"system": "ceds:001576", "code": "ActiveDuty"},
        "permanent_change_of_station_on": (calendar.begins + timedelta(days=160)).isoformat(),
        "orders_expire_on": (calendar.begins + timedelta(days=900)).isoformat(),
    }


def meal_status(calendar: SchoolCalendar, random: Random) -> Document:
    """Free or reduced price."""
    code = random.choice(("Free", "ReducedPrice"))
    return {"eligibility": {"system": "ceds:000092", "code": code}, "begin_date": calendar.begins.isoformat()}


def health(born: date, random: Random) -> Document:
    """Immunisations of early childhood; an alert now and then."""
    doses = [
        {
            "vaccine": {"system": "local:vaccine", "code": name},
            "cvx": cvx,
            "given_on": (born + timedelta(days=random.randint(60, 500))).isoformat(),
        }
        for name, cvx in VACCINES
    ]
    section: Document = {"immunizations": {"doses": doses}}
    if random.random() < 0.08:
        section["alerts"] = [
            {
                "condition": {"system": "local:condition", "code": "asthma"},
                "name": "Asthma",
                "instructions": "Inhaler in the school office.",
            }
        ]
    return section


def incident(calendar: SchoolCalendar, school_nces_id: str | None, random: Random) -> Document:
    """An incident of the school year before, with a suspension that has been served."""
    on = calendar.begins - timedelta(days=random.randint(100, 300))
    return {
        "identifier": f"D{random.randint(1000, 9999)}",
        "incident_date": on.isoformat(),
        "school": {"nces_id": school_nces_id},
        "role": {"system": "ceds:001373", "code": "Perpetrator"},
        "behaviors": [{"system": "ceds:000509", "code": "04669"}],
        "actions": [
            {
                "action": {"system": "ceds:000488", "code": "03100"},
                "begin_date": (on + timedelta(days=1)).isoformat(),
                "end_date": (on + timedelta(days=2)).isoformat(),
                "length_days": "2",
            }
        ],
    }
