"""Pages of the gateway: HTML made from templates in which everything is escaped, with files of this node's own beside them.

A template is named by its path in services/gateway; it extends people/page/layout.html. Pages work without a script. They are in the
language that the browser chose in the console.
"""

import gettext
from collections.abc import Callable, Coroutine, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from safepassage.problems import SuiteError
from safepassage.problems.requests import InvalidRequest, NoSuchRoute
from services.gateway.console.preferences import viewing_of
from services.gateway.console.problem_words import remedy_of
from services.gateway.console.viewing import LANGUAGES, Language
from services.gateway.door.refusals import Proven
from services.gateway.people.page_files import PageFiles
from services.gateway.people.person import Person
from shared.problems import invalid_request, store_away
from shared.store_faults import is_of_the_store
from shared.telemetry import request_id_of

FOLDER: Final = Path(__file__).parents[1]
ASSETS: Final = FOLDER / "people" / "page" / "assets"
LOCALE: Final = FOLDER / "people" / "locale"

COUNTED: Final = frozenset({400, 401, 403})

HTML: Final[dict[str, Any]] = {"content": {"text/html": {"schema": {"type": "string"}}}}
"""For `responses=` of a page's route: everything that it answers is HTML, refusals too."""


def page_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI `responses=` entries of a page."""
    every = {400, 401, 403, 413, 415, 422, 429, 500, 503, *statuses}
    return {status: {"description": "A page", **HTML} for status in sorted(every)}


def form_of(fields: Mapping[str, str]) -> dict[str, Any]:
    """OpenAPI `openapi_extra=` of a form whose fields are all required: each with what it is."""
    properties = {name: {"type": "string", "description": said} for name, said in fields.items()}
    schema = {"type": "object", "required": list(fields), "properties": properties}
    return {"requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}}


def page(template: str, scope: Scope, *, status: int = 200, **about: Any) -> HTMLResponse:
    """A page for who asks by `scope`. `template` by its path in services/gateway."""
    state = scope["app"].state
    viewing = viewing_of(scope["headers"], state.clock(), zone=state.settings.console_zone)
    made = _environment(viewing.language).get_template(template)
    return HTMLResponse(made.render(about, assets=f"/assets/{assets().version}", viewing=viewing), status)


def refused(error: SuiteError, scope: Scope, request_id: str | None) -> HTMLResponse:
    """What is wrong, that nothing was changed, and what to do; with the code and the request's id for whoever helps."""
    response = page("people/page/refused.html", scope, status=error.status, error=error, remedy=remedy_of(error), request_id=request_id)
    if error.retry_after_seconds is not None or error.retry != "never":
        response.headers["retry-after"] = str(error.retry_after_seconds or 5)
    return response


class PageRoute(APIRoute):
    """A route whose known errors are shown as pages, and its refusals counted for the log. For `APIRouter(route_class=PageRoute)`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's own, with that around it."""
        answer = super().get_route_handler()

        async def answer_with_a_page(request: Request) -> Response:
            try:
                return await answer(request)
            except (SuiteError, RequestValidationError) as fault:
                error = fault if isinstance(fault, SuiteError) else not_valid(fault)
                if error.status in COUNTED:
                    person: Person | None = request.scope["state"].get("person")
                    who = None if person is None else Proven.somebody(person.actor(None))
                    request.app.state.refusals.count(error.code, request.app.state.clock(), who)
                return await self.refused(request, error)

        return answer_with_a_page

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Starlette's own, which commits before anything is answered: where the store is at fault, then too, a page says so."""
        try:
            await super().handle(scope, receive, send)
        except Exception as fault:
            if not is_of_the_store(fault):
                raise
            request = Request(scope, receive)
            await self.away(request, store_away(fault, request_id_of(scope)))(scope, receive, send)

    async def refused(self, request: Request, error: SuiteError) -> Response:
        """The page that says so."""
        return refused(error, request.scope, request_id_of(request.scope))

    def away(self, request: Request, error: SuiteError) -> Response:
        """The page that says that the store does not answer: nothing on it is read from there."""
        return refused(error, request.scope, request_id_of(request.scope))


def not_valid(fault: RequestValidationError) -> SuiteError:
    """For people: the field that is at fault, and not in which of the ways it could have been read.

    An address that holds what no id can be is no page's.
    """
    if any(one["loc"][0] == "path" for one in fault.errors()):
        return NoSuchRoute()
    field = invalid_request(fault).field
    return InvalidRequest(field=None if field is None else field.partition(".")[0])


@lru_cache(maxsize=1)
def assets() -> PageFiles:
    """The files of the pages of sign-in, of families and of what the door refuses."""
    return PageFiles.of(ASSETS.iterdir())


@lru_cache(maxsize=len(LANGUAGES))
def translations(language: Language) -> gettext.NullTranslations:
    """The catalogue of a language; roles, and what problems say, are the console's. English is what the messages are."""
    source = LOCALE / language / "people.po"
    if not source.exists():
        return gettext.NullTranslations()
    from services.gateway.console.pages import translations as consoles_words  # noqa: PLC0415 the console stands on this file
    from shared.catalogues import compiled  # noqa: PLC0415 no start waits for it

    own = compiled(language, [source])
    own.add_fallback(consoles_words(language))
    return own


@lru_cache(maxsize=len(LANGUAGES))
def _environment(language: Language) -> Any:
    from services.gateway.console.templating import environment_of  # noqa: PLC0415 no start waits for it

    return environment_of(FOLDER, translations(language))
