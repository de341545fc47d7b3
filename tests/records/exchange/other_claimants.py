"""A second district of a state, with a client of its own."""

from datetime import date
from uuid import UUID, uuid4

from node.client_registration import register
from node.demo.seats import DISTRICT_SCOPES
from safepassage.client.transfer_calls import list_transfer_notices
from safepassage.wire_exchange import EnrollmentEvidence, Official, PersonSelector
from safepassage.wire_transfers import NewTransferNotice, TransferNotice
from services.gateway.registry.administration import administration
from services.gateway.settings import GatewaySettings
from services.records.tables import OrganisationRow
from tests.records.exchange.two_states import Case, State, TwoStates

NAME = "second-district"


async def second_district(state: State, *, but: UUID) -> UUID:
    """The id of a district other than `but`, which has a client (NAME) from then on."""
    others = [row.id for row in await state.rows(OrganisationRow) if row.kind == "lea" and row.id != but]
    district_id: UUID = min(others)
    file = state.folder.path / "clients" / f"{NAME}.json"
    if not file.exists():
        settings = state.folder.settings("gateway")
        assert isinstance(settings, GatewaySettings)
        async with administration(settings, clock=state.clock) as hand:
            await register(
                hand,
                organisation_id=district_id,
                name=NAME,
                kind="information-system",
                role="registrar",
                scopes=DISTRICT_SCOPES,
                purposes=(),
                issuer=state.entity_id,
                file=file,
                url=None,
            )
        await state.node.applications["gateway"].state.outbox.drain()
        await state.node.applications["gateway"].state.standing.refresh()
    return district_id


async def claim(states: TwoStates, client: str, district_id: UUID, person: PersonSelector, *, entry_date: date | None = None) -> Case:
    """A district of Birch asks Alder for a child."""
    new = states.new_request(person)
    evidence = new.evidence
    receiving = evidence.receiving_organisation.model_copy(update={"id": str(district_id)})
    said = {**evidence.model_dump(), "receiving_organisation": receiving, "entry_date": entry_date or evidence.entry_date}
    asked = new.model_copy(update={"evidence": EnrollmentEvidence.model_validate(said)})
    async with states.birch.client(client) as session:
        made = await session.create_exchange_request(asked, idempotency_key=str(uuid4()))
    return Case(states, made.id)


async def say(states: TwoStates, client: str, case: Case, kind: str, on: date | None = None) -> TransferNotice:
    """A district of Birch tells Alder what became of the child."""
    now = states.clock()
    official = Official(role="registrar", pairwise_id="official-1", attested_at=now)
    new = NewTransferNotice.model_validate({"kind": kind, "effective_on": on or now.date(), "official": official})
    async with states.birch.client(client) as session:
        return await session.send_transfer_notice(case.id, new)


async def notices(state: State, client: str, case: Case) -> dict[str, TransferNotice]:
    """What the client sees of notices about an exchange, by kind."""
    async with state.client(client) as session:
        return {one.kind: one async for page in session.pages(list_transfer_notices(exchange_id=case.id)) for one in page.notices}
