"""Two schools at once: for a career programme, between two homes, placed by a court, at a college. The first stays the primary."""

from datetime import date, timedelta

from node.synthetic.calendar import last_day
from node.synthetic.details.of_contacts import custody_order
from node.synthetic.details.things import Child, Draws, Thing, coded
from node.synthetic.people import Document
from node.synthetic.schooling import reference
from node.synthetic.states import SyntheticOrganisation

COLLEGE_COURSES = (("English Composition", "ENG101", "01103"), ("College Algebra", "MAT110", "02057"), ("Psychology", "PSY101", "04254"))
"""Title, the college's own code, SCED code."""
MAY_EARN_COLLEGE_CREDIT = ("11", "12")


def _in_school(document: Document) -> bool:
    return "exit_date" not in document["enrollment"]["enrollments"][0]


def _at_one_school(document: Document) -> bool:
    return _in_school(document) and all(stay.get("primary", True) for stay in document["enrollment"]["enrollments"])


def _in_the_last_grades(document: Document) -> bool:
    return document["enrollment"]["enrollments"][0]["grade"]["code"] in MAY_EARN_COLLEGE_CREDIT


def _others_of_the_district(child: Child) -> list[SyntheticOrganisation]:
    return [one for one in child.schools if one.level == "high" and one != child.school]


def _of_other_districts(child: Child) -> list[tuple[SyntheticOrganisation, SyntheticOrganisation]]:
    """Districts and their schools of the child's level, without its own."""
    others = (one for one in child.districts if one.key != child.school.parent)
    return [(one, school) for one in others for school in child.schools_of[one.key] if school.level == child.school.level]


def _may_go_to_another(document: Document, child: Child) -> bool:
    return _at_one_school(document) and _in_the_last_grades(document) and bool(_others_of_the_district(child))


def _second_school(document: Document, draws: Draws, child: Child) -> None:
    """Part of the day at another high school of the district, for its career programme. It stands last: the first one is the primary."""
    there = reference(draws.one_of(_others_of_the_district(child)), child.state)
    stays = document["enrollment"]["enrollments"]
    stays.append({**stays[0], "school": there, "primary": False})


def _may_go_to_a_career_centre(document: Document, child: Child) -> bool:
    return _at_one_school(document) and _in_the_last_grades(document)


def _beside(document: Document, draws: Draws, child: Child, begins: date) -> SyntheticOrganisation:
    """Also at a school of the level in another district, from a day on. Gives the district."""
    district, school = draws.one_of(_of_other_districts(child))
    stays = document["enrollment"]["enrollments"]
    where = {"school": reference(school, child.state), "district": reference(district, child.state)}
    # INVARIANT: nobody is at the second school before the first.
    begins = max(begins, date.fromisoformat(stays[0]["entry_date"]))
    stays.append({**stays[0], **where, "entry_date": begins.isoformat(), "primary": False})
    return district


def _career_centre(document: Document, draws: Draws, child: Child) -> None:
    """Part of the day at another district's school, which has the career programme that the child's own has not."""
    _beside(document, draws, child, child.calendar.begins)


def _is_shared(document: Document, child: Child) -> bool:
    return _at_one_school(document) and not any("ended_on" in one.get("rights", {}) for one in document["contacts"]["guardians"])


def _two_homes(document: Document, draws: Draws, child: Child) -> None:
    """The parents live apart, in two districts, and by the order the child is with each in turn: both districts have it on their rolls."""
    guardians = document["contacts"]["guardians"][:2]
    order = custody_order(child, child.before_school(draws.between(20, 700)))
    for guardian in guardians:
        guardian["court_documents"] = [order]
        guardian["lives_with_student"] = True
        guardian.pop("contact_restriction", None)
    _beside(document, draws, child, child.calendar.begins)


def _is_in_care(document: Document, child: Child) -> bool:
    return _at_one_school(document) and "foster" in document["programmes"]


def _placed_elsewhere(document: Document, draws: Draws, child: Child) -> None:
    """Placed in another district, which enrols the child, who stays at the school of origin: 20 U.S.C. 6311(g)(1)(E)."""
    longest = max((child.calendar.as_of - child.calendar.begins).days, 1)
    district = _beside(document, draws, child, child.calendar.begins + timedelta(days=draws.below(longest)))
    residency = document["enrollment"]["residency"]
    residency["residence"], residency["residence_status"] = reference(district, child.state), coded("000532", "01654")


def _may_go_to_college(document: Document, child: Child) -> bool:
    return _in_school(document) and _in_the_last_grades(document) and "current_courses" in document["academics"]


