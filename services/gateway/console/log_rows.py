"""An entry of the log in a row, or as the head of its page: in words where there are any. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast
from urllib.parse import urlsplit

from fastapi import Request

from safepassage.wire_log import FoundEntry
from services.gateway.console.code_words import outcome_of, said_of
from services.gateway.console.decision_words import OUTCOMES, Tone
from services.gateway.console.decisions import basis_of, named
from services.gateway.console.log_words import CLASS_WORDS, KINDS
from services.gateway.console.organisation_names import names_by_reference
from services.gateway.console.purpose_words import PURPOSE_WORDS
from services.gateway.console.viewing import Viewing
from services.gateway.console.words import spaced
from services.gateway.people.roles import ROLES
from shared.contracts.audit import EntryClass

PATH: Final = "/console/log"

Translate = Callable[[str], str]
Verdict = tuple[Tone, str, str]


@dataclass(frozen=True)
class ShownEntry:
    """A row of the table."""

    href: str | None
    """None until a signed checkpoint covers it."""
    at: datetime
    what: str
    more: str
    who: str
    code: str
    students: str
    one_student: str | None
    """By the node's number, where it is about one."""
    purpose: str
    law: str
    towards: str
    """"to", "from" or nothing."""
    party: str
    verdict: Verdict | None
    reason: str
    destroyed: bool


def shown_entry(one: FoundEntry, viewing: Viewing, translate: Translate, names: Mapping[str, str]) -> ShownEntry:
    """An entry that a search found. `names`: of organisations, by their numbers."""
    _, actor, context = translate, one.actor or {}, one.context or {}
    basis, citation = basis_of(context["basis"], _) if context.get("basis") else ("", "")
    towards, party = party_of(one.class_, actor, context)
    return ShownEntry(
        href=entry_href(one.log, one.index, one.proof),
        at=one.logged_at,
        what=_(CLASS_WORDS[cast("EntryClass", one.class_)]) if one.class_ in CLASS_WORDS else spaced(one.class_),
        more=elements_of(context, viewing, _) or said_of(str(context.get("operation") or ""), _),
        who=who_of(actor, _),
        code=code_of(actor),
        students=students_of(len(one.student_ids), viewing, _),
        one_student=str(one.student_ids[0]) if len(one.student_ids) == 1 else None,
        purpose=named(PURPOSE_WORDS, context["purpose"], _) if context.get("purpose") else "",
        law=citation or basis,
        towards=towards,
        party=names.get(party, party),
        verdict=verdict_of(context.get("outcome"), _),
        reason=said_of(str(context.get("reason") or ""), _),
        destroyed=one.destroyed,
    )


def place_of(log: str, index: int) -> str:
    """How an entry's page is called: the year of its log, and its index in it. A log is called `<host>/log/<year>`."""
    return f"{log.rpartition('/')[2]}-{index}"


def entry_href(log: str, index: int, proof: str) -> str | None:
    """The page of an entry; None until a signed checkpoint covers it."""
    return f"{PATH}/{place_of(log, index)}" if proof == "published" else None


def who_of(actor: Mapping[str, Any], translate: Translate) -> str:
    """Who did it, in words. Nobody has a name in the log: a person is what this node calls them."""
    kind, role = "person" if actor.get("person") else actor.get("kind", ""), actor.get("role")
    said = translate(KINDS[kind]) if kind in KINDS else translate("Not open to you")
    return f"{said}, {translate(ROLES[role]).lower()}" if role in ROLES else said


def code_of(actor: Mapping[str, Any]) -> str:
    """Who did it, as the log has it."""
    return str(actor.get("person") or actor.get("client_id") or actor.get("job") or "")


def students_of(count: int, viewing: Viewing, translate: Translate) -> str:
    """How many."""
    return "" if not count else translate("1 student") if count == 1 else translate("%(n)s students") % {"n": viewing.number(count)}


def elements_of(context: Mapping[str, Any], viewing: Viewing, translate: Translate) -> str:
    """How many elements of a record."""
    count = len(cast("Sequence[str]", context.get("elements") or ()))
    return "" if not count else translate("1 element") if count == 1 else translate("%(n)s elements") % {"n": viewing.number(count)}


def party_of(class_: str, actor: Mapping[str, Any], context: Mapping[str, Any]) -> tuple[str, str]:
    """Whom it went to or came from: the other node's host, or an organisation by its number."""
    if class_ == "received" and actor.get("client_id"):
        return "from", host_of(str(actor["client_id"]))
    node, organisation = context.get("recipient_node"), context.get("recipient_organisation")
    if node:
        return "to", host_of(str(node))
    return ("to", str(organisation)) if organisation else ("", "")


async def names_in(request: Request, entries: Iterable[FoundEntry]) -> Mapping[str, str]:
    """What the organisations are called to which entries went."""
    return await names_by_reference(request, ((one.context or {}).get("recipient_organisation") for one in entries))


def host_of(entity: str) -> str:
    """`birch.example` of `https://birch.example`."""
    return urlsplit(entity).netloc or entity


def verdict_of(outcome: object, translate: Translate) -> Verdict | None:
    """How it ended: those of decisions have a colour, every other is said as its code says it."""
    if not outcome:
        return None
    if outcome in OUTCOMES:
        tone, mark, said = OUTCOMES[outcome]  # type: ignore[index]  # it is one of them
        return tone, mark, translate(said)
    return "plain", "dot", outcome_of(str(outcome), translate)
