"""A log that went back to an older copy, forked, or was shown in two ways is found by its witness, and stops."""

import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from safepassage.checkpoints import parse_checkpoint
from safepassage.notes import parse_note
from services.audit.checkpoints import next_origin
from services.audit.ending import end_log
from services.audit.tables import LogRow, SegmentRow
from tests.audit.audit_node import AuditNode, event, settings_of, sqlite_url
from tests.audit.two_audits import ALDER, BIRCH, ORIGIN, Nodes, findings, grow, nodes_that_witness, publisher, shown
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("LOG-rollback")
@pytest.mark.requirement("FAULT-rollback")
async def test_a_restored_older_copy_is_found_at_the_start_and_frozen(
    nodes: Nodes, birch: AuditNode, caplog: pytest.LogCaptureFixture
) -> None:
    async with nodes.up(ALDER) as alder:
        await grow(alder, 5)
        await publisher(alder).turn()
    nodes.copy(ALDER)
    async with nodes.up(ALDER) as alder:
        await grow(alder, 2)
        await publisher(alder).turn()
    nodes.restore(ALDER)
    with caplog.at_level(logging.CRITICAL):
        async with nodes.up(ALDER) as alder:
            assert (await alder.try_append(event("request"))).status == 503
            assert await findings(alder) == {"own-log-rolled-back": f"https://{BIRCH}/v1/witness"}
            assert alder.sequencer.frozen is not None
            assert "older copy" in alder.sequencer.frozen
            # it is still read, and shows no more than it had
            assert parse_checkpoint(parse_note(await shown(alder)).text).size == 5
            async with alder.database.reading() as tx:
                assert (await tx.execute(select(LogRow.state))).scalar_one() == "frozen"
    assert {"log frozen", "witness finding"} <= {record.message for record in caplog.records}
    # A restart forgets nothing; the newer copy, which is not frozen, goes on.
    async with nodes.up(ALDER) as alder:
        assert (await alder.try_append(event("request"))).status == 503


@pytest.mark.requirement("LOG-rollback")
@pytest.mark.requirement("FAULT-rollback")
async def test_a_copy_from_before_new_year_is_found_before_anything_is_appended_though_it_has_all_of_its_year(
    tmp_path: Path, sqlite_template: Path, three_keys: list[Path]
) -> None:
    clock = StandingClock(datetime(2026, 12, 31, 12, tzinfo=UTC))
    nodes = nodes_that_witness(tmp_path, sqlite_template, three_keys[:2], clock)
    async with nodes.up(BIRCH):
        async with nodes.up(ALDER) as alder:
            await grow(alder, 5)
            await publisher(alder).turn()
        nodes.copy(ALDER)
        clock.instant = datetime(2027, 1, 1, tzinfo=UTC)
        async with nodes.up(ALDER) as alder:
            assert await grow(alder, 2) == 3
            await publisher(alder).turn()
        nodes.restore(ALDER)
        async with nodes.up(ALDER) as alder:
            assert (await alder.try_append(event("request"))).status == 503
            assert set(await findings(alder)) == {"own-log-rolled-back"}
            async with alder.database.reading() as tx:
                assert (await tx.execute(select(LogRow.year, LogRow.state))).all() == [(2026, "frozen")]
        # whose newer copy is lost goes on behind both of the logs that the witness has
        settings = settings_of(nodes.store(ALDER), nodes.keys[ALDER], **nodes.settings[ALDER])
        assert (await end_log(settings, at=5, clock=clock)).next_origin.endswith("/log/2028")
        async with nodes.up(ALDER) as alder:
            assert alder.sequencer.frozen is None
            assert await grow(alder) == 4


@pytest.mark.slow
@pytest.mark.requirement("LOG-rollback")
async def test_an_empty_store_in_the_place_of_a_lost_one_is_found_too(nodes: Nodes, birch: AuditNode, sqlite_template: Path) -> None:
    async with nodes.up(ALDER) as alder:
        await grow(alder, 5)
        await publisher(alder).turn()
    nodes.lose(ALDER, sqlite_template)
    async with nodes.up(ALDER) as alder:
        assert (await alder.try_append(event("request"))).status == 503
        assert set(await findings(alder)) == {"own-log-rolled-back"}


