"""The closed vocabularies that rules and requests speak: elements, categories, purposes, jurisdictions, bases, actions, recipients.

Whatever is not here is unknown, and what is unknown is denied. The taxonomy is part of the policy hash.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from safepassage.elements import ELEMENTS
from safepassage.wire_licensure import ELEMENT as EDUCATORS
from services.privacy.policy.entities import Entity, entity
from shared.states import STATES

BASES: Mapping[str, str] = {
    "consent": "34 CFR 99.30",
    "school-official": "34 CFR 99.31(a)(1)(i)(A)",
    "contractor": "34 CFR 99.31(a)(1)(i)(B)",
    "transfer": "34 CFR 99.31(a)(2)",
    "audit-authority": "34 CFR 99.31(a)(3)",
    "audit-representative": "34 CFR 99.35(a)(3)",
    "financial-aid": "34 CFR 99.31(a)(4)",
    "juvenile-justice-before-1974": "34 CFR 99.31(a)(5)(i)(A)",
    "juvenile-justice": "34 CFR 99.31(a)(5)(i)(B)",
    "study": "34 CFR 99.31(a)(6)",
    "accreditation": "34 CFR 99.31(a)(7)",
    "dependent-student": "34 CFR 99.31(a)(8)",
    "judicial-order": "34 CFR 99.31(a)(9)(i)-(ii)",
    "sealed-order": "34 CFR 99.31(a)(9)(ii)(A)-(C)",
    "child-protection-order": "20 U.S.C. 1232g(b)(2)(B)",
    "litigation": "34 CFR 99.31(a)(9)(iii)",
    "emergency": "34 CFR 99.31(a)(10)",
    "conduct-risk": "34 CFR 99.36(b)(3)",
    "directory": "34 CFR 99.31(a)(11)",
    "rights-holder": "34 CFR 99.31(a)(12)",
    "crime-victim": "34 CFR 99.31(a)(13)",
    "disciplinary-results": "34 CFR 99.31(a)(14)",
    "substance-violation": "34 CFR 99.31(a)(15)",
    "registered-offender": "34 CFR 99.31(a)(16)",
    "de-identified": "34 CFR 99.31(b)(1)",
    "de-identified-coded": "34 CFR 99.31(b)(2)",
    "child-welfare": "20 U.S.C. 1232g(b)(1)(L)",
    "meal-evaluation": "20 U.S.C. 1232g(b)(1)(K)",
    "military-recruiter": "20 U.S.C. 7908(a)(1); 10 U.S.C. 503(c)(1)(A)(ii)",
    "higher-education-recruiter": "20 U.S.C. 7908(a)(1)",
    "educator-application": "local policy",
}
"""A basis that a request may claim, and where the law has it. Forms of a paragraph that differ in what they oblige to are bases each."""

ACTIONS: tuple[str, ...] = ("disclose", "redisclose", "request", "send-credentials", "seek-credentials")
"""The last two are about educators, who are no students: no rule of the others is asked for them."""

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
    "legal-process": None,
    "records-access": None,
    "transition-services": None,
    "private-school-services": None,
    "research": None,
    "licensure": None,
}
"""A purpose and the wider one that it is part of. Commercial purposes are not there, so that nothing can be asked for them."""

FICTIONAL_STATES: tuple[str, ...] = ("XA", "XB")
"""Alder and Birch of the demo: ISO 3166 leaves codes that begin with X to their users."""

JURISDICTIONS: Mapping[str, str | None] = {"US": None} | {f"US-{code}": "US" for code in (*STATES, *FICTIONAL_STATES)}
"""A jurisdiction and the one that it is part of."""


SETS_KEPT: Final = 1024


def is_for(purpose: str, purposes: Collection[str]) -> bool:
    """The purpose is one of `purposes`, or a part of one."""
    here: str | None = purpose
    while here is not None:
        if here in purposes:
            return True
        here = PURPOSES.get(here)
    return False


@dataclass(frozen=True)
class Taxonomy:
    """The vocabularies as entities with all their ancestors."""

    elements: Mapping[str, Entity]
    """In the order of the record, then an educator's credentials, which are in none."""
    purposes: Mapping[str, Entity]
    jurisdictions: Mapping[str, Entity]
    actions: Mapping[str, Entity]
    ancestors: Mapping[Entity, frozenset[Entity]]
    """Of an entity: itself and everything above it."""
    parents: Mapping[Entity, tuple[Entity, ...]]
    _sets: dict[tuple[str, tuple[str, ...]], frozenset[Entity]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def set_of(self, kind: Literal["DataElement", "Purpose"], identifiers: tuple[str, ...]) -> frozenset[Entity]:
        """A set of entities; an identifier that is not known is one that no rule asks for. The same lists come again and again."""
        key = (kind, identifiers)
        found = self._sets.get(key)
        if found is None:
            known = self.elements if kind == "DataElement" else self.purposes
            found = frozenset([known.get(identifier) or entity(kind, identifier) for identifier in identifiers])
            if len(self._sets) >= SETS_KEPT:
                self._sets.clear()
            self._sets[key] = found
        return found

    def as_json(self) -> dict[str, Any]:
        """What the policy hash covers."""
        return {
            "bases": dict(BASES),
            "actions": list(ACTIONS),
            "recipients": dict(RECIPIENTS),
            "parents": {str(uid): sorted(map(str, parents)) for uid, parents in self.parents.items()},
        }


def _taxonomy() -> Taxonomy:
    elements = {element.id: entity("DataElement", element.id) for element in ELEMENTS}
    elements[EDUCATORS] = entity("DataElement", EDUCATORS)
    purposes = {purpose: entity("Purpose", purpose) for purpose in PURPOSES}
    jurisdictions = {jurisdiction: entity("Jurisdiction", jurisdiction) for jurisdiction in JURISDICTIONS}
    parents: dict[Entity, tuple[Entity, ...]] = {elements[EDUCATORS]: ()}
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
