"""The console's pages of states, of a node that has exchanged a record, compared a day and been witnessed by a real second one."""

import re
from typing import Any, cast

import pytest

from safepassage.suites import MLKEM768_X25519
from tests.gateway.console.consoles import PeopledFolder
from tests.gateway.house import House
from tests.gateway.people.signing_in import Browser, signed_in
from tests.records.exchange.test_reconciliations import a_day_later, compared, done
from tests.records.exchange.two_states import State, TwoStates

pytestmark = pytest.mark.anyio


async def started_again(state: State) -> None:
    """The node, for an agency whose people have a provider."""
    await state.stop()
    state.folder = PeopledFolder(state.folder.path)
    await state.restart()


async def auditor_of(state: State) -> Browser:
    """Somebody who has signed in just now."""
    gateway = state.node.applications["gateway"]
    house = House(gateway, gateway.state.settings, state.clock, cast("Any", None), {})
    return await signed_in(house, "auditor", organisation_id=state.folder.file.organisation_id)


def words_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("<main")[2]))


@pytest.mark.requirement("CON-states")
async def test_what_the_pages_say_of_the_other_node_is_what_both_have_done(own_states: TwoStates) -> None:
    states = own_states
    await started_again(states.alder)
    await done(states)
    day = await a_day_later(states)
    await compared(states.alder, day)
    await states.alder.node.applications["audit"].state.publisher.turn()
    browser = await auditor_of(states.alder)
    overview = words_of((await browser.get("/console/states")).body.decode())
    for said in (
        "1 state",
        "Birch",
        "Active",
        MLKEM768_X25519.name.partition(".")[0],
        "Answers",
        "Agree",
        "1 of 1 days agree",
        "Cosigned all of it",
    ):
        assert said in overview, said
    one = words_of((await browser.get("/console/states/XB")).body.decode())
    keys = states.birch.exchange.epochs.published(states.clock())
    assert all(key.kid in one.replace(" ", "") for key in keys)
    assert "It is a member, and nothing is wrong that this node knows of." in one
    assert re.search(r"Agree 0 1 1 0", one), "it asked, we answered"
    birch = states.birch.node.applications["audit"].state
    witnesses = await birch.database.read(lambda connection: connection.exec_driver_sql("SELECT size FROM witnessed_log").scalar())
    assert re.search(rf"{witnesses:,} of {witnesses:,} entries", one)