@pytest.mark.slow
@pytest.mark.requirement("LOG-rollback")
async def test_the_newest_copy_of_a_frozen_log_goes_on(nodes: Nodes, birch: AuditNode, tmp_path: Path) -> None:
    async with nodes.up(ALDER) as alder:
        await grow(alder, 5)
    nodes.copy(ALDER)
    async with nodes.up(ALDER) as alder:
        await grow(alder, 2)
        await publisher(alder).turn()
    newest = nodes.database(ALDER).read_bytes()
    nodes.restore(ALDER)
    async with nodes.up(ALDER) as alder:
        assert alder.sequencer.frozen is not None
    nodes.database(ALDER).write_bytes(newest)
    async with nodes.up(ALDER) as alder:
        assert await grow(alder) == 8
        await publisher(alder).turn()
        assert parse_checkpoint(parse_note(await shown(alder, "witnessed=true")).text).size == 8


@pytest.mark.slow
@pytest.mark.requirement("LOG-rollback")
@pytest.mark.requirement("FAULT-rollback")
async def test_an_older_copy_that_was_started_while_no_witness_answered_is_found_as_soon_as_one_does(
    nodes: Nodes, birch: AuditNode
) -> None:
    async with nodes.up(ALDER) as alder:
        await grow(alder, 5)
        await publisher(alder).turn()
    nodes.copy(ALDER)
    async with nodes.up(ALDER) as alder:
        await grow(alder, 3)
        await publisher(alder).turn()
    nodes.restore(ALDER)
    nodes.between.down.add(BIRCH)
    async with nodes.up(ALDER) as alder:
        # it has gone on, past what the witness knows: a fork of its own past
        assert await grow(alder, 20) == 25
        await publisher(alder).turn()
        nodes.between.down.clear()
        nodes.clock.advance(minutes=2)
        await publisher(alder).turn()
        assert set(await findings(alder)) == {"own-log-forked"}
        assert (await alder.try_append(event("request"))).status == 503
        # nothing of it goes out any more, and what it had committed behind is not signed
        asked = len(nodes.between.asked)
        nodes.clock.advance(minutes=2)
        await publisher(alder).turn()
        assert len(nodes.between.asked) == asked
        await alder.sequencer.publish_now()
        assert parse_checkpoint(parse_note(await shown(alder)).text).size == 25
    assert await findings(birch) == {}  # it was never offered what is not consistent


@pytest.mark.requirement("LOG-rollback")
@pytest.mark.requirement("FAULT-fork")
async def test_two_stores_under_one_key_are_a_split_view_that_both_witness_and_log_find(
    nodes: Nodes, birch: AuditNode, tmp_path: Path, sqlite_template: Path
) -> None:
    """Whichever the witness saw first, the other one is stopped."""
    second = tmp_path / "second"
    nodes.lose(ALDER, sqlite_template, place=second)
    nodes.between.down.add(BIRCH)
    async with nodes.up(ALDER, database_url=sqlite_url(second)) as other, nodes.up(ALDER) as alder:
        await grow(other, 6)
        await grow(alder, 6)
        nodes.between.down.clear()
        nodes.clock.advance(minutes=2)
        await publisher(alder).turn()
        # the other one does not ask what the witness holds: it submits its own 6 entries as the continuation of nothing, then of 6
        for address in publisher(other)._rounds.addresses:  # type: ignore[union-attr]
            address.examined, address.due_at = {ORIGIN, next_origin(ORIGIN)}, nodes.clock()
        await publisher(other).turn()
        assert set(await findings(other)) == {"own-log-forked"}
        assert other.sequencer.frozen is not None
        assert alder.sequencer.frozen is None
        assert await grow(alder) == 7
    found = await findings(birch)
    assert found == {"peer-log-forked": ORIGIN}
    async with birch.database.reading() as tx:
        assert b'"class":"witness"' in b"".join((await tx.execute(select(SegmentRow.data))).scalars())
