"""Making a page for a family: the frame around it, the reader's language, plain words."""

import gettext
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from starlette.responses import HTMLResponse, Response

from safepassage.problems import SuiteError
from services.gateway.console.acts import new_key
from services.gateway.console.pages import translations as consoles_words
from services.gateway.console.preferences import viewing_of
from services.gateway.console.viewing import LANGUAGES, Language, Viewing
from services.gateway.family.member import Member
from services.gateway.family.visited import VisitingMember
from services.gateway.people.pages import PageRoute, assets
from shared.telemetry import request_id_of

FOLDER: Final = Path(__file__).parent
LOCALE: Final = FOLDER / "locale"

PLACES: Final = (("/family", "Who got the record"), ("/family/choices", "Your choices"), ("/family/requests", "Your requests"))
"""The pages of a visit."""


class FamilyFrame:
    """For one request of one family member."""

    def __init__(self, request: Request, member: Member) -> None:
        self.request, self.member, self.viewing = request, member, _viewing(request.scope)

    def page(self, template: str, *, status: int = 200, **about: Any) -> HTMLResponse:
        """A page of `templates/`."""
        return family_page(template, self.viewing, status=status, path=self.request.scope["path"], member=self.member, **about)

    def translate(self, message: str) -> str:
        """A message in the reader's language."""
        return translations(self.viewing.language).gettext(message)


async def _frame(request: Request, member: VisitingMember) -> FamilyFrame:
    return FamilyFrame(request, member)


Framed = Annotated[FamilyFrame, Depends(_frame)]
"""The frame around the page of the family member who asks."""


class FamilyRoute(PageRoute):
    """A page's route; what it refuses is said in plain words, in the reader's language."""

    async def refused(self, request: Request, error: SuiteError) -> Response:
        """What is wrong, that nothing was changed, and what to do next."""
        return refused_page(request.scope, error, request_id_of(request.scope))

    def away(self, request: Request, error: SuiteError) -> Response:
        """The same: no page for families is made of what the gateway's store has."""
        return refused_page(request.scope, error, request_id_of(request.scope))


def refused_page(scope: Any, error: SuiteError, request_id: str | None) -> HTMLResponse:
    """For the door too, before there is a request."""
    response = family_page("refused.html", _viewing(scope), status=error.status, path=scope["path"], error=error, request_id=request_id)
    if error.retry_after_seconds is not None or error.retry != "never":
        response.headers["retry-after"] = str(error.retry_after_seconds or 5)
    return response


def plain_page(request: Request, template: str, **about: Any) -> HTMLResponse:
    """A page for whoever comes."""
    return family_page(template, _viewing(request.scope), path=request.scope["path"], **about)


def family_page(
    template: str, viewing: Viewing, *, path: str, member: Member | None = None, status: int = 200, **about: Any
) -> HTMLResponse:
    """A page. `member`: whose visit it belongs to, where it belongs to one."""
    made = _environment(viewing.language).get_template(template)
    text = made.render(
        about,
        assets=f"/assets/{assets().version}",
        viewing=viewing,
        languages=LANGUAGES,
        member=member,
        places=PLACES,
        path=path,
        act_key=new_key(),
        whose="" if member is None else member.organisation_name,
    )
    return HTMLResponse(text, status)


def _viewing(scope: Any) -> Viewing:
    state = scope["app"].state
    return viewing_of(scope["headers"], state.clock(), zone=state.settings.console_zone)


@lru_cache(maxsize=len(LANGUAGES))
def translations(language: Language) -> gettext.NullTranslations:
    """The catalogue of a language; names of elements, purposes and states are the console's. English is what the messages are."""
    source = LOCALE / language / "family.po"
    if not source.exists():
        return gettext.NullTranslations()
    from shared.catalogues import compiled  # noqa: PLC0415 no start waits for it

    own = compiled(language, [source])
    own.add_fallback(consoles_words(language))
    return own


@lru_cache(maxsize=len(LANGUAGES))
def _environment(language: Language) -> Any:
    from services.gateway.console.templating import environment_of  # noqa: PLC0415 no start waits for it

    return environment_of(FOLDER / "templates", translations(language))
