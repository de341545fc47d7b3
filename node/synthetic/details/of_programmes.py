"""Services, case references, decisions of the programmes: English learners, gifted, Title I, migrant, homeless, foster, meals,
career and technical education, neglected or delinquent.
"""

from datetime import date, timedelta

from node.synthetic.calendar import last_day
from node.synthetic.details.things import Child, Draws, Thing, coded
from node.synthetic.people import Document

FIELDS = (
    ("08", "51.0000"), ("04", "52.0201"), ("11", "11.0101"), ("02", "46.0201"), ("09", "12.0500"), ("01", "01.0000"), ("13", "48.0508"),
)  # fmt: skip
"""Career clusters of CEDS 001288, each with a code of the Classification of Instructional Programs."""
FEW_OF: dict[str, tuple[str, ...]] = {"Male": ("08",), "Female": ("11", "02", "13")}
"""Clusters in which there are few of a sex."""
PART_D = ("AtRiskPrograms", "AtRiskPrograms", "AtRiskPrograms", "JuvenileDetention", "NeglectedPrograms", "DelinquentPrograms")


def _in(programme: str) -> "_In":
    return _In(programme)


class _In:
    """Concerns whoever is in the programme."""

    def __init__(self, programme: str) -> None:
        self._programme = programme

    def __call__(self, document: Document, child: Child) -> bool:
        return self._programme in document["programmes"]


def _never_a_learner(document: Document, child: Child) -> bool:
    return "english_learner" not in document["programmes"] and child.home.origin.language != "eng" and child.age >= 8


def _instructed(document: Document, draws: Draws, child: Child) -> None:
    learner = document["programmes"]["english_learner"]
    code = draws.one_of(("ContentBasedESL", "PullOutESL", "TransitionalBilingual", "DualLanguage", "ShelteredEnglishInstruction"))
    learner |= {"services": [coded("000447", code)], "title_iii_participation": coded("000565", draws.one_of(("Yes",) * 9 + ("No",)))}


def _was_a_learner(document: Document, draws: Draws, child: Child) -> None:
    """Found proficient; watched for two years after."""
    proficient = last_day(child.calendar.year - draws.between(1, 2))
    document["programmes"]["english_learner"] = {
        "status": coded("000180", "No"),
        "begin_date": (proficient - timedelta(days=draws.between(700, 1400))).isoformat(),
        "end_date": proficient.isoformat(),
        "monitored_until": (proficient + timedelta(days=730)).isoformat(),
    }


def _criteria(document: Document, draws: Draws, child: Child) -> None:
    gifted = document["programmes"]["gifted"]
    gifted |= {"criteria": coded("001244", draws.one_of(("13452", "13453", "13454", "13456")))}
    gifted["begin_date"] = child.before_school(draws.between(50, 700))


def _title_i_served(document: Document, draws: Draws, child: Child) -> None:
    served = document["programmes"]["title_i"]
    served["indicator"] = coded("000281", draws.one_of(("02", "02", "02", "01")))
    served["services"] = [coded("000282", draws.one_of(("ReadingLanguageArts", "ReadingLanguageArts", "Mathematics")))]


def _migrant_served(document: Document, draws: Draws, child: Child) -> None:
    migrant = document["programmes"]["migrant"]
    migrant["services"] = [coded("000186", draws.one_of(("InstructionalServices", "SupportServices", "ReferralServices")))]
    migrant["begin_date"] = migrant["qualifying_arrival_date"]


def _migrant_without_priority(document: Document, draws: Draws, child: Child) -> None:
    document["programmes"]["migrant"] |= {"priority_for_services": False, "continuation_of_services": coded("000563", "No")}


def _migrant_expired(document: Document, draws: Draws, child: Child) -> None:
    """Arrived more than three years ago: eligible no longer, served to the year's end by continuation."""
    expired = child.calendar.begins + timedelta(days=draws.between(1, 60))
    migrant = document["programmes"]["migrant"]
    arrived = (expired - timedelta(days=1095)).isoformat()
    migrant |= {"qualifying_arrival_date": arrived, "eligibility_expires_on": expired.isoformat(), "begin_date": arrived}
    migrant["continuation_of_services"] = coded("000563", "Yes")


def _unaccompanied(document: Document, draws: Draws, child: Child) -> None:
    code = draws.one_of(("DoubledUp", "DoubledUp", "Shelter", "Unsheltered"))
    document["programmes"]["homeless"] |= {"unaccompanied_youth": True, "nighttime_residence": coded("000146", code)}


