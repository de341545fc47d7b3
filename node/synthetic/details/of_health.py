"""Other conditions than asthma, doses that are missing, why an exemption was granted: health."""

from node.synthetic.details.things import Child, Draws, Thing, coded
from node.synthetic.people import Document

ALERTS = (
    ("peanut-allergy", "Peanut allergy", "Severe", "Adrenaline auto-injector in the office; call for an ambulance."),
    ("bee-sting-allergy", "Bee-sting allergy", "Mild", "Antihistamine; watch for half an hour."),
    ("epilepsy", "Epilepsy", None, "Time the seizure; after five minutes call for an ambulance."),
    ("type-1-diabetes", "Type 1 diabetes", None, "Glucose kit in the classroom; snack at ten."),
)


def _has_alert(document: Document, child: Child) -> bool:
    return "alerts" in document["health"]


def _is_exempt(document: Document, child: Child) -> bool:
    return "exemptions" in document["health"]["immunizations"]


def _other_condition(document: Document, draws: Draws, child: Child) -> None:
    code, name, severity, instructions = draws.one_of(ALERTS)
    alert: Document = {"condition": coded("condition", code), "name": name, "instructions": instructions}
    if severity is not None:
        alert["severity"] = coded("001282", severity)
    document["health"]["alerts"] = [alert]


def _dose_missing(document: Document, draws: Draws, child: Child) -> None:
    doses = document["health"]["immunizations"]["doses"]
    doses.pop(draws.below(len(doses)))


def _as_of(document: Document, draws: Draws, child: Child) -> None:
    document["health"]["immunizations"]["as_of"] = child.before_school(draws.between(1, 60))


def _granted(document: Document, draws: Draws, child: Child) -> None:
    """For one vaccine, which was not given, or for all of them."""
    immunizations = document["health"]["immunizations"]
    for exemption in immunizations["exemptions"]:
        exemption["granted_on"] = child.before_school(draws.between(1, 200))
        medical = exemption["kind"] == "medical"
        exemption["reason"] = "physician's statement" if medical else draws.one_of(("religious", "personal belief"))
        if medical and len(immunizations["doses"]) > 1:
            exemption["vaccine"] = immunizations["doses"].pop()["vaccine"]


OF_HEALTH: tuple[Thing, ...] = (
    Thing("other_condition", 0.45, ("health.alerts",), _other_condition, _has_alert),
    Thing("dose_missing", 0.05, ("health.immunizations",), _dose_missing),
    Thing("immunizations_as_of", 0.60, ("health.immunizations",), _as_of),
    Thing("granted", 0.95, ("health.immunizations",), _granted, _is_exempt),
)
