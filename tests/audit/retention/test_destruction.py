"""A student's school year is destroyed: nothing of it opens, here or in an older copy, all else does, and every proof goes on verifying."""

import json
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import func, select, update

from safepassage.canonical import digest_of, from_base64url
from safepassage.checkpoints import verify_checkpoint
from safepassage.leaf import parse_leaf
from safepassage.problems.stored_log import LogAltered
from safepassage.proofs import verify_consistency
from safepassage.tlog_proof import parse_proof_file, verify_proof_file
from services.audit.retention.carrying_out import carry_out
from services.audit.retention.certificate import key_digest
from services.audit.retention.destructions import WAITS
from services.audit.tables import DestroyedPartRow, DestructionRow, IndexCursorRow, SealedRow, SubjectEntryRow, SubjectKeyRow
from services.audit.verification import verify_store
from shared.database import Database
from tests.audit.audit_node import ELM, OAK, STATE, AuditNode, disclosure, event, running, settings_of
from tests.audit.retention.backups import back_up, restore
from tests.audit.retention.officials import (
    SCHOOL_YEAR,
    THEN,
    approve,
    approved,
    ask,
    asked,
    carried_out,
    found,
    hold,
    state_client,
    years_later,
)
from tests.conftest import StandingClock
from tests.links import linked

pytestmark = pytest.mark.anyio

LOG = "alder.example/log/2025"


