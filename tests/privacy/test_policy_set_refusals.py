"""What is refused on the way of a policy set, by the rules and, once more, by the store itself."""

import json
import zlib
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError

from safepassage.canonical import digest_of
from services.privacy import policy_set_routes
from services.privacy.activation import LEAD
from services.privacy.app import create_app
from services.privacy.policy import PolicySetBroken
from services.privacy.tables import PolicyActivationRow, PolicyApprovalRow, PolicySetRow
from shared.officials import official_of
from shared.siblings import InProcess
from tests.conftest import StandingClock
from tests.privacy.node import SIGNED_IN, problem_of, settings_for
from tests.privacy.officials import AUTHOR, FIRST, SCOPES, SECOND, Officials, forbid
from tests.privacy.world import World

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("small_table")]

QUIET = "assessments.results"
"""An element that no row of the built-in table asks for."""


@pytest.fixture
def officials(world: World) -> Officials:
    return Officials.of(world)


@pytest.mark.requirement("SETS-four-eyes")
async def test_the_author_does_not_approve_and_nobody_approves_twice(officials: Officials) -> None:
    drafted = await officials.ready(forbid(element=QUIET))
    assert problem_of(await officials.approve(drafted.policy_hash, AUTHOR)).code == "approver-is-author"
    assert problem_of(await officials.approve(drafted.policy_hash, SECOND)).code == "approved-already"


async def test_one_approval_is_not_two(officials: Officials) -> None:
    drafted = await officials.draft(forbid(element=QUIET))
    await officials.validate(drafted.policy_hash)
    await officials.test(drafted.policy_hash)
    await officials.replay(drafted.policy_hash)
    await officials.approve(drafted.policy_hash, FIRST)
    assert problem_of(await officials.activate(drafted.policy_hash, replaces=officials.active)).code == "approvals-missing"


@pytest.mark.parametrize(
    ("values", "refused"),
    [
        ({"second_approval_id": None, "second_official": None}, "one approval"),
        ({"second_official": FIRST}, "the same official twice"),
        ({"first_official": AUTHOR}, "the author"),
        ({"approved_hash": None, "author": None, "first_approval_id": None, "second_approval_id": None}, "no approval"),
        ({"reason": "release", "approved_hash": None, "first_approval_id": None, "second_approval_id": None}, "a draft as the release's"),
        ({"reason": "before", "origin": None, "policy_hash": "A" * 43, "valid_from": None}, "no start"),
    ],
    ids=lambda it: it if isinstance(it, str) else "",
)
async def test_the_store_itself_refuses_an_activation_without_two_approvals(
    officials: Officials, values: dict[str, Any], refused: str
) -> None:
    drafted = await officials.ready(forbid(element=QUIET))
    database = officials.world.node.app.state.database
    async with database.reading() as tx:
        approvals = (await tx.scalars(select(PolicyApprovalRow).order_by(PolicyApprovalRow.at))).all()
    now = officials.world.node.clock()
    row: dict[str, Any] = {
        "number": 2, "policy_hash": drafted.policy_hash, "origin": "draft", "valid_from": now, "recorded_at": now, "reason": "law-changed",
        "approved_hash": drafted.policy_hash, "author": AUTHOR, "first_approval_id": approvals[0].id, "first_official": FIRST,
        "second_approval_id": approvals[1].id, "second_official": SECOND,
    }  # fmt: skip
    with pytest.raises(DBAPIError):
        async with database.transaction() as tx:
            await tx.execute(insert(PolicyActivationRow).values(row | values))
    async with database.transaction() as tx:  # and what is as it has to be is taken: the refusal was for the fault alone
        await tx.execute(insert(PolicyActivationRow).values(row))


async def test_the_store_itself_refuses_the_authors_approval(officials: Officials) -> None:
    drafted = await officials.draft()
    now = officials.world.node.clock()
    row = {
        "id": uuid4(), "policy_hash": drafted.policy_hash, "author": AUTHOR, "round": 0, "official": AUTHOR, "role": "privacy-officer",
        "authenticated_at": now, "at": now, "whole": "{}",
    }  # fmt: skip
    for values in (row, row | {"author": "somebody-else"}):
        with pytest.raises(DBAPIError):
            async with officials.world.node.app.state.database.transaction() as tx:
                await tx.execute(insert(PolicyApprovalRow).values(values))