def _housed_again(document: Document, draws: Draws, child: Child) -> None:
    """Still served until the year ends."""
    begins = date.fromisoformat(document["programmes"]["homeless"]["begin_date"])
    document["programmes"]["homeless"]["end_date"] = (begins + timedelta(days=draws.between(20, 90))).isoformat()


def _case(document: Document, draws: Draws, child: Child) -> None:
    foster = document["programmes"]["foster"]
    foster["case_reference"] = f"{child.state.code}-CW-{child.number:07d}"
    foster["educational_decision_maker"] = draws.one_of(("Surrogate parent named by the court", "Foster parent", "Agency caseworker"))


def _placed(document: Document, draws: Draws, child: Child) -> None:
    document["programmes"]["foster"]["role"]["code"] = draws.one_of(("placement", "care-and-protection"))


def _certified(document: Document, draws: Draws, child: Child) -> None:
    meals = document["programmes"]["meal_status"]
    meals["directly_certified"] = meals["eligibility"]["code"] == "Free"


def _in_high_school(document: Document, child: Child) -> bool:
    present = document["enrollment"]["enrollments"][0]
    return "exit_date" not in present and present["grade"]["code"] in ("09", "10", "11", "12")


def _since(document: Document, child: Child) -> str:
    """The first day of the year, or the child's own at the school."""
    began: str = document["enrollment"]["enrollments"][0]["entry_date"]
    return max(began, child.calendar.begins.isoformat())


def _career(document: Document, draws: Draws, child: Child) -> None:
    cluster, cip = draws.one_of(FIELDS)
    begins = _since(document, child)
    document["programmes"]["career_technical"] = {
        "begin_date": begins,
        "participant": coded("000592", "Yes"),
        "services": [{"kind": coded("001288", cluster), "cip_code": cip, "primary": True, "begin_date": begins}],
        "nontraditional_gender": cluster in FEW_OF.get(document["identity"]["sex"]["code"], ()),
    }


def _of_an_age(document: Document, child: Child) -> bool:
    return child.age >= 11 and "exit_date" not in document["enrollment"]["enrollments"][0]


def _part_d(document: Document, draws: Draws, child: Child) -> None:
    document["programmes"]["neglected_delinquent"] = {
        "begin_date": _since(document, child),
        "status": coded("000193", "Yes"),
        "programme": coded("000194", draws.one_of(PART_D)),
        "mathematics_progress": coded("000561", draws.one_of(("NOCHANGE", "UPHALFGRADE", "UPONEGRADE"))),
        "reading_progress": coded("000561", draws.one_of(("NOCHANGE", "UPHALFGRADE", "UPONEGRADE"))),
    }


_LEARNER = ("programmes.english_learner",)
_MIGRANT = ("programmes.migrant",)
_HOMELESS = ("programmes.homeless",)
_FOSTER = ("programmes.foster",)

OF_PROGRAMMES: tuple[Thing, ...] = (
    Thing("instructed", 0.97, _LEARNER, _instructed, _in("english_learner")),
    Thing("was_a_learner", 0.10, _LEARNER, _was_a_learner, _never_a_learner),
    Thing("criteria", 0.95, ("programmes.gifted",), _criteria, _in("gifted")),
    Thing("title_i_served", 1.0, ("programmes.title_i",), _title_i_served, _in("title_i")),
    Thing("migrant_served", 0.90, _MIGRANT, _migrant_served, _in("migrant")),
    Thing("migrant_without_priority", 0.50, _MIGRANT, _migrant_without_priority, _in("migrant")),
    Thing("migrant_expired", 0.20, _MIGRANT, _migrant_expired, _in("migrant")),
    Thing("unaccompanied", 0.12, _HOMELESS, _unaccompanied, _in("homeless")),
    Thing("housed_again", 0.15, _HOMELESS, _housed_again, _in("homeless")),
    Thing("case", 0.97, _FOSTER, _case, _in("foster")),
    Thing("placed", 0.35, _FOSTER, _placed, _in("foster")),
    Thing("certified", 0.80, ("programmes.meal_status",), _certified, _in("meal_status")),
    Thing("career", 0.45, ("programmes.career_technical",), _career, _in_high_school),
    Thing("part_d", 0.01, ("programmes.neglected_delinquent",), _part_d, _of_an_age),
)
