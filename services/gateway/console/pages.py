"""Making a page of the console: the frame around it, who looks at it, in which language, and which files it needs."""

import gettext
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from starlette.responses import HTMLResponse, Response

from safepassage.problems import SuiteError
from safepassage.problems.people import NotSignedIn
from safepassage.problems.requests import NoSuchRoute
from services.gateway.console.acts import new_key
from services.gateway.console.navigation import HOME, menu_of
from services.gateway.console.preferences import viewing_of
from services.gateway.console.problem_words import remedy_of
from services.gateway.console.sorting import Head, Orders, Row
from services.gateway.console.viewing import LANGUAGES, THEMES, ZONES, Language, Viewing
from services.gateway.console.whole_tables import Asked, ShownTable, WholeTable
from services.gateway.people.page_files import PageFiles
from services.gateway.people.pages import PageRoute
from services.gateway.people.person import Person
from services.gateway.people.roles import ROLES
from services.gateway.people.signed_in import SignedInPerson
from services.gateway.tables import OrganisationRow
from shared.database import Database
from shared.telemetry import request_id_of

FOLDER: Final = Path(__file__).parent
STATIC: Final = FOLDER / "static"
LOCALE: Final = FOLDER / "locale"
"""A folder a language, a catalogue a part of the console."""
SHARED: Final = FOLDER.parent / "people" / "page" / "assets"
"""The roles of colour, and the mark, which the pages of sign-in have too."""
PATH: Final = "/console/assets"


class Frame:
    """For one request: what every page has around what it says."""

    def __init__(self, request: Request, person: Person, viewing: Viewing, organisation: str) -> None:
        self.request, self.person, self.viewing, self.organisation = request, person, viewing, organisation

    def page(self, template: str, *, status: int = 200, here: str | None = None, **about: Any) -> HTMLResponse:
        """A page of `templates/`. `here`: where its own small forms come back to; by default its address."""
        scope = self.request.scope
        query = scope["query_string"].decode("latin-1")
        made = _environment(self.viewing.language).get_template(template)
        text = made.render(
            about,
            assets=f"{PATH}/{static().version}",
            menu=menu_of(self.person),
            home=HOME,
            path=scope["path"],
            here=here or scope["path"] + (f"?{query}" if query else ""),
            person=self.person,
            role=ROLES[self.person.role],
            organisation=self.organisation,
            token=self.person.form_token,
            act_key=new_key(),
            viewing=self.viewing,
            languages=LANGUAGES,
            themes=THEMES,
            zones=ZONES,
        )
        return HTMLResponse(text, status)

    def heads(self, orders: Orders, asked: str) -> Mapping[str, Head]:
        """The heads of a table of this page that is sorted as `asked`."""
        return orders.heads(asked, self.request.url.path, self.request.query_params)

    def table(self, whole: WholeTable, rows: Sequence[Row], asked: Asked, *, export: str) -> ShownTable[Row]:
        """A table that is wholly on this page. `export`: where its file is."""
        path, query = self.request.url.path, self.request.query_params
        return whole.shown(rows, asked, self.translate, path=path, query=query, export=export)

    def translate(self, message: str) -> str:
        """A message in the reader's language."""
        return translations(self.viewing.language).gettext(message)


async def _frame(request: Request, person: SignedInPerson) -> Frame:
    return await frame_of(request, person)


async def frame_of(request: Request, person: Person) -> Frame:
    """Raises NotSignedIn where the person's organisation is gone."""
    database: Database = request.app.state.database
    async with database.reading() as tx:
        organisation = await tx.get(OrganisationRow, person.organisation_id)
    if organisation is None:
        raise NotSignedIn
    viewing = viewing_of(request.scope["headers"], request.app.state.clock(), zone=request.app.state.settings.console_zone)
    return Frame(request, person, viewing, organisation.organisation.name)


Framed = Annotated[Frame, Depends(_frame)]
"""The frame around the page of the person who asks."""


class ConsoleRoute(PageRoute):
    """A page's route; what it refuses is said within the console, with its menu, to whom is signed in."""

    async def refused(self, request: Request, error: SuiteError) -> Response:
        """What is wrong, that nothing was changed, and what to do next."""
        person = request.scope["state"].get("person")
        if not isinstance(person, Person) or error.status == 401:
            return await super().refused(request, error)
        frame = await frame_of(request, person)
        if isinstance(error, NoSuchRoute):
            return frame.page("no_page.html", status=error.status, here=HOME)
        about = {"error": error, "remedy": remedy_of(error), "request_id": request_id_of(request.scope)}
        return frame.page("refused.html", status=error.status, here=HOME, **about)


@lru_cache(maxsize=1)
def static() -> PageFiles:
    """The files of the console's pages."""
    return PageFiles.of([*STATIC.iterdir(), SHARED / "tokens.css", SHARED / "icon.svg"])


@lru_cache(maxsize=len(LANGUAGES))
def translations(language: Language) -> gettext.NullTranslations:
    """The catalogue of a language; English is what the messages are."""
    folder = LOCALE / language
    if not folder.exists():
        return gettext.NullTranslations()
    from shared.catalogues import compiled  # noqa: PLC0415 no start waits for it

    return compiled(language, sorted(folder.glob("*.po")))


def rendered(template: str, language: Language, **about: Any) -> str:
    """A page of `templates/` without a frame: for who is not signed in."""
    text: str = _environment(language).get_template(template).render(about)
    return text


@lru_cache(maxsize=len(LANGUAGES))
def _environment(language: Language) -> Any:
    from services.gateway.console.templating import environment_of  # noqa: PLC0415 no start waits for it

    return environment_of(FOLDER / "templates", translations(language))
