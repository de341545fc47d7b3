"""What the pages of sign-in say: in the language, and the light or dark, that the browser chose in the console."""

import re

import pytest
from babel.messages.pofile import read_po

from safepassage.problems import REGISTRY
from services.gateway.console.messages import messages as consoles
from services.gateway.console.viewing import LANGUAGES
from services.gateway.people.messages import REFUSALS, messages
from services.gateway.people.pages import LOCALE, translations
from tests.gateway.house import House
from tests.gateway.people.signing_in import Browser, signed_in

pytestmark = pytest.mark.anyio

PLACEHOLDER = re.compile(r"%\(\w+\)s")
SPANISH = {"language": "es"}


@pytest.mark.requirement("CON-words")
@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
async def test_the_catalogue_has_every_message_that_the_console_has_not_and_none_that_is_no_more(language: str) -> None:
    with (LOCALE / language / "people.po").open("rb") as source:
        catalogue = {str(one.id): str(one.string) for one in read_po(source, locale=language) if one.id}
    assert set(catalogue) == set(messages()) - set(consoles())
    assert [
        one for one, said in catalogue.items() if not said or sorted(PLACEHOLDER.findall(one)) != sorted(PLACEHOLDER.findall(said))
    ] == []


@pytest.mark.requirement("CON-words")
async def test_whoever_reads_the_console_in_spanish_signs_in_and_out_in_spanish(peopled: House) -> None:
    browser = await signed_in(peopled, "operator")
    assert '<html lang="en">' in (await browser.get("/signed-in")).body.decode()
    browser.cookies |= SPANISH
    for path, said in {
        "/sign-in": "Con la cuenta de su agencia",
        "/sign-in?step=up": "Después vuelve a donde estaba.",
        "/sign-in/link": "El enlace completo",
        "/sign-in/callback": "Empiece de nuevo en la página de inicio de sesión",
        "/signed-in": "Operador",
        "/signed-out": "Ha cerrado la sesión",
    }.items():
        page = (await browser.get(path)).body.decode()
        assert '<html lang="es">' in page, path
        assert said in page, path


async def test_what_the_door_refuses_is_said_in_the_language_too(peopled: House) -> None:
    answer = await Browser(peopled, dict(SPANISH)).post("/sign-out", token="x")
    page = answer.body.decode()
    assert answer.status == 401
    assert translations("es").gettext(REGISTRY["not-signed-in"].title) in page
    assert translations("es").gettext("Nothing was changed.") in page
    officer = await signed_in(peopled, "district-officer")
    officer.cookies |= SPANISH
    answer = await officer.get("/console/settings")
    assert (answer.status, "El menú tiene las páginas que su rol abre." in answer.body.decode()) == (403, True)


async def test_a_page_is_dark_where_dark_was_chosen(peopled: House) -> None:
    page = (await Browser(peopled, {"theme": "dark"}).get("/sign-in")).body.decode()
    assert '<html lang="en" data-theme="dark">' in page
    assert "data-theme" not in (await Browser(peopled, {"theme": "pink", "language": "xx"}).get("/sign-in")).body.decode()


async def test_what_no_other_page_shows_is_translated(peopled: House) -> None:
    words = translations("es")
    assert [code for code in REFUSALS if words.gettext(REGISTRY[code].remedy) == REGISTRY[code].remedy] == []
    assert [one.title for one in REGISTRY.values() if words.gettext(one.title) == one.title] == []
