"""Keys, settings, and who did what here, each as a file."""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from safepassage.wire_log import EntrySearch, FoundEntries, FoundEntry
from services.gateway.console.exports import Form, exported, filed, rows_of
from services.gateway.console.node_keys import keys_of, statement_in
from services.gateway.console.node_reader import Node
from services.gateway.console.pages import ConsoleRoute, Framed
from services.gateway.console.settings_page import ACTS_EXPORT, EXPORT, ORDERS, Kind, classes_of
from services.gateway.console.settings_shown import settings_of
from services.gateway.console.settings_tables import KEYS, SETTINGS
from services.gateway.console.viewing import utc
from services.gateway.console.whole_tables import Asked
from services.gateway.people.pages import page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

IN_AN_EXPORT: Final = 5_000
ACT_COLUMNS: Final = ("log", "index", "logged_at", "class", "operation", "outcome", "kind", "role", "who", "about", "proof")

Table = Annotated[Literal["keys", "settings"], Query(alias="table", description="Which of the tables that are wholly on the page")]


@router.get(EXPORT, response_model=None, responses=page_responses(200))
async def export_settings(
    frame: Framed,
    keys: Annotated[Asked, KEYS.asked],
    settings: Annotated[Asked, SETTINGS.asked],
    table: Table = "settings",
    form: Form = "csv",
) -> Response:
    """The keys (public halves by their thumbprints), or the settings of the gateway, as far as the page shows them."""
    state, now = frame.request.app.state, frame.viewing.now
    if table == "settings":
        return filed(SETTINGS, settings_of(state.limits.settings, str, str), settings, form)
    return filed(KEYS, keys_of(state.token_keys.current, statement_in(state.settings.node_statement_file), now), keys, form)


@router.get(ACTS_EXPORT, response_model=None, responses=page_responses(200))
async def export_acts(node: Node, kind: Kind = "", sort: Annotated[str, ORDERS.query] = ORDERS.usual, form: Form = "csv") -> Response:
    """Who did what here: the first 5,000 entries of the list's order. Each page of it is looked for in the log, and is on it itself.

    Entries that the index of the log has not yet may be left out: then the file's name says how many.
    """
    left_out: list[int] = []

    def entries(page: FoundEntries) -> Sequence[FoundEntry]:
        left_out.append(page.not_looked_at)  # no two pages look at the same ones
        return page.entries

    search = EntrySearch(classes=classes_of(kind))
    path, asked = "/v1/log/searches", {"sort": sort}
    found = await rows_of(node, "audit", path, FoundEntries, asked, entries, most=IN_AN_EXPORT, body=search)
    return exported("acts", form, ACT_COLUMNS, [_act(one) for one in found], left_out=sum(left_out), most=IN_AN_EXPORT)


def _act(entry: FoundEntry) -> dict[str, object]:
    actor, context = entry.actor or {}, entry.context or {}
    return {
        "log": entry.log,
        "index": entry.index,
        "logged_at": utc(entry.logged_at),
        "class": entry.class_,
        "operation": context.get("operation"),
        "outcome": context.get("outcome"),
        "kind": actor.get("kind"),
        "role": actor.get("role"),
        "who": actor.get("person") or actor.get("client_id") or actor.get("job"),
        "about": context.get("about"),
        "proof": entry.proof,
    }