@pytest.mark.requirement("SETS-narrow")
@pytest.mark.parametrize(
    ("rule", "finding"),
    [
        (forbid(effect="permit"), "nothing but forbids"),
        (forbid(state="CA"), "mentions its own state and no other"),
        (
            forbid().replace("context.student.jurisdiction in", "!(context.student.jurisdiction in").replace('XA" }', 'XA") }'),
            "bound to its own",
        ),
        (forbid(element="health.shoe_size"), "not in the taxonomy"),
        (forbid().replace("context.student.jurisdiction", "context.student.shoe_size"), "not found"),
        (forbid().replace('@review("unreviewed-draft")', '@review("looks-good")'), "review has a known status"),
    ],
    ids=["permit", "other-state", "unbound", "unknown-element", "unknown-fact", "unknown-review"],
)
@pytest.mark.one_row_on_postgresql
async def test_a_states_pack_that_does_not_only_narrow_is_not_approved(officials: Officials, rule: str, finding: str) -> None:
    drafted = await officials.draft(rule)
    validation = await officials.validate(drafted.policy_hash)
    assert not validation.passed
    assert any(finding in one for one in validation.findings), validation.findings
    for path, more in (("tests", {}), ("replays", {"from": "2026-10-19T00:00:00Z", "until": "2026-10-20T00:00:00Z"})):
        answer = await officials.client.post(f"/v1/policy-sets/{drafted.policy_hash}/{path}", officials.acting(AUTHOR, **more))
        assert problem_of(answer).code == "policy-set-not-usable"
    assert problem_of(await officials.approve(drafted.policy_hash, FIRST)).code == "policy-set-not-ready"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("permit (", "policy-text-not-parsed"),
        (forbid() + "\n" + forbid(), "policy-text-not-parsed"),
        (forbid().replace("A rule", "A r\u0443le"), "policy-text-not-parsed"),
        (forbid().replace("principal,", "principal == ?principal,"), "policy-text-not-parsed"),
    ],
    ids=["no-cedar", "same-id-twice", "look-alike-letters", "template"],
)
@pytest.mark.one_row_on_postgresql
async def test_what_is_no_text_of_policies_is_not_drafted_and_not_repeated(officials: Officials, text: str, code: str) -> None:
    answer = await officials.client.post("/v1/policy-sets", officials.draft_body(text))
    problem = problem_of(answer)
    assert (problem.code, problem.field) == (code, "packs.0.text")
    assert text not in answer.body.decode()


async def test_nothing_is_approved_before_its_steps_or_without_naming_what_they_show(officials: Officials) -> None:
    drafted = await officials.draft()
    new = drafted.policy_hash
    refused = problem_of(await officials.approve(new, FIRST))
    assert (refused.code, refused.detail) == ("policy-set-not-ready", "validation, tests, replay")
    await officials.validate(new)
    failed = await officials.test(new)
    assert problem_of(await officials.approve(new, FIRST)).detail == "tests, replay"
    officials.world.node.clock.advance(seconds=1)
    in_vain = await officials.test(new, changed_cases=[*(one.id for one in failed.failed), "A" * 43])
    assert (in_vain.passed, in_vain.named_in_vain) == (False, ("A" * 43,))
    officials.world.node.clock.advance(seconds=1)
    assert (await officials.test(new, changed_cases=[one.id for one in failed.failed])).passed
    assert problem_of(await officials.approve(new, FIRST)).detail == "replay"
    await officials.replay(new)
    unnamed = problem_of(await officials.approve(new, FIRST))
    assert (unnamed.code, unnamed.detail) == ("not-acknowledged", "changed-cases")


