"""A witness that is down, slow, lying, or replaying stops nothing, and what it should not have said is found."""

import base64
import logging
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from safepassage.checkpoints import verify_checkpoint
from safepassage.problems.proofs import CheckpointSignatureInvalid
from safepassage.problems.witnessing import NotWitnessedYet, QuorumNotReached
from safepassage.tlog_policy import verify_witnessed
from safepassage.tlog_witness import size_answer
from services.audit.tables import CosignatureRow, WitnessedLogRow
from services.audit.witnessing.answers import SKEW_SECONDS
from services.audit.witnessing.door import AnswerUnreadable, DoorAnswer
from shared.in_process import call
from tests.audit.audit_node import AuditNode, event
from tests.audit.two_audits import ALDER, BIRCH, ORIGIN, Nodes, findings, grow, publisher, shown
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("FAULT-witness")
async def test_a_witness_that_is_down_holds_nothing_up_and_is_asked_again_later(nodes: Nodes, birch: AuditNode) -> None:
    nodes.between.down.add(BIRCH)
    async with nodes.up(ALDER) as alder:
        size = await grow(alder, 2)
        asked = []
        for _ in range(6):
            before = len(nodes.between.asked)
            await publisher(alder).turn()
            asked.append(len(nodes.between.asked) > before)
            nodes.clock.advance(seconds=1)
        assert asked == [True, True, False, True, False, False]  # 1, 2, 4 seconds
        assert await grow(alder) == size + 1
        with pytest.raises(NotWitnessedYet):
            await publisher(alder).until_witnessed(2026, size, seconds=0)
        nodes.between.down.clear()
        nodes.clock.advance(minutes=1)
        await publisher(alder).turn()
        await publisher(alder).until_witnessed(2026, size + 1, seconds=0)
        assert await findings(alder) == {}


def lying(status: int, body: bytes, *, path: str = "add-checkpoint"):  # type: ignore[no-untyped-def]
    async def answer(_: str, asked: str, __: bytes) -> DoorAnswer | None:
        return DoorAnswer(status, body) if asked.endswith(path) else None

    return answer


LIES = [
    (409, size_answer(1_000_000), "witness-claims-more"),
    (409, size_answer(0), "witness-refuses"),
    (409, b"many\n", "answer-unreadable"),
    (403, b"{}", "witness-refuses"),
    (400, b"{}", "witness-refuses"),
    (422, b"{}", "witness-refuses"),
    (200, b"", "answer-unreadable"),
    (200, b"\xe2\x80\x94 someone.example AAAAAAAA\n", "cosignature-missing"),
]


@pytest.mark.requirement("FAULT-witness")
async def test_a_lying_witness_is_a_finding_and_stops_nothing(nodes: Nodes, birch: AuditNode, caplog: pytest.LogCaptureFixture) -> None:
    told: set[str] = set()
    async with nodes.up(ALDER) as alder:
        size = await grow(alder, 2)
        for status, body, kind in LIES:
            nodes.between.answering[BIRCH] = lying(status, body)
            caplog.clear()
            nodes.clock.advance(minutes=2)
            await publisher(alder).turn()
            # an alarm and an entry for each kind, once a day
            alarms = [record for record in caplog.records if record.levelno == logging.CRITICAL]
            assert [record.message for record in alarms] == ([] if kind in told else ["witness finding"]), body
            told.add(kind)
            assert await findings(alder) == dict.fromkeys(told, f"https://{BIRCH}/v1/witness"), body
        assert alder.sequencer.frozen is None
        assert await grow(alder) == size + len(told) + 1
        async with alder.database.reading() as tx:
            assert await tx.scalar(select(func.count()).select_from(CosignatureRow)) == 0
        nodes.clock.advance(days=1)
        caplog.clear()
        await publisher(alder).turn()
        assert [record.message for record in caplog.records if record.levelno == logging.CRITICAL] == ["witness finding"]


