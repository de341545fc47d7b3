"""The scanner by its protocol: nothing but its word that all of it is clean counts."""

import asyncio

import pytest

from safepassage.problems.attachments import AttachmentInfected, ScannerNotConfigured, ScannerUnavailable
from services.records.attachments import scanner as rules
from services.records.attachments.scanner import Scanner
from tests.records.attachments.clamd_double import EICAR, clamd_double, scanned

pytestmark = pytest.mark.anyio


async def test_a_clean_content_passes_and_was_sent_whole() -> None:
    async with clamd_double() as daemon:
        await scanned(daemon.address, b"x" * 700_000, b"y")
        assert daemon.scanned == [700_001]


async def test_what_the_daemon_finds_is_refused_also_across_parts() -> None:
    async with clamd_double() as daemon:
        for parts in ((EICAR,), (b"before" + EICAR[:30], EICAR[30:] + b"after")):
            with pytest.raises(AttachmentInfected):
                await scanned(daemon.address, *parts)


@pytest.mark.parametrize("mood", ["errs", "hangs-up", "silent"])
async def test_a_daemon_that_does_not_say_ok_has_not_said_it(mood: str) -> None:
    async with clamd_double() as daemon:
        daemon.mood = mood  # type: ignore[assignment]  # one of its moods
        with pytest.raises(ScannerUnavailable):
            await scanned(daemon.address, *[b"x" * 400_000] * 8)


async def test_a_content_that_the_daemon_does_not_scan_whole_is_not_clean() -> None:
    async with clamd_double(longest=1000) as daemon:
        with pytest.raises(ScannerUnavailable):
            await scanned(daemon.address, *[b"x" * 400_000] * 8)
        with pytest.raises(ScannerUnavailable, match="StreamMaxLength"):
            await scanned(daemon.address, b"x" * 1001)


async def test_nobody_there_and_no_scanner_at_all_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    async with clamd_double() as daemon:
        address = daemon.address
    for gone in (address, "unix:/nonexistent/clamd.ctl"):
        with pytest.raises(ScannerUnavailable) as unavailable:
            await scanned(gone, b"x")
        assert unavailable.value.retry == "after"
    with pytest.raises(ScannerNotConfigured):
        await scanned(None, b"x")
    with pytest.raises(ScannerNotConfigured):
        Scanner(None).require_configured()
    assert "SCANNER_ADDRESS" in ScannerNotConfigured.remedy


async def test_a_daemon_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "VERDICT_SECONDS", 0.05)
    met = asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(ScannerUnavailable):
        await scanned(f"tcp://127.0.0.1:{port}", b"x")
    assert met.is_set()
    server.close()
    await server.wait_closed()
