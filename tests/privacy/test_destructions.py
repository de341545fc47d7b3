"""Nothing is cleared for destruction while somebody waits to inspect; a vendor discharges what it owed by its own signed word, after."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from safepassage.canonical import to_base64url
from safepassage.client import ClientKey
from safepassage.destruction import Destroyed, verify_destruction
from safepassage.wire_duties import Destruction, DestructionAttestation
from safepassage.wire_policy import Agreement, Obligations
from services.privacy.tables import DestructionAttestationRow, DestructionRow
from shared.in_process import Answer
from shared.internal_token import CallerClaims
from tests.links import linked
from tests.privacy.node import ENTITY_ID, Client, problem_of
from tests.privacy.rights import Staff, parent_of
from tests.privacy.world import World

pytestmark = pytest.mark.anyio

ENDED = datetime(2027, 7, 1, 4, tzinfo=UTC)
"""The first instant at which the world's agreement no longer holds."""


async def clear(world: World, student_id: UUID, **more: Any) -> Answer:
    body = {"student_id": str(student_id), "reason": "retention-schedule", "evidence_ref": "schedule 4"} | more
    return await world.node.client(world.oak, "destruction:clear").post("/v1/destructions", body)


@pytest.mark.requirement("FERPA-99.10")
@pytest.mark.parametrize("at", ["oak", "sea"])
async def test_while_a_request_to_inspect_is_outstanding_nothing_is_cleared(world: World, at: str) -> None:
    facts, staff = await world.student(), Staff(world, getattr(world, at))
    made = await staff.inspect(facts)
    answer = await clear(world, facts.student_id)
    assert (answer.status, problem_of(answer).code, problem_of(answer).retry) == (409, "inspection-outstanding", "after")
    assert await world.node.count(DestructionRow) == 0
    assert (await clear(world, (await world.student()).student_id)).status == 201
    step = {"step": "withdrawn", "evidence_ref": "call 1", "acting_for": parent_of(world, facts)}
    await staff.client.post(f"/v1/inspections/{made.id}/steps", step)
    cleared = Destruction.model_validate_json((await clear(world, facts.student_id)).body)
    assert (cleared.custodian_id, cleared.cleared_at) == (world.oak.id, world.node.clock())
    told = [event.context for event in await world.node.events() if event.context.operation == "destruction-cleared"]
    assert [context.reason for context in told] == ["retention-schedule"] * 2


@pytest.mark.requirement("FERPA-99.10")
async def test_whoever_waits_for_another_record_of_the_child_waits_for_this_one(world: World) -> None:
    asked_for = await world.student()
    same = await world.student(same_child=(asked_for.student_id,))
    await Staff(world).inspect(asked_for)
    answer = await clear(world, same.student_id)
    assert (answer.status, problem_of(answer).code) == (409, "inspection-outstanding")


async def test_a_parent_may_have_it_destroyed_but_for_the_permanent_record(world: World) -> None:
    facts = await world.student()
    assert (await clear(world, facts.student_id, keeps_permanent_record=True)).status == 422
    assert (await clear(world, facts.student_id, reason="parent-request", keeps_permanent_record=True)).status == 201
    assert (await clear(world, uuid4())).status == 404


@dataclass
class Keyed(Client):
    """A vendor's client whose token was asked for with a registered key."""

    key: ClientKey = field(default_factory=ClientKey.generate)

    @property
    def claims(self) -> CallerClaims:
        return super().claims.model_copy(update={"details": {"client_key": self.key.kid}})


def vendor(world: World) -> Keyed:
    return Keyed(world.node, world.vendor, frozenset({"destruction:attest"}), "acme")


def word(client: Keyed, agreement: Agreement, key: ClientKey | None = None, **more: Any) -> dict[str, str]:
    """The vendor's signed word of 1 July."""
    key = key or client.key
    claims = {
        "v": 1,
        "iss": str(client.organisation.id),
        "aud": ENTITY_ID,
        "agreement_id": str(agreement.id),
        "method": "cryptographically-erased",
        "covers_copies": True,
        "destroyed_on": "2027-07-01",
        "iat": int(ENDED.timestamp()) + 3600,
    }
    typ = more.pop("typ", Destroyed.TYPE)
    return {"attestation": key.sign_compact(typ=typ, payload=claims | more), "x": to_base64url(key.public.public_bytes_raw())}


async def ended(world: World, client: Client) -> Agreement:
    """An agreement under which the vendor received, and that has ended."""
    agreement = await world.agreement()
    await world.node.decide(world.by_contract(agreement, await world.student()), by=client)
    world.node.clock.instant = ENDED + timedelta(hours=2)
    return agreement


@pytest.mark.requirement("DUTY-attested")
async def test_the_vendors_signed_word_discharges_what_it_owed(world: World) -> None:
    client = vendor(world)
    agreement = await ended(world, client)
    body, key = word(client, agreement), str(uuid4())
    answer = await client.post("/v1/destruction-attestations", body, key=key)
    made = DestructionAttestation.model_validate_json(answer.body)
    assert (await client.post("/v1/destruction-attestations", body, key=key)).body == answer.body
    oak = world.node.client(world.oak, "obligations:read")
    (one,) = Obligations.model_validate_json((await oak.get("/v1/obligations", "state=discharged")).body).obligations
    assert (one.id, one.kind, one.discharged_at) == (made.discharged[0], "destroy-by", world.node.clock())
    reading = linked("privacy.attest_destruction", "privacy.read_destruction_attestation", answer.body)
    read = DestructionAttestation.model_validate_json((await oak.get(reading)).body)
    said = verify_destruction(read.attestation, audience=ENTITY_ID, keys={client.key.kid: client.key.public}, now=world.node.clock())
    assert (said.message.iss, said.message.agreement_id, said.message.method) == (
        world.vendor.id,
        agreement.id,
        "cryptographically-erased",
    )
    told = [event.context for event in await world.node.events() if event.context.operation == "destruction-attested"]
    assert [(context.agreement_id, context.count, context.request_digest) for context in told] == [(agreement.id, 1, said.digest)]
    assert (await world.node.client(world.elm, "obligations:read").get(f"/v1/destruction-attestations/{made.id}")).status == 404
    again = await client.post("/v1/destruction-attestations", body)
    assert problem_of(again).code == "nothing-to-destroy"


