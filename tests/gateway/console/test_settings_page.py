"""Keys, settings and acts: public halves, nothing that opens anything, and whoever runs the node on record like everybody else."""

import re
from pathlib import Path

import pytest

from services.gateway.console.node_keys import keys_of, statement_in
from services.gateway.console.settings_shown import settings_of
from services.gateway.door.limits_in_force import LimitsInForce
from services.gateway.settings import GatewaySettings
from tests.gateway.console.consoles import Console, new_district

pytestmark = pytest.mark.anyio

PLANTED = "planted-7f3a"


def test_of_a_setting_that_may_tell_where_to_look_it_is_said_only_that_it_is_set() -> None:
    given = GatewaySettings(
        entity_id=f"https://{PLANTED}.example",
        database_url=f"postgresql+asyncpg://u:{PLANTED}@db/x",
        keys_directory=Path(f"/{PLANTED}"),
        people_issuer=f"https://{PLANTED}.example",
        people_client_id=PLANTED,
        people_client_key_file=Path(f"/{PLANTED}"),
        people_roles={PLANTED: "auditor"},
        other_hosts=(f"{PLANTED}.example",),
        client_burst=12,
        require_proof_nonce=True,
    )
    shown = settings_of(given, str, str)
    assert PLANTED not in "".join(f"{one.name}{one.value}{one.usual}" for one in shown)
    assert {one.name for one in shown} == {f"SAFE_PASSAGE_{name.upper()}" for name in GatewaySettings.model_fields}
    by_name = {one.name.removeprefix("SAFE_PASSAGE_"): (one.value, one.usual, one.is_chosen) for one in shown}
    assert by_name["CLIENT_BURST"] == ("12", "1000", True)
    assert by_name["REQUIRE_PROOF_NONCE"] == ("On", "Off", True)
    assert by_name["DATABASE_URL"] == ("Set", "Not set", True)
    assert by_name["ORGANISATION_BURST"] == ("4000", "4000", False)
    assert by_name["CONSOLE_ZONE"] == ("UTC", "UTC", False)
    assert by_name["NODE_STATEMENT_FILE"] == ("Not set", "Not set", False)
    chosen = [one.is_chosen for one in shown]
    assert chosen == sorted(chosen, reverse=True), "what was chosen is in front"


async def test_every_key_that_signs_or_is_sealed_to_is_listed_with_its_standing(console: Console) -> None:
    state, now = console.house.app.state, console.house.now
    statement = statement_in(state.settings.node_statement_file)
    found = keys_of(state.token_keys.current, statement, now)
    assert [one.standing for one in found if one.purpose == "token"] == ["signs"]
    if statement is not None:
        assert {one.purpose for one in found} == {"token", "exchange", "client", "encryption"}
    page = (await (await console.browser("operator")).get("/console/settings")).body.decode()
    shown = [re.sub(" ", "", one) for one in re.findall(r'data-label="Thumbprint"><code>([^<]+)<', page)]
    assert shown == [one.kid for one in found]


async def test_limits_are_shown_as_they_are_in_force_whatever_was_set_at_the_start(console: Console, tmp_path: Path) -> None:
    state, file = console.house.app.state, tmp_path / "limits.json"
    file.write_text('{"client_burst": 4321}')
    state.limits = LimitsInForce(state.settings.model_copy(update={"limits_file": file}))
    page = (await (await console.browser("auditor")).get("/console/settings")).body.decode()
    assert "4,321" in page.replace("<wbr>", "").partition("SAFE_PASSAGE_CLIENT_BURST")[2].partition("</tr>")[0]


async def test_each_act_of_those_who_run_the_node_is_shown_with_who_did_it(console: Console) -> None:
    await console.house.hand.add_organisation(new_district("Wasco County", console.agency, nces_id="4112345"))
    await console.settle()
    browser = await console.browser("auditor")
    page = (await browser.get("/console/settings")).body.decode()
    assert "An operator at the command line" in page
    assert re.search(r"organisation:[0-9a-f-]{36}", page)
    acts = page.partition('id="acts"')[2].partition("</table>")[0]
    times = re.findall(r'<time datetime="([^"]+)"', acts)
    assert len(times) > 1
    assert times == sorted(times, reverse=True)
    await console.node.applications["audit"].state.sequencer.publish_now()
    acts = (await browser.get("/console/settings")).body.decode().partition('id="acts"')[2]
    (entry, *_others) = re.findall(r'<a href="(/console/log/2\d{3}-\d+)"><time', acts)
    assert (await browser.get(entry)).status == 200, "each act has its own page"
    operators = (await (await console.browser("operator")).get("/console/settings")).body.decode()
    assert "/console/log/" not in operators, "who may not open it is not led there"
    policies = (await browser.get("/console/settings?kind=policy")).body.decode()
    assert "organisation:" not in policies
    assert (await browser.get("/console/settings?kind=read")).status == 422, "what families' records were read is another page's"


@pytest.mark.parametrize("content", ["", "no token", "a.b.c", "a.eyJ9.c"])
def test_a_statement_that_cannot_be_read_is_as_if_there_were_none(tmp_path: Path, content: str) -> None:
    file = tmp_path / "statement.jws"
    file.write_text(content)
    assert statement_in(file) is None
    assert statement_in(tmp_path / "nowhere") is None
    assert statement_in(None) is None
