"""One entry of the log: told in a sentence, with its decision, its law, what left and what stayed, and what came before and after it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, cast
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from safepassage.checkpoints import parse_checkpoint
from safepassage.notes import parse_note, parse_vkey
from safepassage.problems import SuiteError
from safepassage.problems.log import NoSuchEntry
from safepassage.wire_decisions import RecordedDecision
from safepassage.wire_log import EntrySearch, FoundEntries, LogEntry, LogKeys
from services.gateway.console import decision_page, exchange_page
from services.gateway.console.code_words import said_of
from services.gateway.console.decision_page import Students, explained, grouped, unexplained
from services.gateway.console.decision_words import cited
from services.gateway.console.decisions import basis_of, named
from services.gateway.console.element_words import ELEMENT_WORDS
from services.gateway.console.handles import SessionHandles
from services.gateway.console.log_filters import LogFilters, handle_of
from services.gateway.console.log_rows import PATH as LIST
from services.gateway.console.log_rows import ShownEntry, code_of, names_in, party_of, shown_entry, students_of, verdict_of, who_of
from services.gateway.console.log_search import SERVICE
from services.gateway.console.log_words import CLASS_WORDS, SENTENCES
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.organisation_names import names_by_reference
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.proof_words import REASONS, SAYS
from services.gateway.console.purpose_words import PURPOSE_WORDS
from services.gateway.console.words import spaced
from services.gateway.people.pages import page_responses
from shared.contracts.audit import EntryClass

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

PATH: Final = f"{LIST}/{{place}}"
PLACE: Final = re.compile(r"([1-9][0-9]{3})-(0|[1-9][0-9]{0,14})")
GROUPS: Final = ("subject", "actor", "context")
AROUND: Final = 50
"""Entries of the same exchange that are listed."""


@dataclass(frozen=True)
class Fact:
    """A line of what is known."""

    name: str
    value: str
    is_code: bool = False
    href: str | None = None
    more: str = ""


@dataclass(frozen=True)
class Key:
    """A key whose signature counts."""

    name: str
    fingerprint: str
    """SHA-256 of the key, hexadecimal."""


async def opened(place: str, node: NodeReader) -> tuple[int, LogEntry]:
    """The year of its log, and the entry with what the person may see of it. Raises NoSuchEntry, too where it is another district's."""
    found = PLACE.fullmatch(place)
    if found is None:
        raise NoSuchEntry(field="place")
    year, index = int(found[1]), int(found[2])
    entry = await node.read("audit", f"/v1/log/entries/{index}", LogEntry, {"year": year, "open": GROUPS})
    closed = entry.actor is None and entry.context is None
    # INVARIANT: of what is not opened to a district nothing is shown, not even that it is there.
    if closed and node.claims.organisation_kind != "sea":
        raise NoSuchEntry(field="place")
    return year, entry


@router.get(PATH, response_model=None, responses=page_responses(200, 404))
async def show_log_entry(place: str, frame: Framed, node: Node, handles: SessionHandles) -> Response:
    """An entry. That it was looked at is itself recorded."""
    year, entry = await opened(place, node)
    _, viewing = frame.translate, frame.viewing
    actor, context = _payload(entry.actor), _payload(entry.context)
    students = [str(one.payload["student"]) for one in entry.subjects if one.payload.get("student")]
    names = await names_by_reference(frame.request, (actor.get("organisation_id"), context.get("recipient_organisation")))
    decision, groups = await _decided(node, frame, context)
    keys = await node.read("audit", "/v1/log/keys", LogKeys, {"year": year})
    return frame.page(
        "entry.html",
        entry=entry,
        number=viewing.number(entry.index),
        sentence=sentence_of(entry, actor, context, len(students), frame, names),
        verdict=verdict_of(context.get("outcome"), _),
        facts=facts_of(entry, actor, context, frame, names),
        decision=None if decision is None else decision_page.PATH.format(decision_id=decision.id),
        groups=groups,
        left=[named(ELEMENT_WORDS, one, _) for one in context.get("elements") or ()],
        students=[(one, LogFilters().href(LIST, who=handle_of("student", one, handles))) for one in students],
        around=await _around(node, frame, entry, context),
        place=place,
        year=year,
        list_path=LIST,
        size=viewing.number(parse_checkpoint(parse_note(entry.checkpoint).text).size),
        steps=viewing.number(len(entry.path)),
        keys=[_key(vkey) for vkey in keys.keys],
        witnesses=[_key(vkey) for vkey in keys.witness_keys],
        vkey=keys.keys[0],
        words={name: _(said) for name, said in {**REASONS, **SAYS}.items()},
    )


