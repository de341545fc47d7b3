"""What school has to say: enrolments, attendance, courses, marks, tests."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from node.synthetic.calendar import SchoolCalendar, first_day, last_day, weekdays
from node.synthetic.people import Document
from node.synthetic.states import LEVELS, Level, StatePlan, SyntheticOrganisation

YEARS = 4
"""School years that a record goes back, the present one among them."""

COURSES: dict[Level, tuple[tuple[str, str, str], ...]] = {
    "elementary": (
        ("Reading", "51", "RD"),
        ("Mathematics", "52", "MA"),
        ("Science", "53", "SC"),
        ("Art", "55", "AR"),
        ("Music", "55", "MU"),
    ),
    "middle": (
        ("English Language Arts", "51", "EL"),
        ("Mathematics", "52", "MA"),
        ("Life Science", "53", "SC"),
        ("World History", "54", "HI"),
        ("Spanish", "56", "SP"),
        ("Physical Education", "58", "PE"),
    ),
    "high": (
        ("English", "01", "EN"),
        ("Algebra", "02", "AL"),
        ("Biology", "03", "BI"),
        ("United States History", "04", "US"),
        ("Spanish", "24", "SP"),
        ("Computer Science", "10", "CS"),
        ("Physical Education", "08", "PE"),
    ),
}
"""Title, SCED subject area, local prefix."""

MARKS = ("A", "A-", "B+", "B", "B-", "C+", "C", "D")
POINTS = {"A": 400, "A-": 370, "B+": 330, "B": 300, "B-": 270, "C+": 230, "C": 200, "D": 100}


def level_of(grade: int) -> Level:
    """The level of school that has `grade`."""
    return next(level for level, (low, high) in LEVELS.items() if low <= grade <= high)


def grade_code(grade: int) -> Document:
    """CEDS Entry Grade Level."""
    return {"system": "ceds:000100", "code": "KG" if grade == 0 else f"{grade:02d}"}


def reference(organisation: SyntheticOrganisation, state: StatePlan) -> Document:
    """How a record names an organisation."""
    return {"name": organisation.name, "nces_id": organisation.nces_id, "state_id": organisation.state_id, "state": state.code}


@dataclass(frozen=True)
class Stay:
    """A school year, or the part of it, at one school. `exit_date` is None where the child still is."""

    year: int
    grade: int
    school: SyntheticOrganisation
    district: SyntheticOrganisation
    entry_date: date
    exit_date: date | None = None
    entry_code: str = "74001"
    """CEDS Entry Type."""
    exit_code: str = "01907"
    """CEDS Exit or Withdrawal Type."""


Attended = list[Stay]
"""The latest first."""


def year_at(year: int, grade: int, school: SyntheticOrganisation, district: SyntheticOrganisation, *, present: bool) -> Stay:
    """The whole of a school year at one school."""
    return Stay(year, grade, school, district, first_day(year), None if present else last_day(year))


def enrollment(attended: Attended, district: SyntheticOrganisation, state: StatePlan) -> Document:
    """The enrollment section: an enrolment a stay; `district` is the one that answers for the child."""
    rows = []
    for stay in attended:
        row: Document = {
            "school": reference(stay.school, state),
            "district": reference(stay.district, state),
            "entry_date": stay.entry_date.isoformat(),
            "entry_type": {"system": "ceds:000099", "code": stay.entry_code},
            "grade": grade_code(stay.grade),
            "school_year": stay.year,
            "calendar": "traditional",
        }
        if stay.exit_date is not None:
            row |= {"exit_date": stay.exit_date.isoformat(), "exit_type": {"system": "ceds:000110", "code": stay.exit_code}}
        rows.append(row)
    return {"enrollments": rows, "residency": {"residence": reference(district, state), "responsible": reference(district, state)}}


def attendance(attended: Attended, calendar: SchoolCalendar, random: Random, *, events_a_year: int) -> Document:
    """The attendance section. The days of the summary agree with the events."""
    events, summaries = [], []
    for stay in attended:
        year, school, begin = stay.year, stay.school, stay.entry_date
        end = stay.exit_date or min(calendar.as_of, last_day(year))
        days = weekdays(begin, end)
        span = max((end - begin).days, 1)
        chosen = sorted(random.sample(range(span + 1), min(random.randint(events_a_year // 2, events_a_year), span)))
        kinds = [random.choice(("ExcusedAbsence", "UnexcusedAbsence", "Tardy", "EarlyDeparture")) for _ in chosen]
        for day, kind in zip(chosen, kinds, strict=True):
            event: Document = {
                "event_date": (begin + timedelta(days=day)).isoformat(),
                "category": {"system": "ceds:000076", "code": kind},
                "school": {"nces_id": school.nces_id},
            }
            if kind.endswith("Absence"):
                event |= {"duration_days": "1", "reason": random.choice(("illness", "appointment", "family", "weather"))}
            events.append(event)
        absent = sum(kind.endswith("Absence") for kind in kinds)
        summaries.append(
            {
                "school_year": year,
                "school": {"nces_id": school.nces_id},
                "days_enrolled": str(days),
                "days_present": str(max(days - absent, 0)),
                "days_absent": str(absent),
                "times_tardy": kinds.count("Tardy"),
            }
        )
    return {"events": events, "summary": summaries} if events else {"summary": summaries}


def academics(attended: Attended, calendar: SchoolCalendar, random: Random, state: StatePlan) -> Document:
    """The academics section: sections in progress for who is there, a transcript of the years from grade 9 on that have ended."""
    section: Document = {}
    if attended[0].exit_date is None:
        section["current_courses"] = sections_in_progress(attended[0], calendar, random, state)
    transcript = [
        {
            "course": _course(title, area, prefix, stay.grade, state),
            "school": {"nces_id": stay.school.nces_id},
            "school_year": stay.year,
            "grade": grade_code(stay.grade),
            "credit": {"type": {"system": "ceds:000072", "code": "00585"}, "attempted": "1", "earned": "1"},
            "mark": random.choice(MARKS),
            "mark_scale": {"system": "local:letter", "code": "A-F"},
        }
        for stay in attended
        if stay.grade >= 9 and stay.exit_date is not None and stay.exit_date == last_day(stay.year)
        for title, area, prefix in COURSES["high"]
    ]
    if transcript:
        points = sum(POINTS[str(row["mark"])] for row in transcript) * 10 // len(transcript)
        section["transcript"] = transcript
        section["grade_point_averages"] = [{"value": f"{points / 1000:.3f}", "maximum": "4", "weighted": False}]
        section["graduation_plan"] = {
            "plan": {"system": "local:graduation-plan", "code": "standard"},
            "expected_on": last_day(attended[0].year + 12 - attended[0].grade).isoformat(),
            "credits_required": "24",
            "credits_earned": str(len(transcript)),
        }
    return section


def sections_in_progress(present: Stay, calendar: SchoolCalendar, random: Random, state: StatePlan) -> list[Document]:
    """One of each course of the level, with the mark until now."""
    return [
        {
            "section": f"{prefix}{present.grade:02d}-{random.randint(1, 4)}",
            "course": _course(title, area, prefix, present.grade, state),
            "school": {"nces_id": present.school.nces_id},
            "begin_date": present.entry_date.isoformat(),
            "mark": random.choice(MARKS),
            "percentage": f"{random.randint(65, 100)}",
            "as_of": calendar.as_of.isoformat(),
        }
        for title, area, prefix in COURSES[level_of(present.grade)]
    ]


def _course(title: str, area: str, prefix: str, grade: int, state: StatePlan) -> Document:
    return {
        "title": f"{title} {grade}" if grade else title,
        "local_code": {"system": f"{state.code}:courses", "code": f"{prefix}{grade:02d}"},
        "sced_code": f"{area}{grade:03d}",
    }


def assessments(attended: Attended, random: Random, state: StatePlan, *, english_learner: bool) -> Document:
    """The assessments section: mathematics and English each spring from grade 3 on, on the state's own scale. Empty before."""
    low, high = state.score_scale
    name = f"{state.name} Measures"
    results = [
        {
            "assessment": {"system": f"{state.code}:assessments", "code": f"{subject[:3].upper()}-{stay.grade}"},
            "title": f"{name} {subject} {stay.grade}",
            "administered_on": f"{stay.year}-04-{random.randint(10, 28)}",
            "subject": {"system": "ceds:000021", "code": code},
            "grade": grade_code(stay.grade),
            "scores": [{"method": {"system": f"{state.code}:scale", "code": "scale-score"}, "value": str(random.randint(low, high))}],
            "performance_level": {"system": f"{state.code}:levels", "code": random.choice(("1", "2", "3", "4"))},
        }
        for stay in attended
        if stay.grade >= 3 and stay.exit_date is not None and stay.exit_date == last_day(stay.year)
        for subject, code in (("Mathematics", "01166"), ("English", "13373"))
    ]
    section: Document = {"results": results} if results else {}
    if english_learner:
        section["english_proficiency"] = [
            {
                "assessment": {"system": f"{state.code}:assessments", "code": "ELP"},
                "administered_on": f"{attended[0].year - 1}-09-20",
                "scores": [{"method": {"system": f"{state.code}:elp", "code": "composite"}, "value": f"{random.randint(10, 45) / 10:.1f}"}],
            }
        ]
    return section
