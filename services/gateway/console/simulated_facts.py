"""The facts of a simulation, between its form and what the service is asked. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from safepassage.elements import ELEMENTS
from safepassage.wire_licensure import ELEMENT as EDUCATORS
from services.gateway.console.fact_words import FACT_WORDS
from services.gateway.console.words import spaced, word

FACT: Final = "fact."
SECTION: Final = "section."
"""What the names of a form's fields begin with."""
CHOSEN: Final = "yes"

EDUCATOR_SECTION: Final = "educator"

PLACES: Final = {
    "recipient": word("The recipient"),
    "student": word("The student"),
    "custody": word("The district and the agency"),
    "agreement": word("The agreement"),
    "consent": word("The consent"),
    "transfer": word("The evidence of enrollment"),
}
"""By the place of a fact; every other place is evidence of its own kind."""
EVIDENCE: Final = word("The evidence")


@dataclass(frozen=True)
class Fact:
    """A fact that is so or is not."""

    path: str
    """`groups.0.student.homeless`."""
    place: str
    name: str
    """In English, as the place: to be translated."""
    holds: bool


def facts_of(facts: Mapping[str, Any]) -> list[Fact]:
    """The yes-or-no facts of a situation, by their places."""
    found = [Fact(path, *_said(path), value) for path, value in _leaves(facts) if isinstance(value, bool)]
    order = [*PLACES.values(), EVIDENCE]
    return sorted(found, key=lambda one: order.index(one.place))


def sections_of(facts: Mapping[str, Any]) -> list[str]:
    """The sections of the record that a situation asks for to begin with."""
    if facts["action"] in ("send-credentials", "seek-credentials"):
        return [EDUCATOR_SECTION]
    return sorted({str(element).partition(".")[0] for element in facts["elements"]})


def elements_of(sections: Sequence[str]) -> list[str]:
    """Every element of the sections, in the order of the record."""
    chosen = [one.id for one in ELEMENTS if one.section in sections]
    return [*chosen, EDUCATORS] if EDUCATOR_SECTION in sections else chosen


def changes_of(facts: Mapping[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
    """What a form has otherwise than its situation, by path; always what is asked for, for what, and for whom."""
    elements = elements_of([name.removeprefix(SECTION) for name in form if name.startswith(SECTION)])
    changes: dict[str, Any] = {"elements": elements, "purpose": form.get("purpose", ""), "recipient.kind": form.get("recipient", "")}
    for fact in facts_of(facts):
        holds = form.get(FACT + fact.path) == CHOSEN
        if holds != fact.holds:
            changes[fact.path] = holds
    if form.get("state") and "groups" in facts:
        changes["groups.0.student.jurisdiction"] = f"US-{form['state']}"
    if form.get("covered") == CHOSEN:
        for path, value in _leaves(facts):
            if path.endswith((".elements", ".designated")):
                changes[path] = sorted({*value, *elements})
            elif path.endswith(".purposes"):
                changes[path] = sorted({*value, changes["purpose"]})
    return changes


def begun(facts: Mapping[str, Any]) -> dict[str, str]:
    """The fields of a form that changes nothing yet."""
    chosen = [FACT + fact.path for fact in facts_of(facts) if fact.holds] + [SECTION + section for section in sections_of(facts)]
    state = next((value.removeprefix("US-") for path, value in _leaves(facts) if path.endswith(".student.jurisdiction")), "")
    return dict.fromkeys(chosen, CHOSEN) | {"purpose": facts["purpose"], "recipient": facts["recipient"]["kind"], "state": state}


def _said(path: str) -> tuple[str, str]:
    place, member = path.split(".")[-2:]
    return PLACES.get(place, EVIDENCE), FACT_WORDS.get(member, spaced(member.replace("_", "-")))


def _leaves(facts: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    members: Iterator[tuple[Any, Any]] | None = None
    if isinstance(facts, dict):
        members = iter(facts.items())
    elif isinstance(facts, list) and facts and isinstance(facts[0], dict):
        members = iter(enumerate(facts))
    if members is None:
        yield path, facts
        return
    for name, value in members:
        yield from _leaves(value, f"{path}.{name}" if path else str(name))
