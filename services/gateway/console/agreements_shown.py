"""An agreement as it is shown: how it stands, what of its schedule is used, what is to be destroyed, who comes in under it. Pure.

`today` is the state agency's day, by which it begins and ends.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from safepassage.wire_agreement_use import AgreementUse
from safepassage.wire_duties import DestructionOwed
from safepassage.wire_evidence import AnyAgreement
from safepassage.wire_policy import Subprocessor
from services.gateway.console.charts.bars import shares
from services.gateway.console.decision_words import BASIS_WORDS, Tone
from services.gateway.console.element_words import ELEMENT_WORDS
from services.gateway.console.viewing import Viewing
from services.gateway.console.words import word
from services.gateway.registry.suspensions import Credential

Translate = Callable[[str], str]

PATH: Final = "/console/agreements"
ONE: Final = f"{PATH}/{{agreement_id}}"

BASES: Final[Mapping[str, str]] = {"contractor": "contractor", "audit-evaluation": "audit-representative", "study": "study"}
"""The legal basis that an agreement of each kind is part of."""
SOON_DAYS: Final = 90

CREDENTIAL_KINDS: Final[Mapping[str, str]] = {
    "information-system": word("Information system"),
    "application": word("Application"),
    "portal": word("Portal"),
    "operations": word("Operations"),
}


@dataclass(frozen=True)
class Terms:
    """What an agreement says on a day, its amendments counted."""

    elements: tuple[str, ...]
    purposes: tuple[str, ...]
    ends_on: date
    subprocessors: tuple[Subprocessor, ...]


def terms_of(agreement: AnyAgreement, today: date) -> Terms:
    """Those that are in force: of the amendments that have begun the last one counts."""
    elements, purposes, ends_on, subprocessors = agreement.elements, agreement.purposes, agreement.ends_on, agreement.subprocessors
    for one in agreement.amendments:
        if one.signed_on <= today and one.from_ <= today:
            elements, purposes, ends_on = one.elements, one.purposes, one.ends_on
            subprocessors = subprocessors if one.subprocessors is None else one.subprocessors
    return Terms(tuple(dict.fromkeys(elements)), purposes, ends_on, subprocessors)


@dataclass(frozen=True)
class Said:
    """A state in words, with a mark that is told without colour."""

    tone: Tone
    mark: str
    word: str


def standing_of(agreement: AnyAgreement, terms: Terms, today: date, *, suspended: bool, translate: Translate) -> Said:
    """Whether anything may be disclosed under it."""
    if agreement.terminated_at is not None:
        return Said("plain", "cross", translate("Ended early"))
    if terms.ends_on <= today:
        return Said("plain", "cross", translate("Over"))
    if suspended:
        return Said("danger", "cross", translate("Suspended"))
    if agreement.starts_on > today:
        return Said("plain", "dot", translate("Not begun"))
    return Said("good", "check", translate("In force"))


def ending_of(agreement: AnyAgreement, terms: Terms, today: date, viewing: Viewing, translate: Translate) -> Said | None:
    """The clock of its end, while it runs: near or far."""
    left = (terms.ends_on - today).days
    if agreement.terminated_at is not None or left <= 0:
        return None
    said = translate("In 1 day") if left == 1 else translate("In %(n)s days") % {"n": viewing.number(left)}
    return Said("warn" if left <= SOON_DAYS else "plain", "clock", said)


@dataclass(frozen=True)
class UsedElement:
    """An element that an agreement schedules, or under which it was asked for."""

    element: str
    name: str
    use: str
    said: Said
    count: int
    """Of decisions that permitted it."""
    refused: int
    width: str


def used_elements(use: AgreementUse, translate: Translate) -> list[UsedElement]:
    """Those most used in front, then those that were only refused, then those that nobody asked for."""
    permitted, refused = Counter[str](), Counter[str]()
    for month in use.months:
        for one in month.elements:
            permitted[one.element] += one.permitted
            refused[one.element] += one.refused
    found = sorted({*use.scheduled, *permitted, *refused}, key=lambda it: (-permitted[it], -refused[it], it))
    widths = shares([permitted[it] for it in found])
    shown = []
    for place, it in enumerate(found):
        code = _use_of(it, use, permitted[it], refused[it])
        tone, mark, said = USES[code]
        name = translate(ELEMENT_WORDS.get(it, it))
        shown.append(UsedElement(it, name, code, Said(tone, mark, translate(said)), permitted[it], refused[it], widths[place]))
    return shown


USES: Final[Mapping[str, tuple[Tone, str, str]]] = {
    "used": ("good", "check", word("Used")),
    "refused": ("warn", "cross", word("Refused each time")),
    "never": ("plain", "dot", word("Never asked for")),
    "no-longer": ("warn", "half", word("Used, and no longer agreed")),
    "not-agreed": ("danger", "cross", word("Asked for, not agreed")),
}
"""Tone, mark and word."""


def _use_of(element: str, use: AgreementUse, permitted: int, refused: int) -> str:
    if element not in use.scheduled:
        return "no-longer" if permitted else "not-agreed"
    return "used" if permitted else "refused" if refused else "never"


def share_used(use: AgreementUse) -> tuple[int, int, str]:
    """How many scheduled elements are used, of how many, and the width of the bar."""
    scheduled = set(use.scheduled)
    used = len(scheduled & set(use.permitted))
    return used, len(scheduled), f"{100 * used / len(scheduled):.0f}%" if scheduled else "0%"


def destruction_of(owed: DestructionOwed, viewing: Viewing, _: Translate) -> Said:
    """What the party still has to destroy."""
    if not owed.owed:
        return Said("plain", "dot", _("Nothing owed"))
    if owed.held:
        return Said("warn", "half", _("Held: somebody waits to inspect"))
    if owed.overdue:
        return Said("danger", "clock", _("Overdue"))
    when = viewing.day(viewing.day_of(owed.due_at)) if owed.due_at is not None else ""
    return Said("plain", "clock", _("Due %(day)s") % {"day": when} if when else _("Owed"))


@dataclass(frozen=True)
class ShownCredential:
    """A client of the party."""

    name: str
    kind: str
    said: Said
    scopes: tuple[str, ...]
    created_at: datetime
    last_used: str
    last_used_on: date | None
    of: Credential


def shown_credential(one: Credential, viewing: Viewing, _: Translate) -> ShownCredential:
    """With the day of its last use."""
    said = Said("good", "check", _("Lets in")) if one.disabled_at is None else Said("plain", "cross", _("Out"))
    return ShownCredential(
        one.name,
        _(CREDENTIAL_KINDS.get(one.kind, one.kind)),
        said,
        one.scopes,
        one.created_at,
        last_used([one], viewing, _),
        one.last_used_on,
        one,
    )


def last_used(credentials: Sequence[Credential], viewing: Viewing, _: Translate) -> str:
    """The last day on which one of them was used."""
    days = [one.last_used_on for one in credentials if one.last_used_on is not None]
    return viewing.day(max(days)) if days else _("Not in the last 31 days")


def basis_of(kind: str, translate: Translate) -> tuple[str, str]:
    """The name of an agreement's kind, and its paragraph."""
    name, citation = BASIS_WORDS[BASES[kind]]
    return translate(name), citation


def path_of(agreement_id: UUID) -> str:
    """The page of one."""
    return ONE.format(agreement_id=agreement_id)