def _college(document: Document, draws: Draws, child: Child) -> None:
    """Also enrolled at a college, where a course counts for both. Colleges have no NCES id of a school."""
    there = _some_college(draws, child)
    title, code, sced = draws.one_of(COLLEGE_COURSES)
    begins = max(child.calendar.begins.isoformat(), document["enrollment"]["enrollments"][0]["entry_date"])
    document["enrollment"]["enrollments"].append(
        {
            "school": there,
            "entry_date": begins,
            "grade": {"system": "ceds:000100", "code": "PS"},
            "school_year": child.calendar.year,
            "calendar": "semester",
            "primary": False,
        }
    )
    system = f"{there['local_id']}:courses"
    document["academics"]["current_courses"].append(
        {
            "section": f"{code}-{draws.between(1, 9)}",
            "course": {
                "title": title,
                "local_code": {"system": system, "code": code},
                "sced_code": sced,
                "level": coded("000061", "73048"),
            },
            "school": there,
            "begin_date": begins,
            "mark": draws.one_of(("A", "B", "B", "C")),
            "as_of": child.calendar.as_of.isoformat(),
        }
    )


def _some_college(draws: Draws, child: Child) -> Document:
    city = draws.one_of(child.state.cities)
    there = {"name": f"{city} Community College", "local_id": f"{child.state.code}-CC-{1 + child.state.cities.index(city)}"}
    return there | {"state": child.state.code}


def _last_years(document: Document, child: Child) -> Document | None:
    """The stay of the whole school year before, at a school of the state."""
    year = child.calendar.year - 1
    stays = (one for one in document["enrollment"]["enrollments"] if one.get("primary", True) and one["school_year"] == year)
    return next((one for one in stays if one.get("exit_date") == last_day(year).isoformat()), None)


def _at_college(document: Document) -> Document | None:
    return next((one for one in document["enrollment"]["enrollments"] if one["grade"]["code"] == "PS" and "exit_date" not in one), None)


def _may_have_finished_at_college(document: Document, child: Child) -> bool:
    before = _last_years(document, child)
    was_in_high_school = before is not None and before["grade"]["code"] in MAY_EARN_COLLEGE_CREDIT
    return was_in_high_school and _in_school(document) and {"transcript", "current_courses"} <= document["academics"].keys()


def _college_before(document: Document, draws: Draws, child: Child) -> None:
    """At a college in the spring before, the one at which the child is now if at any, with a course that is finished: the college's own row
    of the transcript, in its semester hours. The school's average and the credits that graduation wants are of the school's own courses.
    """
    now, before, year = _at_college(document), _last_years(document, child), child.calendar.year - 1
    assert before is not None  # noqa: S101 whom it concerns
    there = _some_college(draws, child) if now is None else now["school"]
    title, code, sced = draws.one_of([one for one in COLLEGE_COURSES if one[1] not in _codes_now(document)])
    begins = max(date(year, 1, 12).isoformat(), before["entry_date"])
    document["enrollment"]["enrollments"].append(
        {
            "school": there,
            "entry_date": begins,
            "exit_date": date(year, 5, 15).isoformat(),
            "grade": {"system": "ceds:000100", "code": "PS"},
            "school_year": year,
            "calendar": "semester",
            "primary": False,
        }
    )
    document["academics"]["transcript"].append(
        {
            "course": {
                "title": title,
                "local_code": {"system": f"{there['local_id']}:courses", "code": code},
                "sced_code": sced,
                "level": coded("000061", "73048"),
            },
            "school": there,
            "school_year": year,
            "term": coded("term", "S2"),
            "grade": {"system": "ceds:000100", "code": "PS"},
            "credit": {"type": coded("000072", "00586"), "attempted": "3", "earned": "3"},
            "mark": draws.one_of(("A", "B", "B", "C")),
            "mark_scale": {"system": "local:letter", "code": "A-F"},
            "counts_in_average": False,
        }
    )


def _codes_now(document: Document) -> set[str]:
    return {one["course"]["local_code"]["code"] for one in document["academics"]["current_courses"]}


_ENROLLMENTS = ("enrollment.enrollments",)

OF_TWO_SCHOOLS: tuple[Thing, ...] = (
    Thing("second_school", 0.10, _ENROLLMENTS, _second_school, _may_go_to_another),
    Thing("career_centre", 0.05, _ENROLLMENTS, _career_centre, _may_go_to_a_career_centre),
    Thing("two_homes", 0.01, (*_ENROLLMENTS, "contacts.guardians"), _two_homes, _is_shared, of_household=True),
    Thing("placed_elsewhere", 0.30, (*_ENROLLMENTS, "enrollment.residency"), _placed_elsewhere, _is_in_care),
    Thing("college", 0.06, (*_ENROLLMENTS, "academics.current_courses"), _college, _may_go_to_college),
    Thing("college_before", 0.04, (*_ENROLLMENTS, "academics.transcript"), _college_before, _may_have_finished_at_college),
)
"""`college` last but for what went before it: it is beside whatever else there is."""
