"""Situations near those of the table: one to three facts changed, so that generated requests permit and forbid often enough to compare."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from safepassage.elements import ELEMENTS
from services.privacy.policy.policy_input import PolicyInput
from services.privacy.policy.taxonomy import BASES, JURISDICTIONS, PURPOSES, RECIPIENTS
from tests.privacy.policy.cfr_rows import Row
from tests.privacy.policy.situations import DAY, GONE, NOW, SITUATIONS, changed, policy_input

ELEMENT_IDS = tuple(element.id for element in ELEMENTS)
INSTANTS = (NOW - DAY, NOW - 1, NOW, NOW + 1, NOW + DAY)
CLAUSES = ("ca-49073.1-b1", "ca-49073.1-b2", "ca-49073.1-b2-not-applicable", "ca-49073.1-b3", "ca-49073.1-b4")
WORDS: Mapping[str, Sequence[Any]] = {
    "agreement.kind": ("contractor", "study"),
    "basis": BASES,
    "consent.grantor_role": ("parent", "student", "neighbour"),
    "consent.signature": ("paper", "electronic"),
    "purpose": tuple(PURPOSES),
    "recipient.kind": tuple(RECIPIENTS),
    "student.jurisdiction": ("US-CA", "US-XA", *JURISDICTIONS),
}
OPTIONAL = (
    "agreement.terminated_at",
    "consent.expires_at",
    "consent.grantor_rights_ended_at",
    "consent.withdrawn_at",
    "custody.recipient_debarred_until",
)


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
    places = {"": facts, **(facts["groups"][0] if "groups" in facts else {})}
    for name in ("agreement", "asker", "recipient", "transfer"):
        if name in facts:
            places[name] = facts[name]
    for place, members in places.items():
        for member, value in members.items():
            path = f"{place}.{member}" if place else member
            if isinstance(value, bool) or path in WORDS or path.endswith(("_at", ".elements", ".purposes", ".clauses")):
                yield path
    yield from (path for path in OPTIONAL if path.partition(".")[0] in places)


def _value(path: str, facts: Mapping[str, Any], randomness: random.Random) -> Any:
    if path in WORDS:
        return randomness.choice(WORDS[path])
    if path.endswith(("_at", "_until")):
        return randomness.choice((*INSTANTS, GONE) if path in OPTIONAL else INSTANTS)
    if path.endswith(".elements"):
        return sorted(randomness.sample(ELEMENT_IDS, randomness.randint(0, 30)))
    if path.endswith(".purposes"):
        return sorted(randomness.sample(tuple(PURPOSES), randomness.randint(0, 6)))
    if path.endswith(".clauses"):
        return sorted(randomness.sample(CLAUSES, randomness.randint(0, 5)))
    place, _, member = path.partition(".")
    members = facts["groups"][0][place] if place in ("student", "custody", "consent") else facts[place]
    return not members[member]
