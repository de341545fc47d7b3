"""The whole life of a policy set: drafted, found good, approved by two, deciding from an instant on, and taken back the same way."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import inspect

from safepassage.canonical import digest_of
from safepassage.wire_decisions import Reproduction
from safepassage.wire_policy_sets import PolicyActivations, PolicySetDocument
from services.privacy.activation import start_release
from services.privacy.policy_schedule import deciding_at
from services.privacy.tables import PolicySetRow
from shared.contracts.privacy import Decision
from tests.links import linked
from tests.privacy.node import problem_of
from tests.privacy.officials import AUTHOR, FIRST, SECOND, Officials, forbid
from tests.privacy.world import World

pytestmark = pytest.mark.anyio

TRANSCRIPT = "academics.transcript"


@pytest.fixture
def officials(world: World) -> Officials:
    return Officials.of(world)


async def transferred(world: World) -> Decision:
    """A decision on a transfer, an hour after the last one."""
    decision = await world.node.decide(world.by_transfer(await world.student()))
    world.node.clock.advance(hours=1)
    return decision


@pytest.mark.requirement("SETS-life")
async def test_a_set_decides_once_it_is_drafted_checked_replayed_approved_by_two_and_activated(world: World, officials: Officials) -> None:
    before = await transferred(world)
    drafted = await officials.draft()
    assert (drafted.stage, drafted.needs, drafted.author) == ("draft", ("validation", "tests", "replay"), AUTHOR)
    assert (drafted.difference.added, drafted.difference.removed, drafted.difference.changed) == (("xa-transcripts-stay",), (), ())
    new = drafted.policy_hash
    validation = await officials.validate(new)
    assert (validation.passed, validation.cedar, validation.findings) == (True, "validated", ())
    own = {"citation": "local policy 7", "situation": "transfer", "element": TRANSCRIPT}
    table = [own | {"permitted": False, "policy": "xa-transcripts-stay", "reason": "kept-at-home"}]
    tests = await officials.test(new, cases=table)
    changed = [one.id for one in tests.failed]
    assert (tests.passed, {one.found for one in tests.failed}) == (False, {"kept-at-home by xa-transcripts-stay"})
    world.node.clock.advance(seconds=1)
    tests = await officials.test(new, cases=table, changed_cases=changed)
    assert (tests.passed, len(tests.changed), tests.failed) == (True, len(changed), ())
    replay = await officials.replay(new)
    assert replay.report is not None
    assert (replay.state, replay.report.decisions, replay.report.permit_to_deny, replay.report.deny_to_permit) == ("done", 1, 1, 0)
    assert replay.report.samples_losing == (before.id,)
    read = await officials.read(new)
    assert (read.stage, read.needs, read.must_acknowledge) == ("replayed", (), ("changed-cases",))
    await officials.approved(new, "changed-cases")
    assert [one.official for one in (await officials.read(new)).approvals] == [FIRST, SECOND]
    start = world.node.clock() + timedelta(days=1)
    activation = await officials.active_from(new, replaces=officials.active, at=start)
    assert (activation.valid_from, activation.first_official, activation.second_official) == (start, FIRST, SECOND)
    assert (await officials.read(new)).stage == "scheduled"
    approving = linked("privacy.draft_policy_set", "privacy.approve_policy_set", await officials.read(new))
    activating = linked("privacy.draft_policy_set", "privacy.activate_policy_set", await officials.read(new))
    assert (approving, activating) == (f"/v1/policy-sets/{new}/approvals", f"/v1/policy-sets/{new}/activation")
    for leads in (
        linked("privacy.approve_policy_set", "privacy.read_policy_set", path=approving),
        linked("privacy.activate_policy_set", "privacy.read_policy_set", path=activating),
    ):
        assert PolicySetDocument.model_validate_json((await officials.client.get(leads)).body).stage == "scheduled"

    still = await transferred(world)
    world.node.clock.instant = start
    after = await transferred(world)
    assert (TRANSCRIPT in before.subjects[0].permitted, TRANSCRIPT in still.subjects[0].permitted) == (True, True)
    assert TRANSCRIPT not in after.subjects[0].permitted
    assert [one.policy_hash for one in (before, still, after)] == [officials.active, officials.active, new]
    assert (await officials.read(new)).stage == "active"

    await officials.approved(officials.active)
    back = await officials.active_from(officials.active, replaces=new)
    world.node.clock.instant = back.valid_from
    again = await transferred(world)
    assert (again.policy_hash, TRANSCRIPT in again.subjects[0].permitted) == (officials.active, True)
    assert (await officials.read(new)).stage == "retired"

    oak = world.node.client(world.oak, "decisions:read")
    for one in (before, still, after, again):
        answer = await oak.post(f"/v1/decisions/{one.id}/reproduction", None)
        assert Reproduction.model_validate_json(answer.body).policy_hash == one.policy_hash


@pytest.mark.slow
async def test_every_step_is_in_the_log_with_who_and_which_set(world: World, officials: Officials) -> None:
    drafted = await officials.ready(forbid(element="assessments.results"))
    activation = await officials.active_from(drafted.policy_hash, replaces=officials.active)
    told = [event for event in await world.node.events() if event.class_ == "policy" and event.policy_hash == drafted.policy_hash]
    steps = {
        "policy-set-drafted": AUTHOR,
        "policy-set-validated": AUTHOR,
        "policy-set-tested": AUTHOR,
        "policy-set-replay-asked": AUTHOR,
        "policy-set-replayed": AUTHOR,
        "policy-set-scheduled": "o-chief",
    }
    assert {event.context.operation: event.context.about for event in told if event.context.operation != "policy-set-approved"} == {
        operation: f"official:{official}" for operation, official in steps.items()
    }
    approvals = [event.context.about for event in told if event.context.operation == "policy-set-approved"]
    assert approvals == [f"official:{FIRST}", f"official:{SECOND}"]
    assert activation.number == 2


@pytest.mark.slow
async def test_a_scheduled_activation_is_called_off_before_its_start_and_not_after(world: World, officials: Officials) -> None:
    drafted = await officials.ready(forbid(element="assessments.results"))
    start = world.node.clock() + timedelta(days=30)
    activation = await officials.active_from(drafted.policy_hash, replaces=officials.active, at=start)
    path = f"/v1/policy-activations/{activation.number}/call-off"
    answer = await officials.client.post(path, officials.acting("o-chief", reason="law-postponed"))
    assert json.loads(answer.body)["called_off_at"] is not None
    world.node.clock.instant = start + timedelta(days=1)
    assert (await transferred(world)).policy_hash == officials.active
    again = await officials.client.post(path, officials.acting("o-chief", reason="law-postponed"))
    assert problem_of(again).code == "activation-has-begun"
    listed = PolicyActivations.model_validate_json((await officials.client.get("/v1/policy-activations")).body)
    assert [(one.number, one.called_off_at is not None) for one in listed.activations] == [(2, True), (1, False)]
    # its approvals went with it: another activation needs two of its own
    refused = await officials.activate(drafted.policy_hash, replaces=officials.active)
    assert problem_of(refused).code == "approvals-missing"


async def later_release(world: World) -> str:
    """The node starts with the next version, whose own set has another hash; gives the hash of the set that decides then."""
    state = world.node.app.state
    later = replace(state.policy_sets.built_in, policy_hash=digest_of(b"the set of the next version"))
    async with state.database.transaction() as tx:
        held = await tx.get_one(PolicySetRow, state.policy_sets.built_in.policy_hash)
        columns = {column.key: getattr(held, column.key) for column in inspect(PolicySetRow).columns}
        tx.add(PolicySetRow(**columns | {"policy_hash": later.policy_hash}))
        await tx.flush()
        world.node.clock.advance(minutes=1)
        await start_release(tx, state.outbox, later, now=world.node.clock())
        deciding = await deciding_at(tx, world.node.clock())
    return "of the next version" if deciding == later.policy_hash else deciding


@pytest.mark.requirement("SETS-upgrade")
@pytest.mark.parametrize("called_off", [True, False])
async def test_a_later_versions_rules_take_over_unless_approved_ones_stand_or_are_to_come(
    world: World, officials: Officials, called_off: bool
) -> None:
    drafted = await officials.ready(forbid(element="assessments.results"))
    start = world.node.clock() + timedelta(days=30)
    activation = await officials.active_from(drafted.policy_hash, replaces=officials.active, at=start)
    if called_off:
        path = f"/v1/policy-activations/{activation.number}/call-off"
        assert (await officials.client.post(path, officials.acting("o-chief", reason="law-postponed"))).status == 200
    assert await later_release(world) == ("of the next version" if called_off else officials.active)


async def test_the_same_request_again_drafts_approves_and_activates_once(world: World, officials: Officials) -> None:
    body, key = officials.draft_body(forbid(element="assessments.results")), "draft-key-0001"
    first = await officials.client.post("/v1/policy-sets", body, key=key)
    second = await officials.client.post("/v1/policy-sets", body, key=key)
    other = await officials.client.post("/v1/policy-sets", body)
    assert (first.status, first.body) == (second.status, second.body)
    assert problem_of(other).code == "policy-set-held-already"


async def test_sets_are_listed_page_by_page_newest_first(world: World, officials: Officials) -> None:
    hashes = []
    for element in ("assessments.results", "contacts.telephones"):
        world.node.clock.advance(seconds=1)
        hashes.append((await officials.draft(forbid(element=element))).policy_hash)
    found, query = [], "limit=2"
    while query:
        answer = await officials.client.get("/v1/policy-sets", query)
        page = json.loads(answer.body)
        found += [one["policy_hash"] for one in page["policy_sets"]]
        query = f"limit=2&cursor={page['next']}" if page.get("next") else ""
    assert found == [*reversed(hashes), officials.active]
