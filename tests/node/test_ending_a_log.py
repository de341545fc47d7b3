"""`end-log` says what is wrong with what it was given, before it looks into any store."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from node.command import app


@pytest.mark.parametrize("kept", [b"hello\n", b"", b"\xff\xfe", b"alder.example/log/2026\n3\nAAAA\n"])
def test_a_file_that_holds_no_checkpoint_is_called_so(tmp_path: Path, kept: bytes) -> None:
    file = tmp_path / "kept.txt"
    file.write_bytes(kept)
    said = CliRunner().invoke(app, ["end-log", str(tmp_path), "--at", "3", "--pinned", str(file)])
    assert said.exit_code == 2
    assert said.output.startswith("kept.txt holds no checkpoint.")