@pytest.mark.requirement("SETS-dates")
async def test_nothing_is_back_dated_and_nothing_starts_before_every_replica_can_know(officials: Officials) -> None:
    drafted = await officials.ready(forbid(element=QUIET))
    now = officials.world.node.clock()
    for at in (now - timedelta(milliseconds=1), now - timedelta(days=400)):
        assert problem_of(await officials.activate(drafted.policy_hash, replaces=officials.active, at=at)).code == "activation-in-the-past"
    activation = await officials.active_from(drafted.policy_hash, replaces=officials.active, at=now)
    assert activation.valid_from == now + LEAD


async def test_another_set_in_between_refuses_the_activation(officials: Officials) -> None:
    first, second = await officials.ready(forbid(element=QUIET)), await officials.ready(forbid(element="demographics.languages"))
    start = officials.world.node.clock() + timedelta(days=10)
    await officials.active_from(first.policy_hash, replaces=officials.active, at=start)
    for at in (start, start + timedelta(days=1)):
        refused = await officials.activate(second.policy_hash, replaces=officials.active, at=at)
        assert problem_of(refused).code == "activation-overtaken"
    await officials.active_from(second.policy_hash, replaces=officials.active, at=start - timedelta(days=1))


async def test_only_the_state_agency_changes_policies_and_only_with_the_scope(officials: Officials) -> None:
    world, body = officials.world, officials.draft_body(forbid())
    assert (await world.node.client(world.oak, *SCOPES).post("/v1/policy-sets", body)).status == 403
    assert (await world.node.client(world.sea, "policies:approve").post("/v1/policy-sets", body)).status == 403
    assert (await world.node.client(world.oak, *SCOPES).get("/v1/policy-sets")).status == 403
    later = body["acting_official"] | {"authenticated_at": (world.node.clock() + timedelta(hours=1)).isoformat()}
    answer = await officials.client.post("/v1/policy-sets", body | {"acting_official": later})
    assert problem_of(answer).field == "acting_official.authenticated_at"
    assert (await officials.client.post("/v1/policy-sets", body | {"acting_official": later | {"pairwise_id": "release"}})).status == 422


async def test_without_a_parser_the_parsed_form_comes_along_and_is_named(officials: Officials, monkeypatch: pytest.MonkeyPatch) -> None:
    from services.privacy.policy import pack  # noqa: PLC0415 the parser that the node is without, in this test

    text = forbid(element=QUIET)
    parsed = pack.parsed("us-xa.forbids", text).policies
    with_form = officials.draft_body() | {"packs": [{"name": "us-xa.forbids", "text": text, "parsed": parsed}]}
    other = officials.draft_body() | {"packs": [{"name": "us-xa.forbids", "text": forbid(), "parsed": parsed}]}
    assert problem_of(await officials.client.post("/v1/policy-sets", other)).code == "parsed-form-differs"
    monkeypatch.setattr(policy_set_routes, "cedar", lambda: None)
    bare = officials.draft_body() | {"packs": [{"name": "us-xa.forbids", "text": text}]}
    assert problem_of(await officials.client.post("/v1/policy-sets", bare)).code == "parsed-form-missing"
    new = json.loads((await officials.client.post("/v1/policy-sets", with_form)).body)["policy_hash"]
    assert (await officials.validate(new)).cedar == "not-run"
    await officials.test(new)
    await officials.replay(new)
    assert problem_of(await officials.approve(new, FIRST)).detail == "cedar-not-run"
    await officials.approved(new, "cedar-not-run")


async def tampered(world: World, policy_hash: str) -> None:
    """What whoever controls the store can do: alter one rule of a stored set."""
    database = world.node.app.state.database
    async with database.transaction() as tx:
        for name in ("policy_set_refuses_update",) if database.is_sqlite else ("policy_set_refuses_changes",):
            await tx.execute(text(f"DROP TRIGGER {name}" + ("" if database.is_sqlite else " ON policy_set")))
        contents = (await tx.scalars(select(PolicySetRow.contents).where(PolicySetRow.policy_hash == policy_hash))).one()
        altered = contents.replace(QUIET, "identity.ssn")
        assert digest_of(altered.encode()) != policy_hash
        await tx.execute(update(PolicySetRow).where(PolicySetRow.policy_hash == policy_hash).values(contents=altered))