def sentence_of(
    entry: LogEntry, actor: Mapping[str, Any], context: Mapping[str, Any], students: int, frame: Frame, names: Mapping[str, str]
) -> str:
    """The entry in one plain sentence; of one that is closed, what kind it is."""
    _ = frame.translate
    if entry.class_ not in SENTENCES or not actor:
        return f"{_(CLASS_WORDS.get(cast('EntryClass', entry.class_), spaced(entry.class_)))}."
    party = party_of(entry.class_, actor, context)[1]
    who = who_of(actor, _)
    said = {
        "who": ", ".join(one for one in (who[:1].lower() + who[1:], code_of(actor)) if one),
        "students": students_of(students, frame.viewing, _) or _("a student whom the entry does not name"),
        "recipient": names.get(party, party) or _("somebody whom the entry does not name"),
    }
    return _(SENTENCES[cast("EntryClass", entry.class_)]) % said


def facts_of(entry: LogEntry, actor: Mapping[str, Any], context: Mapping[str, Any], frame: Frame, names: Mapping[str, str]) -> list[Fact]:
    """What is known of why and by whom, in the order in which it is asked."""
    _ = frame.translate
    facts = []
    if context.get("basis"):
        basis, citation = basis_of(str(context["basis"]), _)
        more = [cited(one, _) for one in context.get("citations") or () if one != citation]
        facts.append(Fact(_("Law"), citation or basis, more=" · ".join([basis, *more] if citation else more)))
    elif context.get("citations"):
        facts.append(Fact(_("Law"), " · ".join(cited(one, _) for one in context["citations"])))
    if context.get("purpose"):
        facts.append(Fact(_("Purpose"), named(PURPOSE_WORDS, str(context["purpose"]), _)))
    for member, name in (("reason", _("Reason")), ("operation", _("Operation"))):
        if context.get(member):
            facts.append(Fact(name, said_of(str(context[member]), _)))
    if actor:
        facts.append(Fact(_("Who"), who_of(actor, _), more=code_of(actor)))
    parties = (
        (_("Organization that acted"), actor.get("organisation_id")),
        (_("Organization that received"), context.get("recipient_organisation")),
    )
    for name, number in parties:
        if number:
            facts.append(Fact(name, names[number], more=number) if number in names else Fact(name, str(number), is_code=True))
    if context.get("recipient_name"):
        facts.append(Fact(_("As its state calls it"), context["recipient_name"]))
    codes = {
        "recipient_node": (_("Through the node"), context),
        "consent_id": (_("Evidence: consent"), context),
        "agreement_id": (_("Evidence: agreement"), context),
        "request_digest": (_("Evidence: digest of the request"), context),
        "about": (_("About"), context),
    }
    facts += [Fact(name, str(said[member]), is_code=True) for member, (name, said) in codes.items() if said.get(member)]
    if context.get("exchange_id"):
        href = exchange_page.PATH.format(exchange_id=context["exchange_id"])
        facts.append(Fact(_("Exchange"), str(context["exchange_id"]), is_code=True, href=href))
    return facts


def _payload(group: Any) -> dict[str, Any]:
    return {} if group is None else group.payload


async def _decided(node: NodeReader, frame: Frame, context: Mapping[str, Any]) -> tuple[RecordedDecision | None, list[Students]]:
    """The decision that an entry names, and element by element what it let go; none where the person may not see it."""
    if not context.get("decision_id") or not node.may("decisions:read"):
        return None, []
    identifier = UUID(str(context["decision_id"]))
    try:
        decision = await node.read("privacy", f"/v1/decisions/{identifier}", RecordedDecision)
    except SuiteError as error:
        if error.status in (403, 404):
            return None, []
        raise
    told = await explained(node, identifier)
    subjects = told.subjects if told is not None else tuple(map(unexplained, decision.subjects))
    return decision, grouped(subjects, {} if told is None else {rule.id: rule for rule in told.rules}, frame)


@dataclass(frozen=True)
class Around:
    """An entry of the same exchange."""

    shown: ShownEntry
    is_this: bool
    clock: str
    at: datetime


async def _around(node: NodeReader, frame: Frame, entry: LogEntry, context: Mapping[str, Any]) -> Sequence[Around]:
    """What the log has of the same exchange, the oldest first."""
    if not context.get("exchange_id"):
        return ()
    search = EntrySearch(exchange_ids=(UUID(str(context["exchange_id"])),))
    found, _more = await node.page("audit", SERVICE, FoundEntries, {"limit": AROUND}, body=search)
    viewing, here, names = frame.viewing, (entry.log, entry.index), await names_in(frame.request, found.entries)
    return [
        Around(shown_entry(one, viewing, frame.translate, names), (one.log, one.index) == here, viewing.clock(one.logged_at), one.logged_at)
        for one in reversed(found.entries)
    ]


def _key(vkey: str) -> Key:
    key = parse_vkey(vkey)
    return Key(key.name, sha256(key.public_key).hexdigest())