@pytest.mark.requirement("LOG-I9")
async def test_what_was_destroyed_opens_in_no_copy_and_every_old_proof_verifies(
    store_url: str, own_keys: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    clock, gone, kept = StandingClock(THEN), uuid4(), uuid4()
    operator = {"kind": "sea", "organisation": STATE}
    async with running(store_url, own_keys, clock, rotates_key_encryption_key=True) as node:
        await node.append(disclosure(node, gone), disclosure(node, kept), event(student=gone))
        old_checkpoint = await node.send("GET", "/v1/log/checkpoint", node.as_caller("audit:operate", **operator))
        old_proof = await node.send("GET", "/v1/log/entries/0/proof", node.as_caller("audit:operate", **operator))
        oldest = await back_up(store_url)
        await years_later(node, clock)
        destruction = await carried_out(node, await approved(node, gone, school_years=[SCHOOL_YEAR]), clock)
        assert (destruction.state, destruction.student_id, destruction.preview.years[0].entries) == ("done", None, 2)
        page = await found(node, student_id=str(gone))
        assert {entry["class"] for entry in page["entries"]} <= {"destruction", "rights", "search"}
        assert [(year["school_year"], year["destruction_id"]) for year in page["destroyed"]] == [(SCHOOL_YEAR, str(destruction.id))]
        entry = await node.send("GET", "/v1/log/entries/0", node.as_caller("audit:operate", **operator), query="year=2025")
        assert json.loads(entry.body)["destruction_id"] == str(destruction.id)
        assert [one["student_ids"] for one in (await found(node, bases=["transfer"]))["entries"]] == [[str(kept)]]
        theirs = await node.send("GET", f"/v1/students/{gone}/disclosure-accounting", node.as_caller("audit:accounting"))
        assert [json.loads(theirs.body)["entries"], len(json.loads(theirs.body)["destroyed"])] == [[], 1]
        elsewhere = node.as_caller("audit:accounting", organisation=ELM)
        foreign = await node.send("GET", f"/v1/students/{gone}/disclosure-accounting", elsewhere)
        assert [json.loads(foreign.body)[name] for name in ("entries", "destroyed")] == [[], []]
        others = await node.send("GET", f"/v1/students/{kept}/disclosure-accounting", node.as_caller("audit:accounting"))
        assert [len(json.loads(others.body)["entries"]), json.loads(others.body)["destroyed"]] == [1, []]
        keys = [node.verifier(LOG)]
        leaf = from_base64url(json.loads(entry.body)["entry"])
        verify_proof_file(parse_proof_file(old_proof.body), entry=leaf, origin=LOG, keys=keys)
        before = verify_checkpoint(old_checkpoint.body.decode(), origin=LOG, keys=keys)
        after = verify_checkpoint(await last_note(node), origin=LOG, keys=keys)
        path = await node.send(
            "GET", "/internal/consistency", node.as_job("records"), query=f"from={before.size}&to={after.size}&origin={LOG}"
        )
        hashes = [from_base64url(one) for one in json.loads(path.body)["path"]]
        verify_consistency(old_size=before.size, new_size=after.size, old_root=before.root, new_root=after.root, path=hashes)
    first, *_ = await verify_store(settings_of(store_url, own_keys))
    assert (first.destroyed, first.closed) == (2, 0)
    restored = await restore(oldest, tmp_path_factory.mktemp("restored"))
    (then,) = await verify_store(settings_of(restored, own_keys))
    assert (then.opened, then.closed) == (0, 3)


async def last_note(node: AuditNode) -> str:
    answer = await node.send("GET", "/v1/log/checkpoint", node.as_caller("audit:operate", kind="sea"), query="year=2025")
    return answer.body.decode()


async def test_keys_sealed_rows_and_index_rows_are_gone_and_the_certificate_is_pinned(store_url: str, node_keys: Path) -> None:
    clock, student, page = StandingClock(THEN), uuid4(), uuid4()
    async with running(store_url, node_keys, clock) as node:
        many = event("load", student=student).model_copy(update={"subjects": (student, page), "custodians": (OAK, OAK)})
        await node.append(event("match", student=student), many)
        async with node.database.reading() as tx:
            (tag,) = await node.app.state.keys.tags(tx, str(student))
        await years_later(node, clock)
        destruction = await carried_out(node, await approved(node, student), clock)
        async with node.database.reading() as tx:
            for row, key in ((SubjectKeyRow, SubjectKeyRow.key_id), (SealedRow, SealedRow.key_id), (SubjectEntryRow, SubjectEntryRow.tag)):
                assert await tx.scalar(select(func.count()).select_from(row).where(key == tag)) == 0
            assert await tx.scalar(select(IndexCursorRow.corrections).where(IndexCursorRow.log == THEN.year)) == 1
            marks = (await tx.execute(select(DestroyedPartRow.idx, DestroyedPartRow.part).order_by(DestroyedPartRow.idx))).all()
        assert [tuple(mark) for mark in marks] == [(0, 0), (1, 1)]
        assert destruction.state == "destroyed"  # the version before is there until somebody takes it away
        assert destruction.certificate is not None
        said = json.loads(destruction.certificate)
        assert [(year["key"], year["entries"]) for year in said["destroyed"]] == [(key_digest(tag), 2)]
        assert [year["because"] for year in said["kept"]] == [["school-year-not-over"]]
        assert (said["asked_by"], said["approved_by"], said["basis"]) == ("asker", ["first", "second"], "retention-schedule")
        assert str(student) not in destruction.certificate
        await node.sequencer.publish_now()
        headers = node.as_caller("audit:operate", kind="sea", organisation=STATE)
        entry = json.loads((await node.send("GET", f"/v1/log/entries/{destruction.index}", headers)).body)
        leaf = parse_leaf(from_base64url(entry["entry"]))
        assert (leaf.class_, leaf.digests.ct) == ("destruction", digest_of(destruction.certificate.encode()))
        rest = await found(node, student_id=str(page))
        assert [one["class"] for one in rest["entries"] if one["class"] != "search"] == ["load"]
    await verify_store(settings_of(store_url, node_keys))


@pytest.mark.requirement("LOG-retention")
async def test_two_officials_approve_and_neither_asked(store_url: str, node_keys: Path) -> None:
    clock, student = StandingClock(THEN), uuid4()
    async with running(store_url, node_keys, clock) as node:
        await node.append(event("match", student=student))
        await years_later(node, clock)
        destruction = await asked(node, student)
        reading = linked("audit.ask_log_destruction", "audit.read_log_destruction", destruction)
        assert json.loads((await node.send("GET", reading, state_client(node))).body)["id"] == str(destruction.id)
        refused = await approve(node, destruction, "asker")
        assert (refused.status, json.loads(refused.body)["code"]) == (403, "asker-approves")
        differs = await approve(node, destruction, "first", preview=digest_of(b"another"))
        assert (differs.status, json.loads(differs.body)["code"]) == (409, "preview-differs")
        assert (await approve(node, destruction, "first")).status == 201
        again = await approve(node, destruction, "first")
        assert (again.status, json.loads(again.body)["code"]) == (409, "destruction-approved-already")
        assert (await carried_out(node, destruction, clock)).state == "asked"
        assert (await approve(node, destruction, "second")).status == 201
        assert (await carried_out(node, destruction, clock)).state == "destroyed"


async def test_it_waits_a_day_in_which_it_is_called_off(store_url: str, node_keys: Path) -> None:
    clock, student = StandingClock(THEN), uuid4()
    async with running(store_url, node_keys, clock) as node:
        await node.append(event("match", student=student))
        await years_later(node, clock)
        destruction = await approved(node, student)
        clock.advance(hours=-1)
        assert (await carried_out(node, destruction, clock)).state == "approved"
        body = {"acting_official": {"pairwise_id": "third", "role": "counsel", "authenticated_at": "2025-01-01T00:00:00Z"}}
        path = linked("audit.ask_log_destruction", "audit.call_off_log_destruction", destruction)
        called_off = await node.send("POST", path, state_client(node), body)
        assert json.loads(called_off.body)["state"] == "called-off"
        path = linked("audit.call_off_log_destruction", "audit.read_log_destruction", path=path)
        assert (await node.send("GET", path, state_client(node))).body == called_off.body
        clock.advance(days=3)
        assert (await carried_out(node, destruction, clock)).state == "called-off"
        assert len([one for one in (await found(node, student_id=str(student)))["entries"] if one["class"] == "match"]) == 1
        assert json.loads((await approve(node, destruction, "fourth")).body)["code"] == "destruction-not-open"


async def test_a_hold_that_is_placed_after_the_approvals_keeps_everything_back(store_url: str, node_keys: Path) -> None:
    clock, student = StandingClock(THEN), uuid4()
    async with running(store_url, node_keys, clock) as node:
        await node.append(event("match", student=student))
        await years_later(node, clock)
        destruction = await approved(node, student)
        placed = await hold(node, student_id=str(student))
        kept = await carried_out(node, destruction, clock)
        assert (kept.state, kept.certificate) == ("kept", None)
        assert len([one for one in (await found(node, student_id=str(student)))["entries"] if one["class"] == "match"]) == 1
        refused = await ask(node, student_id=str(student), school_years=[SCHOOL_YEAR])
        assert "legal-hold" in json.loads(refused.body)["detail"]
        lift = {
            "reason": "matter-ended",
            "acting_official": {"pairwise_id": "counsel", "role": "counsel", "authenticated_at": "2025-01-01T00:00:00Z"},
        }
        assert (await node.send("POST", f"/v1/log/holds/{placed.id}/lift", state_client(node), lift)).status == 200
        assert (await node.send("POST", f"/v1/log/holds/{placed.id}/lift", state_client(node), lift)).status == 409
        assert (await carried_out(node, await approved(node, student), clock)).state == "destroyed"


async def test_one_whose_row_was_altered_keeps_no_other_from_being_carried_out(store_url: str, node_keys: Path) -> None:
    clock, students = StandingClock(THEN), (uuid4(), uuid4())
    async with running(store_url, node_keys, clock) as node:
        for student in students:
            await node.append(event("match", student=student))
        await years_later(node, clock)
        altered = await approved(node, students[0])
        clock.advance(seconds=1)
        other = await approved(node, students[1])
        async with node.database.transaction() as tx:
            (await tx.get_one(DestructionRow, altered.id)).sealed_student = bytes(60)
        clock.instant += WAITS + timedelta(seconds=1)
        with pytest.raises(InvalidTag):
            await carry_out(node.app.state)
        async with node.database.reading() as tx:
            states = [(await tx.get_one(DestructionRow, one.id)).state for one in (altered, other)]
        assert states == ["approved", "destroyed"]


async def test_a_certificate_that_was_changed_is_found(store_url: str, node_keys: Path) -> None:
    clock, student = StandingClock(THEN), uuid4()
    async with running(store_url, node_keys, clock) as node:
        await node.append(event("match", student=student), event("match", student=uuid4()))
        await years_later(node, clock)
        destruction = await carried_out(node, await approved(node, student), clock)
    database = Database(store_url)
    assert destruction.certificate is not None
    changed = destruction.certificate.replace('"asker"', '"other"')
    async with database.transaction() as tx:
        await tx.execute(update(DestructionRow).values(certificate=changed))
    with pytest.raises(LogAltered, match="not the one that the log pins"):
        await verify_store(settings_of(store_url, node_keys))
    await database.close()


async def test_an_act_that_is_sent_again_is_one_act(store_url: str, node_keys: Path) -> None:
    clock, student = StandingClock(THEN), uuid4()
    async with running(store_url, node_keys, clock) as node:
        await node.append(event("match", student=student))
        await years_later(node, clock)
        body: dict[str, object] = {"reason": "litigation", "reference": "case-12", "student_id": str(student)}
        body["acting_official"] = {"pairwise_id": "counsel", "role": "counsel", "authenticated_at": "2025-01-01T00:00:00Z"}
        client = state_client(node)
        ids = {json.loads((await node.send("POST", "/v1/log/holds", client, body)).body)["id"] for _ in range(2)}
        lift = {"reason": "matter-ended", "acting_official": body["acting_official"]}
        lifted = [await node.send("POST", f"/v1/log/holds/{one}/lift", client, lift) for one in ids for _ in range(2)]
        assert [answer.status for answer in lifted] == [200, 200]
        destruction, client = await asked(node, student), state_client(node)
        approval = {"preview": destruction.preview.digest, "acting_official": body["acting_official"]}
        path = linked("audit.ask_log_destruction", "audit.approve_log_destruction", destruction)
        answers = [await node.send("POST", path, client, approval) for _ in range(2)]
        assert [len(json.loads(answer.body)["approvals"]) for answer in answers] == [1, 1]
        path = linked("audit.approve_log_destruction", "audit.read_log_destruction", path=path)
        assert (await node.send("GET", path, client)).body == answers[1].body
        said = [one["context"]["operation"] for one in (await found(node, classes=["destruction"]))["entries"]]
        assert sorted(said) == ["destruction-approved", "destruction-asked", "hold-lifted", "hold-placed"]
