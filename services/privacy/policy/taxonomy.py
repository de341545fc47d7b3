"""The closed vocabularies that rules and requests speak: elements, categories, purposes, jurisdictions, bases, actions, recipients.

Whatever is not here is unknown, and what is unknown is denied. The taxonomy is part of the policy hash.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from safepassage.elements import ELEMENTS
from services.privacy.policy.entities import Entity, entity

BASES: tuple[str, ...] = ("consent", "contractor", "transfer")
"""consent: 34 CFR 99.30. contractor: 99.31(a)(1)(i)(B). transfer: 99.31(a)(2), 99.34, onward under 99.33(b)."""

ACTIONS: tuple[str, ...] = ("disclose", "redisclose", "request")

RECIPIENTS: Mapping[str, str] = {
    "vendor": "Vendor",
    "school": "School",
    "lea": "District",
    "sea": "StateAgency",
    "agency": "Agency",
    "person": "Person",
}
"""A recipient's kind on the wire, and its entity type."""

PURPOSES: Mapping[str, str | None] = {
    "education": None,
    "instruction": "education",
    "assessment": "education",
    "operations": "education",
    "student-services": "education",
    "enrollment": "education",
    "transfer": "enrollment",
    "audit-evaluation": None,
    "study": None,
    "financial-aid": None,
    "accreditation": None,
    "child-nutrition": None,
    "safety": None,
    "recruiting": None,
}
"""A purpose and the wider one that it is part of. Commercial purposes are not there, so that nothing can be asked for them."""

STATES: tuple[str, ...] = (
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS", "KY", "LA", "ME", "MD",
    "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY", "NC", "ND", "OH", "OK", "OR", "PA", "RI", "SC",
    "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY", "DC", "AS", "GU", "MP", "PR", "VI",
)  # fmt: skip
"""Postal codes of states, the District and territories."""

FICTIONAL_STATES: tuple[str, ...] = ("XA", "XB")
"""Alder and Birch of the demo: ISO 3166 leaves codes that begin with X to their users."""

JURISDICTIONS: Mapping[str, str | None] = {"US": None} | {f"US-{code}": "US" for code in (*STATES, *FICTIONAL_STATES)}
"""A jurisdiction and the one that it is part of."""


@dataclass(frozen=True)
class Taxonomy:
    """The vocabularies as entities with all their ancestors."""

    elements: Mapping[str, Entity]
    """In the order of the record."""
    purposes: Mapping[str, Entity]
    jurisdictions: Mapping[str, Entity]
    actions: Mapping[str, Entity]
    ancestors: Mapping[Entity, frozenset[Entity]]
    """Of an entity: itself and everything above it."""
    parents: Mapping[Entity, tuple[Entity, ...]]

    def as_json(self) -> dict[str, Any]:
        """What the policy hash covers."""
        return {
            "bases": list(BASES),
            "actions": list(ACTIONS),
            "recipients": dict(RECIPIENTS),
            "parents": {uid: sorted(parents) for uid, parents in self.parents.items()},
        }


def _taxonomy() -> Taxonomy:
    elements = {element.id: entity("DataElement", element.id) for element in ELEMENTS}
    purposes = {purpose: entity("Purpose", purpose) for purpose in PURPOSES}
    jurisdictions = {jurisdiction: entity("Jurisdiction", jurisdiction) for jurisdiction in JURISDICTIONS}
    parents: dict[Entity, tuple[Entity, ...]] = {}
    for element in ELEMENTS:
        categories = tuple(entity("Category", category) for category in element.categories)
        parents[elements[element.id]] = categories
        parents |= dict.fromkeys(categories, ())
    for entities, wider in ((purposes, PURPOSES), (jurisdictions, JURISDICTIONS)):
        for name, uid in entities.items():
            above = wider[name]
            parents[uid] = () if above is None else (entities[above],)
    ancestors = {uid: frozenset(_upward(uid, parents)) for uid in parents}
    return Taxonomy(elements, purposes, jurisdictions, {action: entity("Action", action) for action in ACTIONS}, ancestors, parents)


def _upward(uid: Entity, parents: Mapping[Entity, tuple[Entity, ...]]) -> set[Entity]:
    return {uid}.union(*(_upward(parent, parents) for parent in parents[uid]))


TAXONOMY = _taxonomy()
"""Of this version of the suite."""
