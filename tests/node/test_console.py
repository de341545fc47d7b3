"""`safepassage-node console` prints a link; `up` prints one to a terminal, and to nothing that may be a log."""

import asyncio
import os
import pty
import re
import select as waiting
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from node.command import app
from node.commands.console import link_of
from node.embedded import EmbeddedNode
from node.folder import NodeFolder
from services.gateway.tables import OutboxRow
from tests.gateway.by_hand import ask

LINK = re.compile(r"^(http://127\.0\.0\.1:\d+)/sign-in/link#([A-Za-z0-9_-]{43})\s*$", re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A node's folder, as `new` makes it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    made = tmp_path / "alder"
    command = ["new", str(made), "--name", "Agency", "--state", "XA", "--port", str(port), "--insecure-development"]
    assert CliRunner().invoke(app, command).exit_code == 0
    return made


def test_console_prints_another_link_each_time(folder: Path) -> None:
    said = [CliRunner().invoke(app, ["console", str(folder)]) for _ in range(2)]
    assert [one.exit_code for one in said] == [0, 0]
    links = [LINK.search(one.stdout) for one in said]
    assert links[0]
    assert links[1]
    assert links[0][1] == links[1][1] == NodeFolder(folder).file.entity_id
    assert links[0][2] != links[1][2]
    assert asyncio.run(link_of(NodeFolder(folder))).startswith(links[0][1])


def test_console_of_no_node_is_told_so(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["console", str(tmp_path)]).exit_code == 2


@pytest.mark.anyio
async def test_a_link_of_the_command_lets_the_operator_into_the_running_node_and_its_log_takes_what_it_is_told(folder: Path) -> None:
    node = NodeFolder(folder)
    async with EmbeddedNode(node).running() as running:
        gateway = running.applications["gateway"]
        link = LINK.search(await link_of(node))
        assert link
        headers = [("content-type", "application/x-www-form-urlencoded"), ("origin", link[1])]
        used = await ask(gateway, "POST", "/sign-in/link", headers=headers, body=f"link={link[2]}".encode())
        assert used.status == 303
        cookie = used.headers["set-cookie"].partition(";")[0]
        assert cookie.startswith(f"sid-{node.file.port}=")
        page = await ask(gateway, "GET", "/signed-in", headers=[("cookie", cookie)])
        assert (page.status, "Agency" in page.body.decode()) == (200, True)
        await gateway.state.outbox.drain()
        async with gateway.state.database.reading() as tx:
            assert (await tx.execute(select(OutboxRow.path, OutboxRow.refused_as))).all() == []


@pytest.mark.slow
@pytest.mark.parametrize("terminal", [True, False])
def test_up_prints_a_link_to_a_terminal_alone(folder: Path, terminal: bool) -> None:
    ours, theirs = pty.openpty() if terminal else os.pipe()
    command = [sys.executable, "-m", "node.command", "up", str(folder)]
    with subprocess.Popen(command, stdout=theirs, stderr=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        os.close(theirs)
        assert process.stderr is not None
        said = b""
        try:
            for line in process.stderr:  # until it has started
                if b"startup complete" in line:
                    break
        finally:
            process.send_signal(signal.SIGTERM)
            while waiting.select([ours], [], [], 30)[0]:
                try:
                    part = os.read(ours, 4096)
                except OSError:  # a terminal whose other end is closed
                    break
                if not part:
                    break
                said += part
            process.wait(30)
    os.close(ours)
    assert bool(LINK.search(said.decode().replace("\r\n", "\n"))) == terminal, said
