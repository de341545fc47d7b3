"""The public's page: what Illinois, New York and Colorado have an agency publish, off what runs. For anybody; no session, no script.

Made at most once a minute in each language, and asked for by its entity tag; while privacy does not answer the last one stands for an hour.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Request
from starlette.responses import Response

from safepassage.canonical import digest_of
from safepassage.elements import ELEMENTS
from safepassage.problems import SuiteError
from services.gateway.console.agreements_shown import basis_of
from services.gateway.console.element_words import ELEMENT_WORDS
from services.gateway.console.pages import PATH as ASSETS
from services.gateway.console.pages import rendered, static, translations
from services.gateway.console.purpose_words import PURPOSE_WORDS
from services.gateway.console.viewing import Language, Viewing
from services.gateway.console.words import word
from services.gateway.people.pages import HTML
from shared.contracts.public_register import PublicRegister
from shared.problems import responses

router = APIRouter(tags=["published"])

PATH: Final = "/public"
SPANISH: Final = "/public/es"
REGISTER: Final = "/public/register.json"
JOB: Final = "public-page"
KEPT: Final = timedelta(minutes=1)
STANDS: Final = timedelta(hours=1)
"""Where another cannot be made. It says of which day it is."""

SECTIONS: Final = {
    "identity": word("Who the student is"),
    "demographics": word("Background"),
    "contacts": word("Contacts and family"),
    "enrollment": word("Enrollment"),
    "attendance": word("Attendance"),
    "academics": word("Courses and grades"),
    "assessments": word("Assessments"),
    "programmes": word("Programs and services"),
    "special_education": word("Special education"),
    "health": word("Health"),
    "discipline": word("Discipline"),
}
"""By section of the record."""

IfNoneMatch = Annotated[str | None, Header(description="The `ETag` of a copy that the caller has")]
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {304: {"description": "The caller's copy is this one"}, **responses()}


@dataclass(frozen=True)
class Made:
    """What was made, until another is."""

    at: datetime
    register: PublicRegister
    pages: dict[Language, bytes]
    tried_at: datetime
    """When another was last asked for, or this one was made."""


@router.get(PATH, response_model=None, responses={200: {"description": "A page", **HTML}, **_ANSWERS})
async def show_public_page(request: Request, if_none_match: IfNoneMatch = None) -> Response:
    """In English."""
    return await _page(request, "en", if_none_match)


@router.get(SPANISH, response_model=None, responses={200: {"description": "A page", **HTML}, **_ANSWERS})
async def show_public_page_in_spanish(request: Request, if_none_match: IfNoneMatch = None) -> Response:
    """In Spanish."""
    return await _page(request, "es", if_none_match)


@router.get(REGISTER, response_model=None, responses=_ANSWERS)
async def read_public_register(request: Request, if_none_match: IfNoneMatch = None) -> Response:
    """The same as data."""
    made = await _made(request)
    return _kept(made.register.model_dump_json().encode(), "application/json", if_none_match)


async def _page(request: Request, language: Language, held: str | None) -> Response:
    made = await _made(request)
    if language not in made.pages:
        made.pages[language] = _render(request, made, language).encode()
    return _kept(made.pages[language], "text/html; charset=utf-8", held)


async def _made(request: Request) -> Made:
    state, now = request.app.state, request.app.state.clock()
    made: Made | None = state.public_page
    if made is None or not timedelta(0) <= now - made.tried_at < KEPT:
        try:
            register = await state.siblings.call(
                "privacy", "GET", "/internal/public-register", answer=PublicRegister, by=JOB, scope=request.scope
            )
        except SuiteError as error:
            if error.status < 500 or made is None or not timedelta(0) <= now - made.at < STANDS:
                raise
            made = state.public_page = replace(made, tried_at=now)
        else:
            made = state.public_page = Made(now, register, {}, now)
    return made


def _render(request: Request, made: Made, language: Language) -> str:
    viewing = Viewing(language, "auto", request.app.state.settings.console_zone, made.at)
    _ = translations(language).gettext
    shared_for: dict[str, set[str]] = {}
    for agreement in made.register.agreements:
        for element in agreement.elements:
            shared_for.setdefault(element, set()).update(agreement.purposes)
    sections: dict[str, list[tuple[str, list[str]]]] = {}
    for one in ELEMENTS:
        name = _(ELEMENT_WORDS.get(one.id, one.title))
        purposes = sorted(_(PURPOSE_WORDS.get(it, it)) for it in shared_for.get(one.id, ()))
        sections.setdefault(_(SECTIONS[one.section]), []).append((name, purposes))
    agreements = [
        (
            one,
            basis_of(one.kind, _),
            [_(PURPOSE_WORDS.get(it, it)) for it in one.purposes],
            [_(ELEMENT_WORDS.get(it, it)) for it in one.elements],
        )
        for one in sorted(made.register.agreements, key=lambda it: (it.party, it.id))
    ]
    return rendered(
        "public.html",
        language,
        assets=f"{ASSETS}/{static().version}",
        viewing=viewing,
        register=made.register,
        sections=sections,
        agreements=agreements,
        data=REGISTER,
        other=(SPANISH, "es", "Español") if language == "en" else (PATH, "en", "English"),
    )


def _kept(content: bytes, media_type: str, held: str | None) -> Response:
    tag = f'"{digest_of(content)}"'
    headers = {"etag": tag}
    if held is not None and {"*", tag} & {one.strip().removeprefix("W/") for one in held.split(",")}:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)
