"""Decisions: what was asked, and whether it was permitted; each leads to why."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.responses import Response

from safepassage.problems.requests import InvalidRequest
from safepassage.wire_decisions import Outcome
from safepassage.wire_lists import DecisionPage, DecisionSummary
from services.gateway.console.decision_words import ACTION_WORDS, BASIS_WORDS, OUTCOMES, RECIPIENT_WORDS, Tone
from services.gateway.console.exports import Form, exported, rows_of
from services.gateway.console.node_reader import Node
from services.gateway.console.pages import ConsoleRoute, Framed
from services.gateway.console.purpose_words import PURPOSE_WORDS
from services.gateway.console.sorting import Orders
from services.gateway.console.viewing import Viewing, utc
from services.gateway.console.words import spaced
from services.gateway.people.pages import page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

PATH: Final = "/console/decisions"
EXPORT: Final = f"{PATH}/export"
ON_A_PAGE: Final = 50
ORDERS: Final = Orders("-decided_at", region="#decisions")
"""Everything else of a decision is sealed, so that no list can be kept in its order."""
IN_AN_EXPORT: Final = 5_000

COLUMNS: Final = (
    "id",
    "decided_at",
    "outcome",
    "action",
    "basis",
    "purpose",
    "recipient_kind",
    "exchange_id",
    "valid_until",
    "policy_hash",
)

Chosen = Literal["", "permit", "permit-with-redaction", "deny"]
Day = Annotated[str, Query(max_length=10)]
Sorted = Annotated[str, ORDERS.query]


@dataclass(frozen=True)
class ShownDecision:
    """A row of the table."""

    href: str
    at: datetime
    tone: Tone
    mark: str
    outcome: str
    action: str
    basis: str
    citation: str
    purpose: str
    recipient: str


def shown_decision(one: DecisionSummary, translate: Callable[[str], str]) -> ShownDecision:
    """A decision in a row."""
    tone, mark, outcome = OUTCOMES[one.outcome]
    basis, citation = basis_of(one.basis, translate)
    return ShownDecision(
        href=f"{PATH}/{one.id}",
        at=one.decided_at,
        tone=tone,
        mark=mark,
        outcome=translate(outcome),
        action=translate(ACTION_WORDS[one.action]),
        basis=basis,
        citation=citation,
        purpose=named(PURPOSE_WORDS, one.purpose, translate),
        recipient=named(RECIPIENT_WORDS, one.recipient_kind, translate),
    )


def basis_of(code: str, translate: Callable[[str], str]) -> tuple[str, str]:
    """A basis by its name, and its paragraph."""
    name, citation = BASIS_WORDS.get(code, (spaced(code), ""))
    return translate(name), citation


def named(words: Mapping[str, str], code: str, translate: Callable[[str], str]) -> str:
    """What a code is called; a code that has no word is said as it is."""
    return translate(words[code]) if code in words else spaced(code)


def instant_of(day: str, viewing: Viewing, *, field: str, last: bool = False) -> datetime | None:
    """Where a day of the reader's begins, or ends if it is the `last` of several; None where none is given. Raises InvalidRequest."""
    if not day:
        return None
    try:
        read = date.fromisoformat(day)
        return viewing.end_of(read) if last else viewing.start_of(read)
    except (ValueError, OverflowError) as error:
        raise InvalidRequest("a day as 2026-11-23", field=field) from error


def _asked(viewing: Viewing, outcome: str, purpose: str, action: str, from_: str, to: str) -> dict[str, str]:
    """What the service is asked. Raises InvalidRequest."""
    for field, code, words in (("purpose", purpose, PURPOSE_WORDS), ("action", action, ACTION_WORDS)):
        if code and code not in words:
            raise InvalidRequest("none of the list", field=field)
    begins, ends = instant_of(from_, viewing, field="from"), instant_of(to, viewing, field="to", last=True)
    asked = {"outcome": outcome, "purpose": purpose, "action": action, "from": begins and utc(begins), "until": ends and utc(ends)}
    return {name: value for name, value in asked.items() if value}


@router.get(PATH, response_model=None, responses=page_responses(200))
async def show_decisions(
    frame: Framed,
    node: Node,
    outcome: Annotated[Chosen, Query()] = "",
    purpose: Annotated[str, Query(max_length=64)] = "",
    action: Annotated[str, Query(max_length=64)] = "",
    from_: Annotated[Day, Query(alias="from")] = "",
    to: Day = "",
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
    sort: Sorted = ORDERS.usual,
) -> Response:
    """Decisions about the students of the person's organisation and those below it, the newest first."""
    viewing, _ = frame.viewing, frame.translate
    asked = _asked(viewing, outcome, purpose, action, from_, to)
    page: dict[str, str | int] = {"sort": sort, "limit": ON_A_PAGE, **({"cursor": cursor} if cursor is not None else {})}
    found = await node.read("privacy", "/v1/decisions", DecisionPage, {**asked, **page})
    chosen = {"outcome": outcome, "purpose": purpose, "action": action, "from": from_, "to": to}
    kept = {name: value for name, value in chosen.items() if value}
    filed = {**kept, **ORDERS.kept(sort)}
    number = len(found.decisions)
    count = _("No decisions") if not number else _("1 decision") if number == 1 else _("%(n)s decisions") % {"n": viewing.number(number)}
    if found.next and number:
        count = _("%(n)s decisions, and more") % {"n": viewing.number(number)}
    return frame.page(
        "decisions.html",
        rows=[shown_decision(one, _) for one in found.decisions],
        count=count,
        more=None if found.next is None else f"{PATH}?{urlencode({**filed, 'cursor': found.next})}",
        export=f"{EXPORT}?{urlencode(filed)}" if filed else EXPORT,
        heads=frame.heads(ORDERS, sort),
        order=ORDERS.kept(sort),
        chosen=chosen,
        filtered=bool(kept),
        outcomes=[(code, _(word)) for code, (_tone, _mark, word) in OUTCOMES.items()],
        purposes=_choices(PURPOSE_WORDS, _),
        actions=[(code, _(word)) for code, word in ACTION_WORDS.items()],
        may_simulate=node.may("policies:simulate"),
    )


def _choices(words: Mapping[str, str], translate: Callable[[str], str]) -> list[tuple[str, str]]:
    return sorted(((code, translate(word)) for code, word in words.items()), key=lambda one: one[1])


@router.get(EXPORT, response_model=None, responses=page_responses(200))
async def export_decisions(
    frame: Framed,
    node: Node,
    outcome: Annotated[Outcome | Literal[""], Query()] = "",
    purpose: Annotated[str, Query(max_length=64)] = "",
    action: Annotated[str, Query(max_length=64)] = "",
    from_: Annotated[Day, Query(alias="from")] = "",
    to: Day = "",
    sort: Sorted = ORDERS.usual,
    form: Form = "csv",
) -> Response:
    """The list as a file: codes, ids and instants, the first 5,000 of its order."""
    asked = {**_asked(frame.viewing, outcome, purpose, action, from_, to), "sort": sort}
    found = await rows_of(node, "privacy", "/v1/decisions", DecisionPage, asked, lambda page: page.decisions, most=IN_AN_EXPORT)
    return exported("decisions", form, COLUMNS, [one.model_dump(mode="json") for one in found], most=IN_AN_EXPORT)
