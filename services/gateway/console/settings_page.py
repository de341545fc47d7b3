"""Keys, settings, and who did what here: what opens this node's doors, how it was set up, and each act of those who run it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.responses import Response

from safepassage.wire_log import EntrySearch, FoundEntries, FoundEntry
from services.gateway.console.code_words import outcome_of, said_of
from services.gateway.console.node_keys import PURPOSES, SOON_DAYS, STANDINGS, keys_of, statement_in
from services.gateway.console.node_reader import Node
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.settings_shown import settings_of
from services.gateway.console.words import word
from services.gateway.people.pages import page_responses
from services.gateway.people.roles import ROLES

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

PATH: Final = "/console/settings"
ON_A_PAGE: Final = 25
ACTS: Final = ("administration", "authentication", "policy", "trust", "export", "destruction")
"""Classes of entries by which a node is run; each is an answer to who did what here."""

KINDS: Final = {
    "client": word("A client"),
    "peer": word("Another node"),
    "person": word("A person"),
    "system": word("The node itself"),
    "operator": word("An operator at the command line"),
}
CLASSES: Final = {
    "administration": word("Administration"),
    "authentication": word("Sign-ins and tokens"),
    "policy": word("Policies"),
    "trust": word("Trust list"),
    "export": word("Exports"),
    "destruction": word("Destruction"),
}


@dataclass(frozen=True)
class ShownAct:
    """A row."""

    at: datetime
    what: str
    outcome: str
    who: str
    code: str
    about: str
    index: int


@router.get(PATH, response_model=None, responses=page_responses(200))
async def show_settings(
    frame: Framed,
    node: Node,
    kind: Annotated[str, Query(pattern=f"^({'|'.join(ACTS)})?$")] = "",
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> Response:
    """Keys, the settings of this process with the limits in force, and the acts of those who run the node, the newest first."""
    state, viewing, _ = frame.request.app.state, frame.viewing, frame.translate
    statement = statement_in(state.settings.node_statement_file)
    ends = None if statement is None else datetime.fromtimestamp(statement.exp, viewing.now.tzinfo)
    search = EntrySearch(classes=(kind,) if kind else ACTS)
    query: dict[str, str | int] = {"limit": ON_A_PAGE, **({"cursor": cursor} if cursor is not None else {})}
    found, following = await node.page("audit", "/v1/log/searches", FoundEntries, query, body=search)
    more = None if following is None else f"{PATH}?{urlencode({'kind': kind, 'cursor': following['cursor']})}"
    return frame.page(
        "settings.html",
        keys=keys_of(state.token_keys.current, statement, viewing.now),
        purposes={code: _(said) for code, said in PURPOSES.items()},
        standings={code: _(said) for code, said in STANDINGS.items()},
        ends=ends,
        ends_soon=ends is not None and viewing.days_until(ends) <= SOON_DAYS,
        settings=settings_of(state.limits.settings, viewing.number, _),
        acts=[shown_act(frame, one) for one in found.entries],
        more=more,
        classes=[(code, _(said)) for code, said in CLASSES.items()],
        chosen=kind,
        action=PATH,
    )


def shown_act(frame: Frame, entry: FoundEntry) -> ShownAct:
    """What was done by whom, in words where there are any. Nobody has a name in the log: a person is what this node calls them."""
    _, actor, context = frame.translate, entry.actor or {}, entry.context or {}
    return ShownAct(
        at=entry.logged_at,
        what=said_of(str(context.get("operation", entry.class_)), _),
        outcome=outcome_of(str(context.get("outcome", "")), _),
        who=_who(frame, actor),
        code=str(actor.get("person") or actor.get("client_id") or actor.get("job") or ""),
        about=str(context.get("about", "")),
        index=entry.index,
    )


def _who(frame: Frame, actor: Mapping[str, Any]) -> str:
    _ = frame.translate
    kind, role = actor.get("kind", ""), actor.get("role")
    said = _(KINDS[kind]) if kind in KINDS else _("Not open to you")
    return f"{said}, {_(ROLES[role]).lower()}" if role in ROLES else said