@pytest.mark.requirement("SETS-tamper")
async def test_a_set_that_was_altered_in_the_store_decides_nothing_and_is_not_served(
    officials: Officials, store_url: str, node_keys: Path, clock: StandingClock
) -> None:
    world = officials.world
    drafted = await officials.ready(forbid(element=QUIET))
    activation = await officials.active_from(drafted.policy_hash, replaces=officials.active)
    asked = world.by_transfer(await world.student())
    clock.instant = activation.valid_from
    await tampered(world, drafted.policy_hash)
    world.node.app.state.policy_sets._compiled.clear()  # a fault: another process, which has not compiled it
    answer = await world.node.ask(asked)
    assert (answer.status, problem_of(answer).code) == (503, "policies-unavailable")
    app = create_app(settings_for(store_url, node_keys), transports={"audit": InProcess()}, clock=clock)
    with pytest.raises(PolicySetBroken):
        async with app.router.lifespan_context(app):
            pass


async def test_bytes_that_do_not_unpack_are_no_set(officials: Officials) -> None:
    database, active = officials.world.node.app.state.database, officials.active
    async with database.transaction() as tx:
        packed = zlib.compress(b"{}")[:-4]
        await tx.execute(
            text(
                "INSERT INTO policy_set (policy_hash, origin, author, title, parsed_by, recorded_at, contents, texts)"
                " VALUES (:hash, 'draft', 'o-x', 't', 'cedar', 0, :packed, :packed)"
            ),
            {"hash": "B" * 42 + "A", "packed": packed},
        )
    answer = await officials.client.post(f"/v1/policy-sets/{'B' * 42}A/tests", officials.acting(AUTHOR))
    assert (active != "B" * 42 + "A", problem_of(answer).code) == (True, "no-such-policy-set")


async def test_a_replay_of_another_set_or_of_a_time_to_come_is_refused(officials: Officials) -> None:
    drafted = await officials.draft()
    now = officials.world.node.clock()
    body = officials.acting(AUTHOR, **{"from": now.isoformat(), "until": (now + timedelta(days=1)).isoformat()})
    answer = await officials.client.post(f"/v1/policy-sets/{drafted.policy_hash}/replays", body)
    assert problem_of(answer).field == "until"
    replay = await officials.replay(drafted.policy_hash)
    answers = [await officials.client.get(f"/v1/policy-sets/{officials.active}/replays/{one}") for one in (replay.id, UUID(int=7))]
    assert {problem_of(one).code for one in answers} == {"no-such-replay"}


async def test_the_log_has_the_role_of_who_signed_in_and_not_the_one_that_an_application_names(world: World) -> None:
    person = digest_of(b"somebody who signed in")
    application = Officials(world, world.node.client(world.sea, *SCOPES, client_id="policy-desk", person=person))
    await application.draft(by=official_of(person))
    await Officials.of(world).draft(forbid("xa-other-rule"))
    told = [event.actor for event in await world.node.events() if event.context.operation == "policy-set-drafted"]
    assert [(one.person, one.role) for one in told] == [(person, application.client.claims.role), (None, "privacy-officer")]


@pytest.mark.requirement("DOOR-person")
async def test_an_approval_has_the_role_and_the_sign_in_of_who_gave_it_and_not_those_that_an_application_names(
    officials: Officials,
) -> None:
    drafted, person = await officials.ready(forbid(element=QUIET)), digest_of(b"somebody who signed in")
    world = officials.world
    application = Officials(world, world.node.client(world.sea, *SCOPES, client_id="policy-desk", person=person))
    assert (await application.approve(drafted.policy_hash, official_of(person))).status == 201
    told = {one.official: one.role for one in (await officials.read(drafted.policy_hash)).approvals}
    assert told == {
        FIRST: "privacy-officer",
        SECOND: "privacy-officer",
        official_of(person): application.client.claims.role,
    }
    async with world.node.app.state.database.reading() as tx:
        kept = {row.official: row.authenticated_at for row in await tx.scalars(select(PolicyApprovalRow))}
    assert kept[official_of(person)] == SIGNED_IN
    assert kept[SECOND] == world.node.clock() - timedelta(minutes=5)
