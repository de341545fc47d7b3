"""Who else is reached, court orders that end no rights, second addresses: contacts."""

from node.synthetic.details.things import Child, Draws, Thing, anybody, coded
from node.synthetic.names import STREETS
from node.synthetic.people import Document

OTHERS = ("Grandmother", "Grandfather", "Aunt", "Uncle", "Neighbor", "Stepfather")
"""Relations of those who may be called and hold no rights."""


def _no_order_yet(document: Document, child: Child) -> bool:
    return not any("court_documents" in one for one in document["contacts"]["guardians"])


def _open_address(document: Document, child: Child) -> bool:
    """Nothing is said beside an address that is kept back."""
    return not any(one.get("protected") for one in document["contacts"]["addresses"])


def _someone_else(document: Document, draws: Draws, child: Child) -> None:
    relation = draws.one_of(OTHERS)
    names = child.home.origin.girls if relation in ("Grandmother", "Aunt") else child.home.origin.boys
    guardians = document["contacts"]["guardians"]
    guardians.append(
        {
            "name": {"first": draws.one_of(names), "last_1": draws.one_of(child.home.origin.surnames)},
            "relation": coded("000425", relation),
            "lives_with_student": draws.falls(0.15),
            "priority": len(guardians) + 1,
            "telephones": [{"number": f"({draws.between(200, 899)}) 555-01{draws.below(100):02d}", "kind": coded("000280", "Mobile")}],
        }
    )


def _order(child: Child, branch: str) -> str:
    return f"{child.state.name} Family Court {branch} {child.household:06d}"


def custody_order(child: Child, issued: str) -> Document:
    """Of a court of the state, from its day on."""
    return {"kind": "custody", "reference": _order(child, "02-CU"), "issued_on": issued, "begin_date": issued}


def _custody(document: Document, draws: Draws, child: Child) -> None:
    """The parents live apart; both keep their rights."""
    order = custody_order(child, child.before_school(draws.between(100, 2000)))
    for guardian in document["contacts"]["guardians"][:2]:
        guardian["court_documents"] = [order]
    document["contacts"]["guardians"][1]["lives_with_student"] = False


def _no_contact(document: Document, draws: Draws, child: Child) -> None:
    """An order that keeps a parent away, and says nothing of the records: rights under FERPA are not ended by it (34 CFR 99.4)."""
    issued = child.before_school(draws.between(10, 300))
    kept_away = document["contacts"]["guardians"][1]
    kept_away["court_documents"] = [{"kind": "no-contact", "reference": _order(child, "03-NC"), "issued_on": issued, "begin_date": issued}]
    kept_away["contact_restriction"] = "May not come to the school or fetch the child."
    kept_away["lives_with_student"] = False


def _guardianship(document: Document, draws: Draws, child: Child) -> None:
    begins = child.before_school(draws.between(100, 1500))
    guardians = document["contacts"]["guardians"]
    guardians.append(
        {
            "name": {"first": draws.one_of(child.home.origin.girls), "last_1": draws.one_of(child.home.origin.surnames)},
            "relation": coded("000425", "CourtAppointedGuardian"),
            "rights": {"begin_date": begins},
            "court_documents": [{"kind": "guardianship", "reference": _order(child, "04-GU"), "issued_on": begins, "begin_date": begins}],
            "lives_with_student": True,
            "priority": len(guardians) + 1,
        }
    )


def _guardians_reached(document: Document, draws: Draws, child: Child) -> None:
    for place, guardian in enumerate(document["contacts"]["guardians"][:2], start=1):
        guardian["emails"] = [{"address": f"family{child.household}.{place}@homes.example", "kind": coded("000089", "Home")}]


def _kinds_of_telephones(document: Document, draws: Draws, child: Child) -> None:
    for guardian in document["contacts"]["guardians"]:
        for telephone in guardian.get("telephones", ()):
            telephone.setdefault("kind", coded("000280", draws.one_of(("Mobile", "Home", "Work"))))


def _mailing(document: Document, draws: Draws, child: Child) -> None:
    home = document["contacts"]["addresses"][0]
    where = {"street": f"{draws.between(1, 900)} {draws.one_of(STREETS)}", "kind": coded("000010", "Mailing")}
    begins = {"begin_date": child.before_school(draws.between(0, 900))}
    document["contacts"]["addresses"].append({name: home[name] for name in ("city", "state", "postal_code", "country")} | where | begins)


def _unit_and_county(document: Document, draws: Draws, child: Child) -> None:
    document["contacts"]["addresses"] = [{**one, "county": f"{one['city']} County"} for one in document["contacts"]["addresses"]]
    if draws.falls(0.5):
        document["contacts"]["addresses"][0]["unit"] = f"Apt {draws.between(1, 40)}"


OF_CONTACTS: tuple[Thing, ...] = (
    Thing("custody", 0.06, ("contacts.guardians",), _custody, _no_order_yet, of_household=True),
    Thing("no_contact", 0.005, ("contacts.guardians",), _no_contact, _no_order_yet, of_household=True),
    Thing("guardianship", 0.008, ("contacts.guardians",), _guardianship, of_household=True),
    Thing("someone_else", 0.30, ("contacts.guardians",), _someone_else, of_household=True),
    Thing("guardians_reached", 0.70, ("contacts.guardians",), _guardians_reached, of_household=True),
    Thing("kinds_of_telephones", 0.60, ("contacts.guardians",), _kinds_of_telephones, anybody, of_household=True),
    Thing("mailing", 0.03, ("contacts.addresses",), _mailing, _open_address, of_household=True),
    Thing("unit_and_county", 0.25, ("contacts.addresses",), _unit_and_county, _open_address, of_household=True),
)
