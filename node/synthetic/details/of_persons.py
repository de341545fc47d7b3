"""Names, papers, languages and a parent's service: identity and demographics."""

from datetime import timedelta

from node.synthetic.details.things import Child, Draws, Thing, coded
from node.synthetic.people import Document

VERIFIED_BY = ("01004", "01004", "01004", "01004", "01006", "01007", "01008", "01010", "01013", "03424")
"""Birth certificate, hospital's, parent's affidavit, passport, earlier school records, immigration document, another official one."""
BRANCHES = ("Army", "Army", "Navy", "AirForce", "MarineCorps", "CoastGuard", "SpaceForce")
INSTALLATIONS = ("Fort Tinder", "Marrow Bay Naval Station", "Camp Lathe", "Quillpoint Air Base")


def _prefix(document: Document, draws: Draws, child: Child) -> None:
    document["identity"]["name"]["prefix"] = "Ms." if child.girl else "Mr."


def _preferred_last(document: Document, draws: Draws, child: Child) -> None:
    document["identity"].setdefault("preferred_name", {})["last"] = child.home.mother


def _has_alias(document: Document, child: Child) -> bool:
    return any(other["kind"] == "alias" for other in document["identity"].get("other_names", ()))


def _alias_ended(document: Document, draws: Draws, child: Child) -> None:
    for other in document["identity"]["other_names"]:
        if other["kind"] == "alias":
            other["end_date"] = child.before_school(draws.between(1, 60))


def _verification(document: Document, draws: Draws, child: Child) -> None:
    document["identity"]["birth_date"]["verification"]["code"] = draws.one_of(VERIFIED_BY)


def _asked_in_two(document: Document, child: Child) -> bool:
    return "races" in document["demographics"]["race_ethnicity"]


def _second_race(document: Document, draws: Draws, child: Child) -> None:
    races = document["demographics"]["race_ethnicity"]["races"]
    others = ("White", "BlackOrAfricanAmerican", "Asian", "NativeHawaiianOrOtherPacificIslander")
    races.append(coded("001943", draws.one_of([one for one in others if one != races[0]["code"]])))


def _race_declined(document: Document, draws: Draws, child: Child) -> None:
    document["demographics"]["race_ethnicity"] = {"declined": True}


def _speaks_more(document: Document, draws: Draws, child: Child) -> None:
    languages = document["demographics"]["languages"]
    second = "spa" if child.home.origin.language == "eng" else "eng"
    languages.append({"language": second, "use": coded("000316", draws.one_of(("Spoken", "Dominant", "Correspondence")))})


def _of_the_military(document: Document, child: Child) -> bool:
    return "military_connection" in document["demographics"]


def _service(document: Document, draws: Draws, child: Child) -> None:
    service = document["demographics"]["military_connection"]
    service["component"] = coded("001640", draws.one_of(BRANCHES))
    service["installation"] = draws.one_of(INSTALLATIONS)
    service["begin_date"] = child.before_school(draws.between(200, 1500))


def _reserve(document: Document, draws: Draws, child: Child) -> None:
    document["demographics"]["military_connection"]["status"]["code"] = "NationalGuardOrReserve"


def _orders_expired(document: Document, draws: Draws, child: Child) -> None:
    expired = child.calendar.as_of - timedelta(days=draws.between(1, 30))
    moved = child.before_school(draws.between(300, 700))
    document["demographics"]["military_connection"] |= {"orders_expire_on": expired.isoformat(), "permanent_change_of_station_on": moved}


OF_PERSONS: tuple[Thing, ...] = (
    Thing("prefix", 0.02, ("identity.name.prefix",), _prefix),
    Thing("preferred_last", 0.01, ("identity.preferred_name",), _preferred_last),
    Thing("alias_ended", 0.3, ("identity.other_names",), _alias_ended, _has_alias),
    Thing("verification", 0.95, ("identity.birth_date.verification",), _verification),
    Thing("second_race", 0.04, ("demographics.race_ethnicity",), _second_race, _asked_in_two),
    Thing("race_declined", 0.01, ("demographics.race_ethnicity",), _race_declined),
    Thing("speaks_more", 0.12, ("demographics.languages",), _speaks_more),
    Thing("service", 1.0, ("demographics.military_connection",), _service, _of_the_military),
    Thing("reserve", 0.3, ("demographics.military_connection",), _reserve, _of_the_military),
    Thing("orders_expired", 0.15, ("demographics.military_connection",), _orders_expired, _of_the_military),
)
