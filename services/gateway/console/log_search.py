"""Who saw what: the log, searched by everything that the audit service can be asked for, the newest first."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from safepassage.problems.log import NoSuchSavedSearch
from safepassage.problems.requests import InvalidRequest
from safepassage.wire_log import EntrySearch, FoundEntries
from safepassage.wire_log_saved import SavedSearch, SavedSearches, SavedSearchRun
from safepassage.wire_log_tallies import Tallies, TallyQuestion, TallyRequest
from services.gateway.console.decision_words import BASIS_WORDS, OUTCOMES
from services.gateway.console.element_words import ELEMENT_WORDS
from services.gateway.console.handles import Handles, SessionHandles
from services.gateway.console.log_filters import MEMBERS, ORDERS, PRIVATE, LogFilters, handle_of, private_of, search_of, times_of
from services.gateway.console.log_rows import PATH, names_in, shown_entry
from services.gateway.console.log_words import CATEGORY_WORDS, CLASS_WORDS
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.purpose_words import PURPOSE_WORDS
from services.gateway.console.state_names import STATE_NAMES
from services.gateway.people.forms import read_form
from services.gateway.people.pages import form_of, page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

EXPORT: Final = f"{PATH}/export"
SAVED: Final = f"{PATH}/saved-searches"
FIND: Final = f"{PATH}/find"
SERVICE: Final = "/v1/log/searches"
KEPT: Final = "/v1/log/saved-searches"
ON_A_PAGE: Final = 50
FIRST: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Before any log began."""

CHOICES: Final[tuple[tuple[str, Mapping[Any, str]], ...]] = (
    ("kind", CLASS_WORDS),
    ("outcome", {code: said for code, (_tone, _mark, said) in OUTCOMES.items()}),
    ("purpose", PURPOSE_WORDS),
    ("state", STATE_NAMES),
    ("category", CATEGORY_WORDS),
    ("element", ELEMENT_WORDS),
    ("basis", {code: said for code, (said, _citation) in BASIS_WORDS.items()}),
)
"""Filters that are chosen from a list."""
OFTEN: Final = frozenset({"kind", "outcome", "purpose", "state"})
"""Those that stand in front; the others are folded away until one says something."""

Asked = Annotated[LogFilters, Query()]


@router.get(PATH, response_model=None, responses=page_responses(200, 404))
async def show_log(asked: Asked, frame: Framed, node: Node, handles: SessionHandles) -> Response:
    """Entries that the filters find, as far as the person's organisation may see them."""
    return await page_of(asked, frame, node, handles)


@router.post(
    FIND,
    response_model=None,
    status_code=303,
    responses=page_responses(303),
    openapi_extra=form_of({"token": "Of the page", "by": "student, person, official, address or key", "value": "Which one"}),
)
async def find_in_log(request: Request, frame: Framed, node: Node, handles: SessionHandles) -> Response:
    """Look for what may stand in no address: it becomes a handle of this session, and the list is found under that."""
    form = read_form(await request.body())
    by, value = form.get("by", ""), form.get("value", "").strip()
    filters = filters_in(form)
    if by not in PRIVATE:
        raise InvalidRequest("none of the list", field="by")
    try:
        search_of(LogFilters(), frame.viewing, {by: value})
    except InvalidRequest:
        return await page_of(filters, frame, node, handles, wrong=(by, value))
    return RedirectResponse(filters.href(PATH, who=handle_of(by, value, handles), saved=""), 303)


def filters_in(form: Mapping[str, str]) -> LogFilters:
    """The filters that a form carries along, its handle too. Raises InvalidRequest where one is too long."""
    names = {*MEMBERS, "from", "to", "who", "saved", "sort"}
    try:
        return LogFilters.model_validate({name: value for name, value in form.items() if name in names})
    except ValueError as error:
        raise InvalidRequest("a filter is too long") from error


async def searched(asked: LogFilters, frame: Frame, handles: Handles, saved: SavedSearch | None) -> EntrySearch:
    """What the page looks for. Raises InvalidRequest, HandleUnknown."""
    if saved is not None:
        return saved.search.model_copy(update=times_of(asked, frame.viewing))
    return search_of(asked, frame.viewing, private_of(asked, handles))


def chosen_of(asked: LogFilters, kept: tuple[SavedSearch, ...]) -> SavedSearch | None:
    """The kept search that is looked at. Raises NoSuchSavedSearch."""
    identifier = asked.saved_id()
    if identifier is None:
        return None
    found = next((one for one in kept if one.id == identifier), None)
    if found is None:
        raise NoSuchSavedSearch
    return found


