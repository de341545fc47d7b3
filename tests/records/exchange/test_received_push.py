"""What came from another state goes on into the receiving district's own Ed-Fi system: logged first, without what is contested."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from node.demo.seats import RECEIVING_DISTRICT
from safepassage.client.edfi_calls import push_received_record
from safepassage.problems.ed_fi import NoSuchEdFiSystem
from safepassage.problems.exchanges import NothingReceived
from safepassage.problems.requests import LogUnavailable
from safepassage.wire_ed_fi import ReceivedPush
from services.records.ed_fi.doors import EdFiDoors
from services.records.ed_fi.systems import EdFiSystem, EdFiSystems
from shared.certificates import client_context
from shared.siblings import client_session
from tests.links import linked, read_at
from tests.records.ed_fi.ods import CLIENT, SECRET, Ods, serving
from tests.records.exchange.requests_for import SECTIONS
from tests.records.exchange.two_states import TwoStates, at_once, hard_case

pytestmark = pytest.mark.anyio

PUSH = ReceivedPush(system="sis", student_unique_id="900001")


@dataclass
class Destination:
    states: TwoStates
    ods: Ods


@pytest.fixture
async def destination(states: TwoStates, tmp_path: Path) -> AsyncIterator[Destination]:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    async with serving(Ods()) as ods, client_session(client_context(None), seconds=10) as session:
        owner = states.birch.organisation(RECEIVING_DISTRICT)
        system = EdFiSystem(name="sis", organisation_id=owner, url=ods.address, client_id=CLIENT, secret_file=secret)
        state = states.birch.records.state
        before = state.ed_fi
        state.ed_fi = EdFiDoors(EdFiSystems(systems=(system,)), session, clock=states.clock, wait=at_once)
        yield Destination(states, ods)
        state.ed_fi = before


@pytest.mark.requirement("FORM-edfi-push")
async def test_a_record_that_came_goes_into_the_receivers_own_system_once_the_log_has_it(destination: Destination) -> None:
    states, ods = destination.states, destination.ods
    case = await states.queued()
    async with states.birch.client("new-district") as client:
        with pytest.raises(NothingReceived):
            await client.push_received_record(case.id, PUSH)
        await case.finish()
        async with states.birch.without("audit"):
            with pytest.raises(LogUnavailable):
                await client.push_received_record(case.id, PUSH)
        assert ods.requests == []
        pushed = await client.push_received_record(case.id, PUSH)
        asked = await case.told()
        path = linked("records.create_exchange_request", "records.push_received_record", asked)
        assert path == push_received_record(case.id, PUSH).path
        leads = linked("records.push_received_record", "records.read_exchange_request", path=path)
        assert (await read_at(client, leads))["id"] == str(case.id)
        assert ((await case.asked()).collected_at is None) == bool(pushed.not_expressed), "it has the record if it took all of it"
        assert (await read_at(client, linked("records.create_exchange_request", "records.read_received_record", asked)))["identity"]
        with pytest.raises(NoSuchEdFiSystem):
            await client.push_received_record(case.id, PUSH.model_copy(update={"system": "another"}))
        record = await client.read_received_record(case.id)
    assert {one.outcome for one in pushed.outcomes} == {"created"}
    assert record.identity is not None
    assert record.identity.name is not None
    [(_, student)] = ods.held["students"].values()
    assert (student["studentUniqueId"], student["firstName"]) == ("900001", record.identity.name.first)
    assert pushed.student == (await case.told()).student_id


async def test_of_a_contested_record_what_is_contested_stays(destination: Destination) -> None:
    states, ods = destination.states, destination.ods
    case = await states.queued(hard_case("statement-of-disagreement"), sections=(*SECTIONS, "discipline"))
    await case.finish()
    async with states.birch.client("new-district") as client:
        record = await client.read_received_record(case.id)
        pushed = await client.push_received_record(case.id, PUSH)
    assert record.statements
    contested = {target for one in record.statements for target in one.relates_to}
    assert {element for element in record.elements() if element in contested or element.partition(".")[0] in contested} <= set(
        pushed.not_expressed
    )
    assert not [resource for resource, _ in ods.posted if "iscipline" in resource]
