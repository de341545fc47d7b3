"""A port that somebody else has is named, with what to do, before anything is removed."""

import io
import socket
from pathlib import Path

import pytest
from rich.console import Console

from node.demo.processes import free_port
from node.demo.telling import run_demo


@pytest.mark.anyio
async def test_a_taken_port_is_named_with_the_remedy_and_nothing_is_removed(tmp_path: Path) -> None:
    kept, said = tmp_path / "kept", io.StringIO()
    kept.write_text("")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port: int = other.getsockname()[1]
        code = await run_demo(tmp_path, once=True, console=Console(file=said, width=200), ports=(port, free_port()))
    assert code == 1
    assert f"Port {port} is in use." in said.getvalue()
    assert "--any-ports" in said.getvalue()
    assert kept.exists()
