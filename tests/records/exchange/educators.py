"""An educator of Alder who applies in Birch: what each agency has on record, and what Birch asks for."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from node.demo.seats import MOVER_DISTRICT, RECEIVING_DISTRICT
from safepassage.wire_credentials import CredentialRevocation, IssuedCredential
from safepassage.wire_educator_application import EducatorApplication
from safepassage.wire_educators import Educator, EducatorId, HeldMicroCredential, NewMicroCredential
from safepassage.wire_evidence import EvidenceRevocation
from safepassage.wire_exchange import EvidenceDocument, Official
from safepassage.wire_licensure import ELEMENT, EducatorSelector, LicensureEvidence, NewCredentialRequest, ReceivingAgency
from tests.records.exchange.two_states import Case, State, TwoStates


def educator() -> Educator:
    """One whom no other test has."""
    number = uuid4().hex[:12].upper()
    identifier = EducatorId(system="XA", value=number)
    return Educator(name=f"Ines {number} Quiroga", identifier=identifier, birth_date=date(1984, 3, 9))


@dataclass
class Applicant:
    """An educator with credentials of Alder's district, whom Alder's staff knows by an id."""

    states: TwoStates
    educator: Educator
    id: UUID
    credentials: list[IssuedCredential] = field(default_factory=list)

    async def applies(self, **about: Any) -> UUID:
        """The written application, on record at Alder: that Birch's district may have the credentials. Gives its id."""
        now, alder, birch = self.states.clock(), self.states.alder, self.states.birch
        recipient = f"{birch.entity_id}#{birch.organisation(RECEIVING_DISTRICT)}"
        written = application_of(self.id, alder.organisation(MOVER_DISTRICT), recipient, now)
        async with alder.client("former-district") as session:
            return (await session.record_evidence(written.model_copy(update=about))).id

    async def takes_back(self, application_id: UUID) -> None:
        """The application is revoked."""
        async with self.states.alder.client("former-district") as session:
            await session.revoke_evidence(application_id, EvidenceRevocation(reason="taken-back"))

    async def revoked(self, one: IssuedCredential) -> None:
        """Alder revokes a credential."""
        async with self.states.alder.client("former-district") as session:
            await session.revoke_credential(one.id, CredentialRevocation(reason="issued-in-error"))

    def request(self, application_id: UUID, **about: Any) -> NewCredentialRequest:
        """What Birch's district says."""
        known = {"authority": self.states.alder.organisation(MOVER_DISTRICT), **self.educator.model_dump()}
        return new_request(self.states, EducatorSelector.model_validate({**known, **about}), application_id)


def application_of(educator_id: UUID | None, agency_id: UUID, recipient_id: str, now: datetime) -> EducatorApplication:
    """What an educator writes to the agency that keeps the credentials; for a month."""
    period = {"valid_from": now - timedelta(days=1), "valid_until": now + timedelta(days=30)}
    proof = {"document": "A" * 43, "reference": "licence desk, file 7"}
    parties = {"agency_id": agency_id, "recipient_id": recipient_id, "educator_id": educator_id}
    return EducatorApplication.model_validate({**period, **proof, **parties, "elements": (ELEMENT,)})


def new_request(states: TwoStates, selector: EducatorSelector, application_id: UUID) -> NewCredentialRequest:
    """Birch's district asks Alder."""
    receiving = states.birch.organisation(RECEIVING_DISTRICT)
    return request_of(selector, application_id, holder=states.alder.entity_id, receiving=receiving, now=states.clock())


def request_of(selector: EducatorSelector, application_id: UUID, *, holder: str, receiving: UUID, now: datetime) -> NewCredentialRequest:
    """A district has an educator's application on its desk, and asks."""
    return NewCredentialRequest(
        holder=holder,
        educator=selector,
        application_id=application_id,
        evidence=LicensureEvidence(
            receiving_organisation=ReceivingAgency(id=str(receiving), kind="lea", name="The district of Birch"),
            applied_on=now.date(),
            document=EvidenceDocument(type="licence-application", digest="A" * 43),
            official=Official(role="licence-desk", pairwise_id="official-9", attested_at=now - timedelta(hours=1)),
        ),
    )


def micro_credential(of: Educator, number: int = 0) -> NewMicroCredential:
    """What Alder's district gives."""
    words = {"description": "Forty hours with a coach.", "criteria": "A portfolio of six lessons."}
    return NewMicroCredential(educator=of, name=f"Reading {number}", **words)


async def applicant(states: TwoStates, *, credentials: int = 1, of: Educator | None = None) -> Applicant:
    """Alder's district gives an educator so many credentials."""
    known = of or educator()
    async with states.alder.client("former-district") as session:
        issued = [await session.issue_educator_credential(micro_credential(known, number)) for number in range(credentials)]
        held = (await session.search_educator_credentials(known.identifier)).credentials
    [identifier] = {one.educator_id for one in held}
    assert identifier is not None
    return Applicant(states, known, identifier, issued)


async def ask(states: TwoStates, new: NewCredentialRequest) -> Case:
    """Birch's district asks."""
    async with states.birch.client("new-district") as session:
        asked = await session.create_educator_credential_request(new, idempotency_key=str(uuid4()))
    return Case(states, asked.id)


async def state_of(case: Case) -> str:
    """Where it stands, as Birch's district is told."""
    async with case.birch.client("new-district") as session:
        return (await session.read_educator_credential_request(case.id)).state


async def held_at(state: State, seat: str, of: Educator) -> tuple[HeldMicroCredential, ...]:
    """What an agency keeps of the educator."""
    async with state.client(seat) as session:
        return (await session.search_educator_credentials(of.identifier)).credentials
