"""What the catalogue of elements and the rules in force show by themselves. Pure."""

from typing import Any, Final

from safepassage.elements import ELEMENTS, Element
from services.privacy.policy import PolicySet

PROHIBITED: Final = ("biometric", "religion", "firearm", "political", "sexual_orientation", "voiceprint", "fingerprint")
"""Words of what must not be held at all. The number of social security is held, and barred from leaving."""

SPECIAL_KINDS: Final[dict[str, tuple[str, ...]]] = {
    "special-education": ("special_education.eligibility", "special_education.iep"),
    "section-504": ("special_education.section_504",),
    "english-learner": ("programmes.english_learner",),
    "homeless": ("programmes.homeless",),
    "foster": ("programmes.foster",),
    "discipline": ("discipline.incidents", "discipline.restraint"),
    "health": ("health.alerts", "health.immunizations"),
    "immigration": (),
}
"""The kinds that a mark is asked for, with the elements that are of each. None is of immigration: the catalogue holds no such element."""

BARS_DEBARRED: Final = "99.67"
BARS_SSN: Final = "ssn"


def catalogue_measures(elements: tuple[Element, ...] = ELEMENTS) -> dict[str, Any]:
    """Of the catalogue."""
    special = {element.id for element in elements if element.sensitivity == "special"}
    return {
        "elements": len(elements),
        "elements_with_ceds": sum(element.ceds is not None for element in elements),
        "elements_described": sum(bool(element.title and element.categories) for element in elements),
        "elements_prohibited": sum(_prohibited(element) for element in elements),
        "special_kinds": len(SPECIAL_KINDS),
        "special_kinds_marked": sum(special.issuperset(of_kind) for of_kind in SPECIAL_KINDS.values()),
    }


def rule_measures(policy_set: PolicySet) -> dict[str, Any]:
    """Of the rules in force."""
    forbids = [identifier for identifier, policy in policy_set.policies.items() if not policy.conditions]
    return {
        "rules": len(policy_set.policies),
        "rules_reviewed": policy_set.reviewed,
        "bars_debarred": any(BARS_DEBARRED in identifier for identifier in forbids),
        "bars_ssn": any(BARS_SSN in identifier for identifier in forbids),
    }


def _prohibited(element: Element) -> bool:
    words = " ".join((element.id, element.title.lower(), *element.categories))
    return any(word in words for word in PROHIBITED)
