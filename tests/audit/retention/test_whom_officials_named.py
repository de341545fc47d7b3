"""Holds that were lifted and searches that were saved say no more whom they named, once nothing that was sealed of the student is left."""

import json
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import select

from safepassage.canonical import from_base64url
from safepassage.ids import uuid7
from safepassage.problems.requests import LogUnavailable
from safepassage.tlog_proof import parse_proof_file, verify_proof_file
from safepassage.wire_retention import LegalHold, LegalHoldPage, LogDestruction
from services.audit.driver import Driver
from services.audit.retention import named
from services.audit.retention.carrying_out import carry_out
from services.audit.retention.sealed_students import open_student
from services.audit.tables import HoldRow, SavedSearchRow
from services.audit.verification import verify_store
from shared.keys import KeyFileUnusable
from tests.audit.audit_node import ELM, OAK, STATE, AuditNode, event, give_organisations, running, settings_of
from tests.audit.retention.backups import back_up, restore
from tests.audit.retention.officials import LATER, SCHOOL_YEAR, THEN, approved, carried_out, hold, lift, read, state_client, years_later
from tests.audit.retention.test_cut_short import COMMITS, Cuts, CutShort
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

LOG = "alder.example/log/2025"
SEARCHES = "/v1/log/saved-searches"


async def lifted(node: AuditNode, student: UUID) -> LegalHold:
    """A hold that named a student, and is over."""
    return await lift(node, await hold(node, student_id=str(student)))


async def save(node: AuditNode, student: UUID | None, *, organisation: UUID = OAK) -> None:
    search = {"classes": ["read"]} if student is None else {"student_id": str(student)}
    headers, body = node.as_caller("audit:search", organisation=organisation), {"name": "a case", "search": search}
    answer = await node.send("PUT", f"{SEARCHES}/{uuid7(node.clock())}", headers, body)
    assert answer.status == 200, answer.body


async def saved(node: AuditNode, organisation: UUID = OAK) -> set[str | None]:
    """Whom an organisation's searches look for."""
    answer = await node.send("GET", SEARCHES, node.as_caller("audit:search", organisation=organisation))
    return {one["search"].get("student_id") for one in json.loads(answer.body)["saved_searches"]}


async def holds(node: AuditNode, query: str = "") -> list[LegalHold]:
    answer = await node.send("GET", "/v1/log/holds", state_client(node), query=query)
    return list(LegalHoldPage.model_validate_json(answer.body).holds)


async def destroyed(node: AuditNode, student: UUID, clock: StandingClock, *years: int) -> LogDestruction:
    return await carried_out(node, await approved(node, student, school_years=list(years) or [SCHOOL_YEAR]), clock)