@pytest.mark.slow
async def test_a_witness_that_cannot_now_or_does_not_know_the_log_yet_is_as_good_as_down(nodes: Nodes, birch: AuditNode) -> None:
    async with nodes.up(ALDER) as alder:
        await grow(alder, 2)
        for status in (404, 408, 425, 429, 500, 503, 599):
            for path in ("add-checkpoint", "checkpoint"):
                nodes.between.answering[BIRCH] = lying(status, b"", path=path)
                nodes.clock.advance(minutes=2)
                await publisher(alder).turn()
                await alder.append(event("request"))
        assert await findings(alder) == {}


def beyond_reading(_: str, __: str, ___: bytes) -> Any:
    """A megabyte, or what is no HTTP: test_witness_door.py has the sockets."""
    raise AnswerUnreadable


@pytest.mark.requirement("FAULT-witness")
async def test_whatever_else_is_answered_at_a_witness_s_address_is_an_alarm(
    nodes: Nodes, birch: AuditNode, caplog: pytest.LogCaptureFixture
) -> None:
    async with nodes.up(ALDER) as alder:
        size = await grow(alder, 2)
        answers = [lying(status, b"", path=path) for status in (204, 302, 401, 405, 413, 418) for path in ("add-checkpoint", "/checkpoint")]
        for answering in (*answers, beyond_reading):
            nodes.between.answering[BIRCH] = answering
            caplog.clear()
            nodes.clock.advance(days=1)
            await publisher(alder).turn()
            assert [record.message for record in caplog.records if record.levelno == logging.CRITICAL] == ["witness finding"]
            assert set(await findings(alder)) == {"answer-unreadable"}
            for address in publisher(alder)._rounds.addresses:  # type: ignore[union-attr]
                address.examined.clear()
                address.cosigned.clear()
            await grow(alder)
        assert await grow(alder) > size  # an alarm; it stops nothing
    nodes.between.answering[BIRCH] = beyond_reading
    nodes.clock.advance(days=1)
    async with nodes.up(ALDER) as alder:  # asked at the start, before anything is appended
        assert alder.sequencer.frozen is None
        assert await grow(alder) > size


@pytest.mark.requirement("FAULT-witness")
async def test_a_witness_that_knew_the_log_and_says_that_it_does_not_is_an_alarm(nodes: Nodes, birch: AuditNode) -> None:
    async with nodes.up(ALDER) as alder:
        await grow(alder, 2)
        await publisher(alder).turn()
        await grow(alder)
        nodes.between.answering[BIRCH] = lying(404, b"{}", path="checkpoint")
        await publisher(alder).turn()
        assert set(await findings(alder)) == {"witness-refuses"}


@pytest.mark.slow
async def test_what_a_witness_shows_of_our_log_is_believed_only_under_our_own_key(nodes: Nodes, birch: AuditNode) -> None:
    async with nodes.up(ALDER) as alder:
        await grow(alder, 2)
        note = await shown(alder)
        forged = note.replace("\n2\n", "\n3\n")
        with pytest.raises(CheckpointSignatureInvalid):
            verify_checkpoint(forged, origin=ORIGIN, keys=[alder.verifier(ORIGIN)])
        nodes.between.answering[BIRCH] = lying(200, forged.encode(), path="/checkpoint")
    async with nodes.up(ALDER) as alder:
        assert alder.sequencer.frozen is None
        assert set(await findings(alder)) == {"answer-unreadable"}
        assert await grow(alder) == 3


async def tampered(nodes: Nodes, alder: AuditNode, change):  # type: ignore[no-untyped-def]
    """Birch's answers to add-checkpoint, changed on the way back."""
    birch = nodes.between.nodes[BIRCH]

    async def answer(method: str, path: str, body: bytes) -> DoorAnswer | None:
        if not path.endswith("add-checkpoint"):
            return None
        given = await call(birch.app, method, path, headers={}, body=body)
        return DoorAnswer(given.status, change(given.body) if given.status == 200 else given.body)

    nodes.between.answering[BIRCH] = answer


