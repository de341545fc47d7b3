"""What the public may read of a node, without signing in: agreements, data, breaches, rights; and nothing else."""

import re
from datetime import timedelta

import pytest

from safepassage.elements import ELEMENTS, SECTIONS
from safepassage.wire_duties import DutyCompletion, NewDuty
from services.gateway.console.node_reader import claims_of
from services.gateway.console.public_page import SECTIONS as SECTION_WORDS
from shared.contracts.public_register import PublicRegister
from shared.in_process import call
from shared.internal_token import HEADER
from tests.gateway.by_hand import Answer, ask
from tests.gateway.console.agreed import agreed, vendor_of
from tests.gateway.console.consoles import HOSTILE, Console
from tests.gateway.people.signing_in import person_of
from tests.silent_services import silent

pytestmark = pytest.mark.anyio


async def seen(console: Console, path: str = "/public", **headers: str) -> Answer:
    """By somebody without a session."""
    return await ask(console.house.app, "GET", path, headers=list(headers.items()))


async def register_of(console: Console) -> PublicRegister:
    console.house.clock.advance(minutes=2)
    return PublicRegister.model_validate_json((await seen(console, "/public/register.json")).body)


async def breach(console: Console, *, told: bool) -> None:
    """A clock of New York's notice to families, which is done where they were told."""
    officer = await console.browser("privacy-officer")
    claims, privacy = claims_of(await person_of(officer, console.house.now), address=None), console.node.applications["privacy"]

    async def send(path: str, body: NewDuty | DutyCompletion, key: str) -> bytes:
        token = console.house.app.state.internal_tokens.for_caller("privacy", claims, console.house.now)
        headers = {HEADER: token, "content-type": "application/json", "idempotency-key": key}
        answer = await call(privacy, "POST", path, headers=headers, body=body.model_dump_json().encode())
        assert answer.status in (200, 201), answer.body
        return answer.body

    started = console.house.now - timedelta(days=9)
    new = NewDuty(kind="breach-families-told-ny", started_at=started, evidence_ref="secret file 7", about=f"breach:{told}")
    made = re.findall(rb'"id":"([^"]+)"', await send("/v1/duties", new, f"open-{told}-key"))
    if told:
        await send(f"/v1/duties/{made[0].decode()}/completion", DutyCompletion(evidence_ref="secret letter 9"), "done-key")


async def test_an_agreement_that_stands_is_on_the_page_with_its_data_and_subprocessors_as_text(console: Console) -> None:
    empty = (await seen(console)).body.decode()
    assert "No written agreement with a company or other organization is in force." in empty
    made = await agreed(console)
    await agreed(console, await vendor_of(console, "Gone Learning"), ends_on="2026-10-01", starts_on="2026-09-01")
    (one,) = (await register_of(console)).agreements
    assert (one.id, one.party, one.elements) == (made.id, f"Acorn Assessments {HOSTILE}", tuple(sorted(made.elements)))
    page = (await seen(console)).body.decode()
    for said in (
        f'id="agreement-{made.id}"',
        "Hosting",
        "Transcript",
        "34 CFR 99.31(a)(1)(i)(B)",
        "105 ILCS 85",
        "C.R.S. 22-16",
        "8 NYCRR 121",
    ):
        assert said in page, said
    assert "<img src=x" not in page
    assert "Gone Learning" not in page


async def test_nothing_of_the_agencys_files_is_told(console: Console) -> None:
    made = await agreed(console)
    await breach(console, told=True)
    console.house.clock.advance(minutes=2)
    for path in ("/public", "/public/es", "/public/register.json"):
        text = (await seen(console, path)).body.decode()
        assert [one for one in (made.document, "schedule B, 3", "s. 9", "notice 2026", "secret") if one in text] == [], path


async def test_a_breach_is_told_of_once_families_were(console: Console) -> None:
    await breach(console, told=False)
    assert (await register_of(console)).breaches == ()
    await breach(console, told=True)
    (one,) = (await register_of(console)).breaches
    assert (one.organisation, one.citation) == (console.agency.name, "N.Y. Educ. Law 2-d; 8 NYCRR 121.10")
    assert "There is none of which families were told." not in (await seen(console)).body.decode()


