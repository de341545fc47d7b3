"""Keys, settings, and who did what here: what opens this node's doors, how it was set up, and each act of those who run it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.responses import Response

from safepassage.wire_log import EntrySearch, FoundEntries, FoundEntry
from services.gateway.console.code_words import outcome_of, said_of
from services.gateway.console.log_rows import PATH as LOG
from services.gateway.console.log_rows import code_of, entry_href, who_of
from services.gateway.console.navigation import roles_of
from services.gateway.console.node_keys import PURPOSES, SOON_DAYS, STANDINGS, keys_of, statement_in
from services.gateway.console.node_reader import Node
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.settings_shown import settings_of
from services.gateway.console.settings_tables import KEYS, SETTINGS
from services.gateway.console.sorting import Orders
from services.gateway.console.whole_tables import Asked
from services.gateway.console.words import word
from services.gateway.people.pages import page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

PATH: Final = "/console/settings"
EXPORT: Final = f"{PATH}/export"
ACTS_EXPORT: Final = f"{PATH}/acts/export"
ON_A_PAGE: Final = 25
ACTS: Final = ("administration", "authentication", "policy", "trust", "export", "destruction")
"""Classes of entries by which a node is run; each is an answer to who did what here."""

CLASSES: Final = {
    "administration": word("Administration"),
    "authentication": word("Sign-ins and tokens"),
    "policy": word("Policies"),
    "trust": word("Trust list"),
    "export": word("Exports"),
    "destruction": word("Destruction"),
}


ORDERS: Final = Orders("-logged_at", region="#main")

Kind = Annotated[str, Query(pattern=f"^({'|'.join(ACTS)})?$")]


@dataclass(frozen=True)
class ShownAct:
    """A row."""

    at: datetime
    what: str
    outcome: str
    who: str
    code: str
    about: str
    href: str | None
    """The entry's own page, for who may open it."""


@router.get(PATH, response_model=None, responses=page_responses(200))
async def show_settings(
    frame: Framed,
    node: Node,
    *,
    kind: Kind = "",
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
    sort: Annotated[str, ORDERS.query] = ORDERS.usual,
    keys: Annotated[Asked, KEYS.asked],
    settings: Annotated[Asked, SETTINGS.asked],
) -> Response:
    """Keys, the settings of this process with the limits in force, and the acts of those who run the node, the newest first."""
    state, viewing, _ = frame.request.app.state, frame.viewing, frame.translate
    statement = statement_in(state.settings.node_statement_file)
    ends = None if statement is None else datetime.fromtimestamp(statement.exp, viewing.now.tzinfo)
    search = EntrySearch(classes=classes_of(kind))
    query: dict[str, str | int] = {"limit": ON_A_PAGE, "sort": sort, **({"cursor": cursor} if cursor is not None else {})}
    found, following = await node.page("audit", "/v1/log/searches", FoundEntries, query, body=search)
    order = {**ORDERS.kept(sort), **KEYS.said(keys), **SETTINGS.said(settings)}
    more = None if following is None else f"{PATH}?{urlencode({'kind': kind, **order, 'cursor': following['cursor']})}"
    return frame.page(
        "settings.html",
        keys=frame.table(KEYS, keys_of(state.token_keys.current, statement, viewing.now), keys, export=EXPORT),
        purposes={code: _(said) for code, said in PURPOSES.items()},
        standings={code: _(said) for code, said in STANDINGS.items()},
        ends=ends,
        ends_soon=ends is not None and viewing.days_until(ends) <= SOON_DAYS,
        settings=frame.table(SETTINGS, settings_of(state.limits.settings, viewing.number, _), settings, export=EXPORT),
        order=order,
        export=ORDERS.address(ACTS_EXPORT, sort, **({"kind": kind} if kind else {})),
        acts=[shown_act(frame, one) for one in found.entries],
        not_looked_at=found.not_looked_at,
        more=more,
        heads=frame.heads(ORDERS, sort),
        classes=[(code, _(said)) for code, said in CLASSES.items()],
        chosen=kind,
        action=PATH,
    )


def classes_of(kind: str) -> tuple[str, ...]:
    """Of entries, that a kind of acts has; by default all of them."""
    return (kind,) if kind else ACTS


def shown_act(frame: Frame, entry: FoundEntry) -> ShownAct:
    """What was done by whom, in words where there are any. Nobody has a name in the log: a person is what this node calls them."""
    _, actor, context = frame.translate, entry.actor or {}, entry.context or {}
    return ShownAct(
        at=entry.logged_at,
        what=said_of(str(context.get("operation", entry.class_)), _),
        outcome=outcome_of(str(context.get("outcome", "")), _),
        who=who_of(actor, _),
        code=code_of(actor),
        about=str(context.get("about", "")),
        href=entry_href(entry.log, entry.index, entry.proof) if frame.person.role in roles_of(LOG) else None,
    )