def flip(lines: bytes) -> bytes:
    """The last signature with another last byte."""
    head, _, encoded = lines.decode().rstrip("\n").rpartition(" ")
    material = bytearray(base64.b64decode(encoded))
    material[-1] ^= 1
    return f"{head} {base64.b64encode(material).decode()}\n".encode()


async def test_a_cosignature_that_is_altered_or_left_out_is_not_stored(nodes: Nodes, birch: AuditNode) -> None:
    changes = {
        "cosignature-invalid": flip,
        "cosignature-missing": lambda lines: lines.splitlines(keepends=True)[0],
        "answer-unreadable": lambda lines: b"text\n\n" + lines,
    }
    async with nodes.up(ALDER) as alder:
        await grow(alder, 2)
        found: set[str] = set()
        for kind, change in changes.items():
            await tampered(nodes, alder, change)
            nodes.clock.advance(minutes=2)
            await publisher(alder).turn()
            found.add(kind)
            assert set(await findings(alder)) == found
            with pytest.raises(QuorumNotReached):
                verify_witnessed(await shown(alder), policy=nodes.policy(ALDER), log_keys=[alder.verifier(ORIGIN)])


@pytest.mark.slow
@pytest.mark.parametrize(("seconds", "kind"), [(-SKEW_SECONDS - 1, "cosignature-old"), (SKEW_SECONDS + 1, "cosignature-ahead")])
async def test_a_cosignature_of_another_time_is_not_taken(nodes: Nodes, three_keys: list[Path], seconds: int, kind: str) -> None:
    nodes.clock.advance(hours=1)
    elsewhen = StandingClock(nodes.clock())
    elsewhen.advance(seconds=seconds)
    ours, nodes.clock = nodes.clock, elsewhen
    async with nodes.up(BIRCH):
        nodes.clock = ours
        async with nodes.up(ALDER) as alder:
            await grow(alder, 2)
            await publisher(alder).turn()
            assert set(await findings(alder)) == {kind}
            # within the skew that two clocks may have, it is
            elsewhen.instant = ours()
            ours.advance(minutes=2)
            await publisher(alder).turn()
            await publisher(alder).until_witnessed(2026, 2, seconds=0)


@pytest.mark.slow
@pytest.mark.requirement("FAULT-witness")
async def test_a_witness_that_replays_an_earlier_cosignature_is_found(nodes: Nodes, birch: AuditNode) -> None:
    kept: list[bytes] = []
    async with nodes.up(ALDER) as alder:
        await grow(alder, 2)
        await tampered(nodes, alder, lambda lines: kept.append(lines) or lines)
        await publisher(alder).turn()
        await grow(alder, 2)
        await tampered(nodes, alder, lambda _: kept[0])
        await publisher(alder).turn()
        assert set(await findings(alder)) == {"cosignature-invalid"}


@pytest.mark.slow
async def test_a_witness_whose_time_goes_back_between_two_cosignatures_is_found(nodes: Nodes, birch: AuditNode) -> None:
    async with nodes.up(ALDER) as alder:
        await grow(alder, 2)
        await publisher(alder).turn()
        # the witness lost its store and so its own last time
        async with birch.database.transaction() as tx:
            await tx.execute(delete(WitnessedLogRow))
        nodes.clock.advance(seconds=-60)
        await grow(alder, 2)
        await publisher(alder).turn()
        assert set(await findings(alder)) == {"witness-forgot", "cosignature-old"}


@pytest.mark.slow
async def test_a_witness_that_lost_its_memory_is_a_finding_and_is_taught_anew(nodes: Nodes, sqlite_template: Path) -> None:
    async with nodes.up(ALDER) as alder:
        async with nodes.up(BIRCH):
            await grow(alder, 4)
            await publisher(alder).turn()
        nodes.lose(BIRCH, sqlite_template)
        async with nodes.up(BIRCH):
            nodes.clock.advance(seconds=1)
            size = await grow(alder, 3)
            await publisher(alder).turn()
            assert set(await findings(alder)) == {"witness-forgot"}
            await publisher(alder).until_witnessed(2026, size, seconds=0)
