"""A consent may only shrink: an event that cuts, after which less is in force, and of which it stays known what was before."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from safepassage.canonical import digest_of
from safepassage.elements import ELEMENTS
from safepassage.wire_policy import ActingFor, Consent
from safepassage.wire_rights import ConsentHistory
from services.privacy.consent_events import Narrowing, Said, in_force
from services.privacy.tables import ConsentEventRow
from tests.privacy.node import problem_of
from tests.privacy.rights import Staff, looks_absent
from tests.privacy.world import SCHEDULE, STAFF, World

pytestmark = pytest.mark.anyio

BOTH = ["financial-aid", "accreditation"]


def narrowing(world: World, consent: Consent, **more: Any) -> dict[str, Any]:
    """The grantor leaves the name, for one purpose."""
    values = {
        "acting_for": world.acting_for(consent.acting_for.person_id).model_dump(mode="json"),
        "reason": "asked-by-parent",
        "elements": ["identity.name"],
        "purposes": ["financial-aid"],
    }
    return values | more


async def narrow(world: World, consent: Consent, *, key: str | None = None, **more: Any) -> Consent:
    path, body = f"/v1/consents/{consent.id}/narrowing", narrowing(world, consent, **more)
    made: Consent = await Staff(world).post(path, body, Consent, status=200, key=key)
    return made


@pytest.mark.requirement("FERPA-99.30-narrowed")
async def test_a_decision_after_a_narrowing_finds_what_remains(world: World) -> None:
    facts = await world.student()
    consent, vendor = await world.consent(facts, purposes=BOTH), world.node.client(world.vendor)
    asked = world.by_consent(facts, consent)
    whole = await world.node.decide(asked, by=vendor)
    narrowed = await narrow(world, consent)
    assert (narrowed.elements, narrowed.purposes, narrowed.narrowed_at) == (("identity.name",), ("financial-aid",), world.node.clock())
    part = await world.node.decide(asked, by=vendor)
    assert (set(whole.subjects[0].permitted), part.subjects[0].permitted) == (set(SCHEDULE), ("identity.name",))
    other = await world.node.decide(world.by_consent(facts, consent, purpose="accreditation"), by=vendor)
    assert other.outcome == "deny"
    standing = await world.node.standing(whole.id)
    assert not standing.stands
    assert (await world.node.standing(part.id)).stands


async def test_what_was_in_force_at_an_instant_stays_known(world: World) -> None:
    consent, clock = await world.consent(await world.student(), purposes=BOTH), world.node.clock
    instants = [clock()]
    cuts: list[dict[str, Any]] = [
        {"elements": ["identity.name", "academics.transcript"], "purposes": BOTH},
        {"elements": ["identity.name"]},
    ]
    for more in cuts:
        clock.advance(days=1)
        instants.append(clock())
        await narrow(world, consent, **more)
    clock.advance(days=1)
    await world.withdraw(consent)
    client = world.node.client(world.oak, *STAFF)

    async def known(at: datetime) -> Consent:
        answer = await client.get(f"/v1/consents/{consent.id}", f"known_at={at.isoformat().replace('+', '%2B')}")
        return Consent.model_validate_json(answer.body)

    seen = [await known(at) for at in (*instants, clock())]
    assert [len(one.elements) for one in seen] == [3, 2, 1, 1]
    assert [len(one.purposes) for one in seen] == [2, 2, 1, 1]
    assert [one.withdrawn_at for one in seen] == [None, None, None, clock()]
    assert (await known(instants[1] - timedelta(milliseconds=1))).elements == SCHEDULE
    assert (await client.get(f"/v1/consents/{consent.id}", "known_at=2026-10-20T11:59:59.999Z")).status == 404
    assert (await client.get(f"/v1/consents/{consent.id}", "known_at=2026-10-20T12:00:00")).status == 422
    history = ConsentHistory.model_validate_json((await client.get(f"/v1/consents/{consent.id}/history")).body)
    assert [event.kind for event in history.events] == ["granted", "narrowed", "narrowed", "withdrawn"]
    assert Consent.model_validate_json((await client.get(f"/v1/consents/{consent.id}")).body) == seen[-1]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"elements": ["identity.name", "identity.birth_date"]}, "elements"),
        ({"purposes": ["financial-aid", "study"]}, "purposes"),
        ({"elements": list(SCHEDULE), "purposes": BOTH}, "elements"),
        ({"expires_at": "2026-12-31T00:00:00.001Z"}, "expires_at"),
        ({"expires_at": "2026-10-20T12:00:00.000Z"}, "expires_at"),
    ],
)
@pytest.mark.one_row_on_postgresql
async def test_a_consent_never_grows(world: World, change: dict[str, Any], field: str) -> None:
    consent = await world.consent(await world.student(), purposes=BOTH, expires_at="2026-12-31T00:00:00.000Z")
    answer = await world.node.client(world.oak, *STAFF).post(f"/v1/consents/{consent.id}/narrowing", narrowing(world, consent, **change))
    assert (answer.status, problem_of(answer).code, problem_of(answer).field) == (422, "consent-not-narrowed", field)
    assert await world.node.count(ConsentEventRow) == 1


async def test_what_was_cut_does_not_come_back(world: World) -> None:
    consent = await world.consent(await world.student(), purposes=BOTH)
    await narrow(world, consent)
    body = narrowing(world, consent, elements=list(SCHEDULE))
    answer = await world.node.client(world.oak, *STAFF).post(f"/v1/consents/{consent.id}/narrowing", body)
    assert problem_of(answer).code == "consent-not-narrowed"


async def test_to_leave_nothing_is_to_withdraw(world: World) -> None:
    consent = await world.consent(await world.student())
    changes: list[dict[str, Any]] = [{"elements": []}, {"purposes": []}]
    for change in changes:
        answer = await world.node.client(world.oak, *STAFF).post(
            f"/v1/consents/{consent.id}/narrowing", narrowing(world, consent, **change)
        )
        assert answer.status == 422


async def test_an_expiry_may_come_sooner_and_its_clock_with_it(world: World) -> None:
    staff = Staff(world)
    consent = await world.consent(await world.student(), expires_at="2027-06-30T00:00:00.000Z")
    assert [duty.kind for duty in await staff.duties()] == ["consent-expiry"]
    soon = await narrow(world, consent, elements=list(SCHEDULE), expires_at="2026-11-30T00:00:00.000Z")
    assert soon.expires_at == datetime(2026, 11, 30, tzinfo=UTC)
    (duty,) = await staff.duties()
    assert duty.overdue_at == soon.expires_at
    await world.withdraw(consent)
    assert await staff.duties() == ()


@pytest.mark.parametrize(("instant", "status"), [("2026-12-30T23:59:59.999", 200), ("2026-12-31T00:00:00.000", 409)])
async def test_what_has_expired_or_was_withdrawn_is_not_narrowed(world: World, instant: str, status: int) -> None:
    consent = await world.consent(await world.student(), expires_at="2026-12-31T00:00:00.000Z")
    client, path = world.node.client(world.oak, *STAFF), f"/v1/consents/{consent.id}/narrowing"
    world.node.clock.instant = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    answer = await client.post(path, narrowing(world, consent, elements=["identity.name"]))
    assert answer.status == status
    if status == 409:
        assert problem_of(answer).code == "consent-expired"
    await world.withdraw(consent)
    assert problem_of(await client.post(path, narrowing(world, consent))).code == "consent-withdrawn"


async def test_only_who_gave_it_or_holds_the_rights_narrows_it_and_elsewhere_it_looks_absent(world: World) -> None:
    consent = await world.consent(await world.student())
    body = narrowing(world, consent, acting_for=world.acting_for(uuid4()).model_dump(mode="json"))
    answer = await world.node.client(world.oak, *STAFF).post(f"/v1/consents/{consent.id}/narrowing", body)
    assert problem_of(answer).code == "rights-not-held"
    await looks_absent(world, world.elm, "POST", f"/v1/consents/{consent.id}/narrowing", narrowing(world, consent))
    await looks_absent(world, world.elm, "GET", f"/v1/consents/{consent.id}/history")


async def test_it_is_told_repeated_once_and_cannot_be_rewritten(world: World) -> None:
    consent, key = await world.consent(await world.student()), str(uuid4())
    first = await narrow(world, consent, key=key)
    assert await narrow(world, consent, key=key) == first
    assert await world.node.count(ConsentEventRow) == 2
    told = [event for event in await world.node.events() if event.context.operation == "consent-narrowed"]
    assert [(event.context.elements, event.context.reason) for event in told] == [(("identity.name",), "asked-by-parent")]
    with pytest.raises(DBAPIError):
        async with world.node.app.state.database.transaction() as tx:
            await tx.execute(update(ConsentEventRow).values(kind="granted"))


NAMES = [element.id for element in ELEMENTS][:12]
PARTS = st.lists(st.sampled_from(NAMES), min_size=1, unique=True).map(tuple)
AT = datetime(2026, 10, 20, 12, tzinfo=UTC)


@given(PARTS, st.lists(st.tuples(PARTS, st.none() | st.integers(1, 400)), max_size=6), st.randoms(use_true_random=False))
def test_cuts_commute_and_never_add(granted: tuple[str, ...], cuts: list[tuple[tuple[str, ...], int | None]], shuffled: Any) -> None:
    person = ActingFor(person_id=uuid4(), assurance_level="ial2", method="in-person", evidence_ref="x", authenticated_at=AT)
    consent = Consent(
        id=uuid4(),
        student_id=uuid4(),
        acting_for=person,
        signed_on=AT.date(),
        signature="paper",
        document=digest_of(b"x"),
        elements=granted,
        purposes=("study",),
        recipient_id="x",
        grantor_role="parent",
        granted_at=AT,
    )
    narrowings = [
        Narrowing(AT, Said(acting_for=person, reason="x", elements=left, purposes=("study",), expires_at=days and AT + timedelta(days)))
        for left, days in cuts
    ]
    whole = in_force(consent, narrowings, withdrawn_at=None)
    shuffled.shuffle(narrowings)
    assert in_force(consent, narrowings, withdrawn_at=None) == whole
    assert set(whole.elements) == set(granted).intersection(*(left for left, _ in cuts))
    ends = [days for _, days in cuts if days is not None]
    assert whole.expires_at == (AT + timedelta(min(ends)) if ends else None)


async def test_several_consents_that_are_named_count_together_each_as_it_stands(world: World) -> None:
    facts, vendor = await world.student(), world.node.client(world.vendor)
    named, other = await world.consent(facts, elements=["identity.name"]), await world.consent(facts)
    asked = world.by_consent(facts, named, other_consent_ids=(other.id, uuid4()))

    async def permitted() -> set[str]:
        world.node.clock.advance(seconds=1)
        return set((await world.node.decide(asked, by=vendor)).subjects[0].permitted)

    assert await permitted() == set(SCHEDULE)
    await narrow(world, other, elements=["attendance.summary"])
    assert await permitted() == {"attendance.summary", "identity.name"}
    await world.withdraw(other)
    assert await permitted() == {"identity.name"}