@pytest.mark.requirement("LOG-I9")
async def test_a_lifted_hold_and_a_saved_search_name_no_destroyed_student_here_or_in_a_copy(
    store_url: str, own_keys: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    clock, gone, kept = StandingClock(THEN), uuid4(), uuid4()
    operator = {"kind": "sea", "organisation": STATE}
    async with running(store_url, own_keys, clock, rotates_key_encryption_key=True) as node:
        await give_organisations(node)
        await node.append(event("match", student=gone), event("match", student=kept))
        over, others = await lifted(node, gone), await lifted(node, kept)
        for organisation in (OAK, ELM):
            await save(node, gone, organisation=organisation)
            await save(node, kept, organisation=organisation)
            await save(node, None, organisation=organisation)
        await node.sequencer.publish_now()
        placed = await node.send("GET", "/v1/log/entries/2/proof", node.as_caller("audit:operate", **operator))
        oldest = await back_up(store_url)
        await years_later(node, clock)
        standing = await hold(node, student_id=str(kept))
        destruction = await destroyed(node, gone, clock)
        assert destruction.state == "done"
        assert await holds(node, f"student_id={gone}") == []
        shown = {one.id: one for one in await holds(node)}
        assert (shown[over.id].student_id, shown[over.id].destruction_id) == (None, destruction.id)
        assert (shown[over.id].reason, shown[over.id].lifted_because) == (over.reason, "matter-ended")
        assert {shown[one.id].student_id for one in (others, standing)} == {kept}
        assert [await saved(node, organisation) for organisation in (OAK, ELM)] == [{None, str(kept)}] * 2
        entry = json.loads(
            (await node.send("GET", "/v1/log/entries/2", node.as_caller("audit:operate", **operator), query="year=2025")).body
        )
        leaf = from_base64url(entry["entry"])
        verify_proof_file(parse_proof_file(placed.body), entry=leaf, origin=LOG, keys=[node.verifier(LOG)])
    await verify_store(settings_of(store_url, own_keys))
    newest = await restore(await back_up(store_url), tmp_path_factory.mktemp("newest"))
    async with running(newest, own_keys, clock) as node:
        assert gone not in await named_in(node)
        assert [await saved(node, organisation) for organisation in (OAK, ELM)] == [{None, str(kept)}] * 2
    restored = await restore(oldest, tmp_path_factory.mktemp("oldest"))
    with pytest.raises(KeyFileUnusable):
        async with running(restored, own_keys, clock):
            pass


async def named_in(node: AuditNode) -> set[UUID | None]:
    """Whom the rows of holds name that the store has, opened with its keys."""
    async with node.database.reading() as tx:
        rows = (await tx.scalars(select(HoldRow))).all()
        return await tx.run_sync(
            lambda session: {open_student(Driver(session.connection()), node.app.state.keys, row.sealed_student, of=row.id) for row in rows}
        )


async def test_while_a_school_year_that_is_over_has_something_sealed_the_naming_stays(store_url: str, node_keys: Path) -> None:
    clock, student = StandingClock(THEN), uuid4()
    async with running(store_url, node_keys, clock) as node:
        await node.append(event("match", student=student))
        clock.instant = THEN.replace(year=2026)
        await node.append(event("match", student=student))
        await lifted(node, student)
        await save(node, student, organisation=STATE)
        await years_later(node, clock)
        await destroyed(node, student, clock, SCHOOL_YEAR)
        assert [one.student_id for one in await holds(node)] == [student]
        assert len(await rows_of(node)) == 1
        last = await destroyed(node, student, clock, SCHOOL_YEAR + 1)
        assert [(one.student_id, one.destruction_id) for one in await holds(node)] == [(None, last.id)]
        assert await rows_of(node) == []


async def rows_of(node: AuditNode) -> list[SavedSearchRow]:
    async with node.database.reading() as tx:
        return list((await tx.scalars(select(SavedSearchRow))).all())


async def test_among_many_lifted_holds_each_of_the_students_is_found(
    store_url: str, node_keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(named, "AT_ONCE", 2)
    clock, student, other = StandingClock(THEN), uuid4(), uuid4()
    async with running(store_url, node_keys, clock) as node:
        await node.append(event("match", student=student))
        for one in (student, other, other, student, student, other):
            await lifted(node, one)
        await years_later(node, clock)
        await destroyed(node, student, clock)
        assert sorted(str(one.student_id) for one in await holds(node)) == sorted(["None"] * 3 + [str(other)] * 3)


async def test_cut_short_before_any_commit_nobody_is_named_once_it_is_destroyed(
    store_url: str, node_keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, student = StandingClock(THEN), uuid4()
    async with running(store_url, node_keys, clock) as node:
        await node.append(event("match", student=student))
        await lifted(node, student)
        await save(node, student)
        await years_later(node, clock)
        destruction = await approved(node, student)
        clock.advance(days=2)
        cuts = Cuts(monkeypatch)
        for lets_through in range(COMMITS):
            cuts.again(lets_through)
            with suppress(CutShort, LogUnavailable):
                await carry_out(node.app.state)
            cuts.again(COMMITS)
            if (await read(node, destruction.id)).state == "destroyed":
                break
        assert 4 < cuts.cuts < COMMITS
        assert [one.student_id for one in await holds(node)] == [None]
        assert await rows_of(node) == []


async def test_a_hold_in_force_keeps_its_student(node: AuditNode, clock: StandingClock) -> None:
    """One that was placed while the destruction was under way, too."""
    clock.instant = LATER
    student = uuid4()
    standing = await hold(node, student_id=str(student))
    await named.forget_namings(node.app.state, student, destruction_id=uuid4())
    assert [(one.id, one.student_id) for one in await holds(node)] == [(standing.id, student)]


async def test_what_sealed_the_naming_of_one_hold_opens_no_other(node: AuditNode) -> None:
    await lifted(node, uuid4())
    async with node.database.reading() as tx:
        (row,) = (await tx.scalars(select(HoldRow))).all()
        with pytest.raises(InvalidTag):
            await tx.run_sync(
                lambda session: open_student(Driver(session.connection()), node.app.state.keys, row.sealed_student, of=uuid4())
            )