@pytest.mark.requirement("DUTY-attested")
@pytest.mark.parametrize(
    "change",
    [
        {"iss": "e21048b0-0507-472c-bb6f-336f90f23500"},
        {"aud": "https://birch.example"},
        {"covers_copies": False},
        {"method": "moved"},
        {"destroyed_on": "2027-07-02"},
        {"typ": "sp-receipt+jws"},
        {"iat": int(ENDED.timestamp()) + 86_400},
        {"v": 2},
        {"note": "x"},
    ],
    ids=str,
)
@pytest.mark.one_row_on_postgresql
async def test_what_is_not_whole_true_and_for_this_node_is_no_attestation(world: World, change: dict[str, Any]) -> None:
    client = vendor(world)
    agreement = await ended(world, client)
    answer = await client.post("/v1/destruction-attestations", word(client, agreement, **change))
    assert (answer.status, problem_of(answer).code) == (422, "attestation-not-valid")
    (told,) = [event for event in await world.node.events() if event.context.operation == "destruction-attested"]
    assert (told.context.outcome, told.context.reason, told.actor.client_id) == ("refused", "attestation-not-valid", "acme")
    assert await world.node.count(DestructionAttestationRow) == 0


@pytest.mark.requirement("DUTY-attested")
async def test_only_the_key_that_the_client_is_registered_with_attests(world: World) -> None:
    client, other = vendor(world), ClientKey.generate()
    agreement = await ended(world, client)
    own = word(client, agreement)
    plain = world.node.client(world.vendor, "destruction:attest", client_id="acme")
    forged = word(client, agreement, other)
    for sender, body in ((client, forged), (plain, own), (client, own | {"x": forged["x"]}), (client, forged | {"x": own["x"]})):
        answer = await sender.post("/v1/destruction-attestations", body)
        assert problem_of(answer).code == "attestation-not-valid"


async def test_before_the_end_nothing_is_discharged_and_anothers_agreement_looks_absent(world: World) -> None:
    client = vendor(world)
    agreement = await ended(world, client)
    answer = await client.post("/v1/destruction-attestations", word(client, agreement, destroyed_on="2027-06-30"))
    assert problem_of(answer).code == "nothing-to-destroy"
    world.node.clock.instant = ENDED - timedelta(milliseconds=1)
    early = word(client, agreement, destroyed_on="2027-06-30", iat=int(ENDED.timestamp()) - 60)
    assert problem_of(await client.post("/v1/destruction-attestations", early)).code == "nothing-to-destroy"
    # in the vendor's own zone it is the day already, an hour before the agreement ends
    await world.node.project(world.vendor.model_copy(update={"version": 2, "time_zone": "Pacific/Auckland"}))
    world.node.clock.instant = ENDED - timedelta(hours=1)
    today = word(client, agreement, destroyed_on="2027-07-01", iat=int(ENDED.timestamp()) - 3600)
    assert problem_of(await client.post("/v1/destruction-attestations", today)).code == "nothing-to-destroy"
    stranger = Keyed(world.node, world.vendor.model_copy(update={"id": uuid4()}), frozenset({"destruction:attest"}), "other")
    await world.node.project(stranger.organisation)
    foreign = word(stranger, agreement, iat=int(ENDED.timestamp()) - 3600)
    unknown = word(stranger, agreement, agreement_id=str(uuid4()), iat=int(ENDED.timestamp()) - 3600)
    answers = [await stranger.post("/v1/destruction-attestations", body, request_id=UUID(int=5)) for body in (foreign, unknown)]
    assert [answer.status for answer in answers] == [404, 404]
    assert answers[0].body == answers[1].body


@pytest.mark.requirement("DUTY-attested")
@pytest.mark.parametrize(
    ("zone", "hours", "destroyed_on", "status"),
    [
        ("America/New_York", 22, "2027-07-02", 422),  # by UTC it is the second already; where the party is, the first
        ("Pacific/Honolulu", 2, "2027-06-30", 201),  # the agreement ended on the evening of the thirtieth there
        ("Pacific/Honolulu", 2, "2027-06-29", 409),
    ],
)
async def test_the_day_of_a_word_is_counted_where_the_party_is(world: World, zone: str, hours: int, destroyed_on: str, status: int) -> None:
    client = vendor(world)
    agreement = await ended(world, client)
    await world.node.project(world.vendor.model_copy(update={"version": 2, "time_zone": zone}))
    world.node.clock.instant = ENDED + timedelta(hours=hours)
    iat = int(world.node.clock().timestamp()) - 60
    answer = await client.post("/v1/destruction-attestations", word(client, agreement, destroyed_on=destroyed_on, iat=iat))
    assert answer.status == status, answer.body
