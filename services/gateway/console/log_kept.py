"""The searches of the log that an organisation keeps, in a table that is wholly on its page."""

from typing import Annotated, Final

from fastapi import APIRouter
from starlette.responses import Response

from safepassage.wire_log_saved import SavedSearch, SavedSearches
from services.gateway.console.exports import Form, filed
from services.gateway.console.log_rows import PATH
from services.gateway.console.log_search import KEPT, SAVED, saved_path
from services.gateway.console.log_words import CLASS_WORDS
from services.gateway.console.node_reader import Node
from services.gateway.console.pages import ConsoleRoute, Framed
from services.gateway.console.viewing import utc
from services.gateway.console.whole_tables import Asked, Choice, Filter, Say, WholeTable
from services.gateway.console.words import word
from services.gateway.people.pages import page_responses
from shared.word_order import in_words

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

EXPORT: Final = f"{SAVED}/export"


_KINDS: Final[dict[str, str]] = {str(code): said for code, said in CLASS_WORDS.items()}
_ANYTHING: Final = word("Anything")


def _kinds(one: SavedSearch, translate: Say) -> list[Choice]:
    return [(code, translate(_KINDS[code])) for code in one.search.classes if code in _KINDS] or [("any", translate(_ANYTHING))]


SEARCHES: Final = WholeTable(
    "searches",
    {"-saved": lambda one: one.saved_at, "name": lambda one: in_words(one.name)},
    filters={"kind": Filter(word("What happened"), _kinds), "year": Filter(word("Year"), lambda one, _: [(str(one.saved_at.year),) * 2])},
    file={
        "id": lambda one: str(one.id),
        "name": lambda one: one.name,
        "saved_at": lambda one: utc(one.saved_at),
        "classes": lambda one: list(one.search.classes),
    },
    is_first=True,
)
"""Not what is searched for: a student, a person or an address may be in it."""


@router.get(SAVED, response_model=None, responses=page_responses(200))
async def show_kept_searches(frame: Framed, node: Node, asked: Annotated[Asked, SEARCHES.asked]) -> Response:
    """Those of the person's organisation, the newest first."""
    kept, _ = (await node.read("audit", KEPT, SavedSearches)).saved_searches, frame.translate
    shown = frame.table(SEARCHES, kept, asked, export=EXPORT)
    number = frame.viewing.number(shown.number)
    return frame.page(
        "kept_searches.html",
        searches=shown,
        count=_("1 kept search") if shown.number == 1 else _("%(n)s kept searches") % {"n": number},
        hrefs={one.id: saved_path(one.id) for one in kept},
        kinds={one.id: [said for _code, said in _kinds(one, _)] for one in kept},
        save=SAVED,
        back=PATH,
    )


@router.get(EXPORT, response_model=None, responses=page_responses(200))
async def export_kept_searches(node: Node, asked: Annotated[Asked, SEARCHES.asked], form: Form = "csv") -> Response:
    """Their names and since when they are kept."""
    return filed(SEARCHES, (await node.read("audit", KEPT, SavedSearches)).saved_searches, asked, form)