async def test_it_needs_no_session_no_script_and_is_kept_by_its_tag(console: Console) -> None:
    for path in ("/public", "/public/es", "/public/register.json"):
        answer = await seen(console, path)
        assert (answer.status, answer.headers["cache-control"]) == (200, "no-cache")
        assert "set-cookie" not in answer.headers
        assert "<script" not in answer.body.decode()
        assert "script-src" not in answer.headers["content-security-policy"]
        again = await seen(console, path, **{"if-none-match": answer.headers["etag"]})
        assert (again.status, again.body) == (304, b"")
        assert (await seen(console, path, **{"if-none-match": '"another"'})).status == 200


async def test_it_is_made_anew_after_a_minute_and_not_before(console: Console) -> None:
    first = (await seen(console)).headers["etag"]
    await agreed(console)
    console.house.clock.advance(seconds=59)
    assert (await seen(console)).headers["etag"] == first
    console.house.clock.advance(seconds=1)
    assert (await seen(console)).headers["etag"] != first


async def test_while_privacy_does_not_answer_the_last_one_stands_for_an_hour_and_no_longer(console: Console) -> None:
    with silent(console.house.app, "privacy"):
        assert (await seen(console)).status == 503, "there was none yet"
    first = (await seen(console)).headers["etag"]
    await agreed(console)
    with silent(console.house.app, "privacy"):
        for minutes in (1, 58):
            console.house.clock.advance(minutes=minutes)
            assert (await seen(console)).headers["etag"] == first
        assert b"as of" in (await seen(console)).body
        console.house.clock.advance(minutes=1)
        assert {(await seen(console, path)).status for path in ("/public", "/public/es", "/public/register.json")} == {503}
    assert (await seen(console)).headers["etag"] != first, "at once"
    held = (await seen(console)).headers["etag"]
    console.house.clock.advance(minutes=1)
    with silent(console.house.app, "privacy"):
        assert (await seen(console)).headers["etag"] == held
    await agreed(console, await vendor_of(console, "Birch Learning"))
    assert (await seen(console)).headers["etag"] == held, "privacy is asked once a minute"
    console.house.clock.advance(minutes=1)
    assert (await seen(console)).headers["etag"] != held


async def test_it_speaks_spanish_and_leads_to_the_other_language(console: Console) -> None:
    english, spanish = [(await seen(console, path)).body.decode() for path in ("/public", "/public/es")]
    assert 'href="/public/es" lang="es"' in english
    assert '<html lang="es">' in spanish
    assert "¿Qué guardamos sobre los estudiantes" in spanish
    assert ("as of Oct 20, 2026" in english, "20 oct 2026" in spanish) == (True, True)  # whoever prints it knows of when it is
    files = re.findall(r'href="(/console/assets/[^"]+)"', english)
    assert [(await seen(console, path)).status for path in files] == [200] * len(files)


async def test_every_element_is_on_it_in_a_section_that_has_a_name(console: Console) -> None:
    assert set(SECTION_WORDS) == set(SECTIONS)
    page = (await seen(console)).body.decode().partition('id="data"')[2].partition("</section>")[0]
    assert page.count("<li>") == len(ELEMENTS)


async def test_parties_are_in_the_order_of_their_names_and_purposes_stand_beside_the_data(console: Console) -> None:
    for name in ("Zebra Testing", "Acorn Assessments", "Maple Software"):
        await agreed(console, await vendor_of(console, name))
    console.house.clock.advance(minutes=2)
    page = (await seen(console)).body.decode()
    assert re.findall(r'<h3 id="agreement-[^"]+"><bdi>([^<]+)</bdi>', page) == ["Acorn Assessments", "Maple Software", "Zebra Testing"]
    assert re.search(r"<li>Transcript <span class=\"soft\">\([^)]*Instruction[^)]*\)</span></li>", page)


async def test_a_copy_that_is_held_is_not_sent_again_however_its_tag_is_written(console: Console) -> None:
    tag = (await seen(console)).headers["etag"]
    for held in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = await seen(console, **{"if-none-match": held})
        assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", tag), held
    assert (await seen(console, **{"if-none-match": '"other"'})).status == 200
