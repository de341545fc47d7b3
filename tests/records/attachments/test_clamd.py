"""A real ClamAV daemon, of Debian's package, with one signature: what the double says of the protocol holds, and what it cannot show."""

import os
import zlib

import pytest

from safepassage.problems.attachments import AttachmentInfected, ScannerUnavailable
from tests.records.attachments.clamd_double import EICAR, scanned
from tests.records.attachments.files import IEP, pdf, stream

pytestmark = [pytest.mark.anyio, pytest.mark.scanner]


@pytest.fixture
def daemon() -> str:
    """Its address."""
    address = os.environ.get("SAFE_PASSAGE_TEST_CLAMD")  # noqa: TID251 how the script tells the tests
    if not address:
        pytest.skip("needs a ClamAV daemon: make test-scanner")
    return address


async def test_the_daemon_finds_nothing_in_a_plain_document(daemon: str) -> None:
    await scanned(daemon, IEP)
    await scanned(daemon, *[bytes(1024 * 1024)] * 4)


async def test_the_daemon_finds_its_signature_in_clear_across_parts_and_inside_a_stream(daemon: str) -> None:
    inside = pdf(stream(EICAR, about=b"/Filter /FlateDecode"))
    assert zlib.compress(EICAR) in inside
    for parts in ((EICAR,), (EICAR[:20], EICAR[20:]), (inside,)):
        with pytest.raises(AttachmentInfected):
            await scanned(daemon, *parts)


async def test_what_is_longer_than_its_limit_was_not_scanned(daemon: str) -> None:
    with pytest.raises(ScannerUnavailable):
        await scanned(daemon, *[bytes(1024 * 1024)] * 12)
