"""Situations near those of the table: one to three facts changed, so that generated requests permit and forbid often enough to compare."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from safepassage.elements import ELEMENTS
from services.privacy.policy.policy_input import PolicyInput
from services.privacy.policy.taxonomy import BASES, JURISDICTIONS, PURPOSES, RECIPIENTS
from tests.privacy.policy.cfr_rows import Row
from tests.privacy.policy.every_situation import SITUATIONS
from tests.privacy.policy.ground_situations import AUDITED, STUDIED
from tests.privacy.policy.situations import CREDENTIALS, DAY, GONE, NOW, changed, policy_input

ELEMENT_IDS = (*(element.id for element in ELEMENTS), CREDENTIALS)
INSTANTS = (NOW - DAY, NOW - 1, NOW, NOW + 1, NOW + DAY)
CLAUSES = (
    "ca-49073.1-b1", "ca-49073.1-b2", "ca-49073.1-b2-not-applicable", "ca-49073.1-b3", "ca-49073.1-b4", "co-22-16-107", "co-22-16-110",
    "il-85-15-4a", "il-85-15-4b", "il-85-27", "la-3914-f", "ny-2d-3c", "ny-2d-5e", *AUDITED["clauses"], *STUDIED["clauses"],
)  # fmt: skip
WORDS: Mapping[str, Sequence[Any]] = {
    "agreement.kind": ("contractor", "study", "audit-evaluation"),
    "litigation.initiated_by": ("agency", "parent", "eligible-student", "neighbour"),
    "order.form": ("court-order", "subpoena", "grand-jury-subpoena", "law-enforcement-subpoena", "ex-parte-order"),
    "proceeding.offense": ("crime-of-violence", "non-forcible-sex-offense", "vandalism"),
    "recruiting.recruiter": ("military", "higher-education"),
    "basis": tuple(BASES),
    "consent.grantor_role": ("parent", "student", "neighbour"),
    "consent.signature": ("paper", "electronic"),
    "purpose": tuple(PURPOSES),
    "recipient.kind": tuple(RECIPIENTS),
    "student.jurisdiction": ("US-CA", "US-XA", "US-NY", "US-IL", "US-CO", "US-LA", "US-NH", "US-VA", *JURISDICTIONS),
}
OPTIONAL = (
    "agreement.terminated_at",
    "consent.expires_at",
    "consent.grantor_rights_ended_at",
    "consent.withdrawn_at",
    "custody.recipient_debarred_until",
    "juvenile.adjudicated_at",
    "juvenile.certified_at",
    "order.notice_at",
    "order.protective_action_until",
    "relation.rights_ended_at",
)
LISTS_OF_ELEMENTS = (".elements", ".designated", ".opted_out", ".refused")


def perturbed(rows: Sequence[Row], count: int, randomness: random.Random) -> Iterator[tuple[PolicyInput, str]]:
    """`count` inputs with an element to ask for, each a row of `rows` with one to three facts changed, one more often than not."""
    for _ in range(count):
        row = randomness.choice(rows)
        facts = changed(SITUATIONS[row.situation], row.changes)
        element = row.element
        for _ in range(randomness.choice((1, 1, 1, 2, 3))):
            path = randomness.choice((*sorted(_paths(facts)), "element"))
            if path == "element":
                element = randomness.choice(ELEMENT_IDS)
            else:
                facts = changed(facts, {path: _value(path, facts, randomness)})
        yield policy_input(facts, {"elements": [element]}), element


def _paths(facts: Mapping[str, Any]) -> Iterable[str]:
    """Every fact that may be changed: those that are there, and optional ones of evidence that is."""
    group = dict(facts["groups"][0]) if "groups" in facts else {}
    places = {"": facts, **group.pop("grounds", {}), **group}
    for name in ("agreement", "application", "asker", "licensure", "recipient", "transfer"):
        if name in facts:
            places[name] = facts[name]
    for place, members in places.items():
        for member, value in members.items():
            path = f"{place}.{member}" if place else member
            if isinstance(value, bool) or path in WORDS or path.endswith(("_at", "_until", *LISTS_OF_ELEMENTS, ".purposes", ".clauses")):
                yield path
    yield from (path for path in OPTIONAL if path.partition(".")[0] in places)


def _value(path: str, facts: Mapping[str, Any], randomness: random.Random) -> Any:
    if path in WORDS:
        return randomness.choice(WORDS[path])
    if path.endswith(("_at", "_until")):
        return randomness.choice((*INSTANTS, GONE) if path in OPTIONAL else INSTANTS)
    if path.endswith(LISTS_OF_ELEMENTS):
        return sorted(randomness.sample(ELEMENT_IDS, randomness.randint(0, 30)))
    if path.endswith(".purposes"):
        return sorted(randomness.sample(tuple(PURPOSES), randomness.randint(0, 6)))
    if path.endswith(".clauses"):
        return sorted(randomness.sample(CLAUSES, randomness.randint(0, 5)))
    place, _, member = path.partition(".")
    group = facts["groups"][0] if "groups" in facts else {}
    members = facts.get(place) or group.get(place) or group["grounds"][place]
    return not members[member]