async def page_of(
    asked: LogFilters, frame: Frame, node: NodeReader, handles: Handles, *, wrong: tuple[str, str] | None = None, unnamed: bool = False
) -> Response:
    """The page. `wrong`: what was looked for and cannot be; `unnamed`: a search was to be kept without a name. Then nothing is searched."""
    _, viewing = frame.translate, frame.viewing
    kept = (await node.read("audit", KEPT, SavedSearches)).saved_searches
    saved, private = chosen_of(asked, kept), private_of(asked, handles)
    search = await searched(asked, frame, handles, saved)
    found, following, count = None, None, _("Not searched yet")
    if wrong is None and not unnamed:
        found, following = await _found(node, asked, search, saved)
        count = await _count(asked, frame, node, search, found, more=following is not None)
    entries = () if found is None else found.entries
    names = await names_in(frame.request, entries)
    rows = [shown_entry(one, viewing, _, names) for one in entries]
    return frame.page(
        "log.html",
        status=422 if wrong is not None or unnamed else 200,
        here=asked.href(PATH),
        rows=[(row, None if row.one_student is None else asked.href(PATH, who=handle_of("student", row.one_student, handles), saved=""))
              for row in rows],
        count=count,
        found=found,
        more=None if following is None else asked.href(PATH, cursor=following["cursor"]),
        export=asked.href(EXPORT) if node.may("audit:export") else None,
        asked=asked,
        carried=asked.kept(),
        filtered=bool(asked.kept(sort="")),
        heads=frame.heads(ORDERS, asked.sort),
        order=ORDERS.kept(asked.sort),
        choices={name: _choices(words, _) for name, words in CHOICES},
        folded=not any(value for name, value in asked.codes.items() if name not in OFTEN),
        by=[(name, _(said)) for name, (_member, said) in PRIVATE.items()],
        private=[(_(PRIVATE[name][1]), value) for name, value in private.items()],
        without_private=asked.href(PATH, who=""),
        kept=[(one, LogFilters(saved=str(one.id)).href(PATH)) for one in kept],
        saved=saved,
        wrong=wrong,
        unnamed=unnamed,
        find=FIND,
        save=SAVED,
    )  # fmt: skip


def _choices(words: Mapping[Any, str], translate: Any) -> list[tuple[str, str]]:
    return sorted(((code, translate(said)) for code, said in words.items()), key=lambda one: one[1])


async def _found(
    node: NodeReader, asked: LogFilters, search: EntrySearch, saved: SavedSearch | None
) -> tuple[FoundEntries, Mapping[str, str] | None]:
    query: dict[str, str | int] = {"limit": ON_A_PAGE, "sort": asked.sort, **({"cursor": asked.cursor} if asked.cursor else {})}
    if saved is None:
        return await node.page("audit", SERVICE, FoundEntries, query, body=search)
    run = SavedSearchRun(logged_from=search.logged_from, logged_until=search.logged_until)
    return await node.page("audit", f"{KEPT}/{saved.id}/runs", FoundEntries, query, body=run)


async def _count(asked: LogFilters, frame: Frame, node: NodeReader, search: EntrySearch, found: FoundEntries, *, more: bool) -> str:
    """How many there are: all of them where the index can count them, otherwise those of this page."""
    _, here = frame.translate, len(found.entries)
    if search.student_id is not None or asked.cursor or not more:
        number = frame.viewing.number(here)
        if more or asked.cursor:
            return _("%(n)s entries on this page") % {"n": number}
        return _("No entries") if not here else _("1 entry") if here == 1 else _("%(n)s entries") % {"n": number}
    bounds = (search.logged_from or FIRST, search.logged_until or frame.viewing.now + timedelta(days=1))
    question = TallyQuestion(search=search.model_copy(update={"logged_from": None, "logged_until": None}))
    counted = await node.ask("audit", "/v1/log/tallies", TallyRequest(bounds=bounds, tallies=(question,)), Tallies)
    every = sum(row.entries for row in counted.tallies[0].rows) + counted.not_looked_at
    said = _("%(n)s entries, the newest %(here)s") if asked.sort == ORDERS.usual else _("%(n)s entries, the oldest %(here)s")
    return said % {"n": frame.viewing.number(max(every, here)), "here": frame.viewing.number(here)}


def saved_path(identifier: UUID) -> str:
    """Where a kept search is shown."""
    return LogFilters(saved=str(identifier)).href(PATH)
