"""Nothing is destroyed but what two have approved, not before its day is over; and it is done once nothing here could undo it."""

import json
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from services.audit.driver import Driver
from services.audit.index.lookup import Query, Stretch, find
from services.audit.index.terms import Kind, digest_of
from services.audit.openings import Place
from services.audit.retention.carrying_out import carry_out
from services.audit.retention.destructions import WAITS
from services.audit.retention.wrapping import begin
from services.audit.tables import DestructionRow
from shared.keys import new_symmetric_key
from shared.officials import official_of
from tests.audit.audit_node import AuditNode, event, running
from tests.audit.retention.officials import (
    PERSON,
    SCHOOL_YEAR,
    THEN,
    approve,
    approved,
    asked,
    carried_out,
    found,
    hold,
    lift,
    read,
)
from tests.audit.retention.officials import years_later as later
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("LOG-retention")
async def test_what_the_approved_preview_kept_stays_though_the_hold_is_lifted_before_the_day(store_url: str, node_keys: Path) -> None:
    clock, student = StandingClock(THEN), uuid4()
    async with running(store_url, node_keys, clock) as node:
        await node.append(event("match", student=student))
        clock.instant = THEN.replace(year=2026)
        await node.append(event("match", student=student))
        await later(node, clock)
        spanned = {"logged_from": (THEN - timedelta(days=30)).isoformat(), "logged_until": (THEN + timedelta(days=30)).isoformat()}
        placed = await hold(node, student_id=str(student), **spanned)
        destruction = await approved(node, student)
        kept = {year.school_year: year.kept_because for year in destruction.preview.years}
        assert (kept[SCHOOL_YEAR], kept[SCHOOL_YEAR + 1]) == (("legal-hold",), ())
        await lift(node, placed)
        done = await carried_out(node, destruction, clock)
        assert done.certificate is not None
        assert [year["school_year"] for year in json.loads(done.certificate)["destroyed"]] == [SCHOOL_YEAR + 1]
        assert [one["class"] for one in (await found(node, student_id=str(student), classes=["match"]))["entries"]] == ["match"]


@pytest.mark.requirement("LOG-retention")
async def test_a_row_that_says_approved_on_one_official_s_word_destroys_nothing(store_url: str, node_keys: Path) -> None:
    clock, student = StandingClock(THEN), uuid4()
    async with running(store_url, node_keys, clock) as node:
        await node.append(event("match", student=student))
        await later(node, clock)
        destruction = await asked(node, student)
        assert (await approve(node, destruction, "first")).status == 201
        async with node.database.transaction() as tx:  # a fault: the_state_was_set_by_hand
            await tx.execute(update(DestructionRow).values(state="approved", approved_at=clock()))
        assert (await carried_out(node, destruction, clock)).state == "approved"
        assert len((await found(node, student_id=str(student), classes=["match"]))["entries"]) == 1


@pytest.mark.requirement("LOG-retention")
async def test_one_person_who_signed_in_is_not_the_other_official_too(store_url: str, node_keys: Path) -> None:
    clock, student = StandingClock(THEN), uuid4()
    async with running(store_url, node_keys, clock) as node:
        await node.append(event("match", student=student))
        await later(node, clock)
        destruction = await asked(node, student)
        for official, status in ((official_of(PERSON), 201), ("another", 403), ("asker", 403)):
            assert (await approve(node, destruction, official, person=PERSON)).status == status
        approvals = [(one.official, one.role) for one in (await read(node, destruction.id)).approvals]
        assert approvals == [(official_of(PERSON), "registrar")], "the role that the door knows, not the one named"


async def test_it_is_carried_out_from_the_first_instant_after_the_day_on(store_url: str, node_keys: Path) -> None:
    clock, student = StandingClock(THEN), uuid4()
    async with running(store_url, node_keys, clock) as node:
        await node.append(event("match", student=student))
        await later(node, clock)
        destruction = await approved(node, student)
        for waited, state in ((WAITS - timedelta(milliseconds=1), "approved"), (timedelta(milliseconds=1), "destroyed")):
            clock.instant += waited
            await carry_out(node.app.state)
            assert (await read(node, destruction.id)).state == state


async def test_it_is_done_once_the_version_that_could_open_an_old_copy_is_gone(store_url: str, own_keys: Path) -> None:
    clock, student, folder = StandingClock(THEN), uuid4(), own_keys / "audit" / "key-encryption"
    async with running(store_url, own_keys, clock) as node:
        await node.append(event("match", student=student))
        await later(node, clock)
        destruction = await carried_out(node, await approved(node, student), clock)
        new_symmetric_key(folder / "2.key")
        provider = node.app.state.keys.provider
        provider.load()
        await begin(node.database, provider.version)
        states = []
        for gone in (None, "1.key"):
            if gone is not None:
                (folder / gone).unlink()
            await carry_out(node.app.state)
            states.append((await read(node, destruction.id)).state)
        assert (destruction.state, states) == ("destroyed", ["destroyed", "done"])


@pytest.mark.requirement("LOG-I9")
async def test_of_a_destroyed_year_of_the_node_the_index_says_no_more_what_was_done(store_url: str, node_keys: Path) -> None:
    clock = StandingClock(THEN)
    async with running(store_url, node_keys, clock) as node:
        await node.append(*[event("trust") for _ in range(3)])
        await later(node, clock)
        await node.app.state.projector.catch_up()
        assert len(await indexed_as(node, "test")) == 3
        assert (await carried_out(node, await approved(node, None, school_years=[SCHOOL_YEAR]), clock)).state == "destroyed"
        assert await indexed_as(node, "test") == []


async def indexed_as(node: AuditNode, operation: str) -> list[Place]:
    """Where the index of the log of 2025 says that something was done."""

    def look(session: Session) -> list[Place]:
        driver, keys = Driver(session.connection()), node.app.state.keys
        term = digest_of(Kind.OPERATION, operation, keys.index_key(driver))
        return find(driver, keys, Query((), (frozenset({term}),)), [Stretch(2025, 0, 3)], limit=10).places

    async with node.database.reading() as tx:
        return await tx.run_sync(look)
