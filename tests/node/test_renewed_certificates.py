"""A certificate that is renewed in its files is served from then on. It ran out under a process that had read it once."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette

from node.server import server
from tests.gateway.certificates import holder, server_certificate

pytestmark = pytest.mark.anyio
AUTHORITY = holder("CN=Authority")


@asynccontextmanager
async def serving(certificate: Path, key: Path) -> AsyncIterator[uvicorn.Server]:
    made = server(Starlette(), host="127.0.0.1", port=0, tls_certificate=certificate, tls_key=key)
    task = asyncio.create_task(made.serve())
    while not made.started:  # noqa: ASYNC110 uvicorn offers no event
        await asyncio.sleep(0.005)
    yield made
    made.should_exit = True
    await task


async def shown_by(made: uvicorn.Server) -> bytes:
    """The certificate that a new connection is made with."""
    unverified = ssl.create_default_context()
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
    port = made.servers[0].sockets[0].getsockname()[1]
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=unverified)
    shown: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    return shown


async def test_new_connections_are_made_with_the_renewed_one_once_both_files_are_written(tmp_path: Path) -> None:
    before, after = server_certificate(AUTHORITY), server_certificate(AUTHORITY)
    async with serving(*before.save(tmp_path, "tls")) as made:
        assert await shown_by(made) == before.der
        (tmp_path / "tls.pem").write_bytes(after.pem)
        await made.on_tick(0)
        assert await shown_by(made) == before.der
        (tmp_path / "tls.key").write_bytes(after.key_pem)
        await made.on_tick(0)
        assert await shown_by(made) == after.der


async def test_what_is_no_certificate_leaves_the_one_before(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    before = server_certificate(AUTHORITY)
    async with serving(*before.save(tmp_path, "tls")) as made:
        for spoil in (lambda: (tmp_path / "tls.pem").write_text("half a cert"), (tmp_path / "tls.pem").unlink):
            spoil()
            await made.on_tick(0)
            assert await shown_by(made) == before.der
    assert [one.message for one in caplog.records if one.name == "node.renewed_certificates"] == ["renewed certificate is not usable"] * 2
