"""Terms, credit that is not whole, courses that were not passed, other scales, weighted averages: academics."""

from node.synthetic.details.things import Child, Draws, Thing, coded
from node.synthetic.people import Document
from node.synthetic.schooling import POINTS

LEVELS = ("00571", "00571", "00572", "00572", "00575", "73048")
"""General, honors, advanced placement, dual enrolment."""
HARDER = frozenset({"00572", "00575", "73048"})
NUMBERS = {"A": 95, "A-": 91, "B+": 88, "B": 85, "B-": 81, "C+": 78, "C": 75, "D": 67, "F": 52}
FAILED = "F"


def _in_progress(document: Document, child: Child) -> bool:
    return "current_courses" in document["academics"]


def _in_high_school(document: Document, child: Child) -> bool:
    return _in_progress(document, child) and child.school.level == "high"


def _transcript(document: Document, child: Child) -> bool:
    return "transcript" in document["academics"]


def _terms(document: Document, draws: Draws, child: Child) -> None:
    fall = child.calendar.as_of.month >= 8
    for course in document["academics"]["current_courses"]:
        course["term"] = coded("term", "S1" if fall else "S2")


def _terms_of_transcript(document: Document, draws: Draws, child: Child) -> None:
    for course in document["academics"]["transcript"]:
        course["term"] = coded("term", "full-year")


def _partial_credit(document: Document, draws: Draws, child: Child) -> None:
    """What the weeks until now are worth, where the school gives credit for them."""
    done = min(child.calendar.days_so_far(), 180) * 20 // 180 * 5
    for course in document["academics"]["current_courses"]:
        course["partial_credit"] = {"type": coded("000072", "00585"), "attempted": "1", "earned": f"{done / 100:.2f}"}


def _course_levels(document: Document, draws: Draws, child: Child) -> None:
    for course in document["academics"]["transcript"]:
        course["course"]["level"] = coded("000061", draws.one_of(LEVELS))


def _other_credit(document: Document, draws: Draws, child: Child) -> None:
    """Semester hours of a college, credit of career education, credit by examination."""
    for course in document["academics"]["transcript"]:
        if draws.falls(0.25):
            course["credit"]["type"]["code"] = draws.one_of(("00586", "00597", "00599"))


def _not_passed(document: Document, draws: Draws, child: Child) -> None:
    """A course that was failed; the averages and the credits that are still missing say so too."""
    academics = document["academics"]
    transcript = academics["transcript"]
    failed = transcript[draws.below(len(transcript))]
    failed["mark"], failed["credit"]["earned"], failed["counts_in_average"] = FAILED, "0", True
    points = sum(POINTS.get(str(row["mark"]), 0) for row in transcript) * 10 // len(transcript)
    academics["grade_point_averages"][0]["value"] = f"{points / 1000:.3f}"
    academics["graduation_plan"]["credits_earned"] = str(len(transcript) - 1)


def _partly_earned(document: Document, draws: Draws, child: Child) -> None:
    """Half of a course's credit, for half of its year."""
    academics = document["academics"]
    whole = [row for row in academics["transcript"] if row["credit"]["earned"] == "1"]
    if whole:
        whole[draws.below(len(whole))]["credit"]["earned"] = "0.5"
        earned = float(academics["graduation_plan"]["credits_earned"]) - 0.5
        academics["graduation_plan"]["credits_earned"] = f"{earned:g}"


def _weighted(document: Document, draws: Draws, child: Child) -> None:
    """A second average, in which harder courses count for a point more."""
    academics = document["academics"]
    transcript, as_of = academics["transcript"], child.calendar.as_of.isoformat()
    points = 0
    for row in transcript:
        harder = row["course"].get("level", {}).get("code") in HARDER and row["mark"] != FAILED
        points += POINTS.get(str(row["mark"]), 0) + 100 * harder
    value = f"{points * 10 // len(transcript) / 1000:.3f}"
    academics["grade_point_averages"].append({"value": value, "maximum": "5", "weighted": True, "cumulative": True, "as_of": as_of})


def _in_numbers(document: Document, draws: Draws, child: Child) -> None:
    """Marks of 0 to 100, as some schools give them."""
    for row in document["academics"]["transcript"]:
        row["mark"] = str(NUMBERS[row["mark"]] + draws.between(-1, 1))
        row["mark_scale"] = coded("percent", "0-100")


def _diploma(document: Document, draws: Draws, child: Child) -> None:
    document["academics"]["graduation_plan"]["diploma"] = coded("002026", draws.one_of(("00806", "00806", "00806", "00807")))


def _other_plan(document: Document, draws: Draws, child: Child) -> None:
    document["academics"]["graduation_plan"]["plan"]["code"] = draws.one_of(("career-and-technical", "college-preparatory", "modified"))


_COURSES = ("academics.transcript",)
_AVERAGES = ("academics.grade_point_averages",)
_PLAN = ("academics.graduation_plan",)

OF_ACADEMICS: tuple[Thing, ...] = (
    Thing("terms", 0.90, ("academics.current_courses",), _terms, _in_progress),
    Thing("partial_credit", 0.50, ("academics.current_courses",), _partial_credit, _in_high_school),
    Thing("terms_of_transcript", 0.90, _COURSES, _terms_of_transcript, _transcript),
    Thing("course_levels", 0.40, (*_COURSES, *_AVERAGES), _course_levels, _transcript),
    Thing("other_credit", 0.20, _COURSES, _other_credit, _transcript),
    Thing("not_passed", 0.08, (*_COURSES, *_AVERAGES, *_PLAN), _not_passed, _transcript),
    Thing("partly_earned", 0.05, (*_COURSES, *_PLAN), _partly_earned, _transcript),
    Thing("weighted", 0.50, _AVERAGES, _weighted, _transcript),
    Thing("in_numbers", 0.25, _COURSES, _in_numbers, _transcript),
    Thing("diploma", 0.90, _PLAN, _diploma, _transcript),
    Thing("other_plan", 0.20, _PLAN, _other_plan, _transcript),
)
"""`in_numbers` after what reckons with letters."""
