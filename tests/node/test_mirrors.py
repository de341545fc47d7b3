"""A node's mirror keys: made once, never replaced, and printed as the policy that names them."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from node.commands.keys import app
from node.demo.network import new_nodes
from safepassage.tlog_policy import parse_policy, submission_urls
from services.audit.mirroring.keys import FILES, create_mirror_keys, mirror_keys
from shared.keys import KeyFileUnusable


def test_the_keys_are_made_once_and_printed_as_a_policy(tmp_path: Path) -> None:
    alder, _ = new_nodes(tmp_path, ports=(1, 2))
    first = CliRunner().invoke(app, ["mirror", str(alder.path)])
    assert first.exit_code == 0
    policy = parse_policy(first.stdout.encode())
    assert [(url, {one.key.name for one in at}) for url, at in submission_urls(policy)] == [
        (f"{alder.file.entity_id}/v1/mirror", {"127.0.0.1:1/mirror"})
    ]
    again = CliRunner().invoke(app, ["mirror", str(alder.path)])
    assert (again.exit_code, again.stdout) == (0, first.stdout)


def test_one_key_of_two_or_another_role_s_key_is_refused(tmp_path: Path) -> None:
    assert mirror_keys(tmp_path, "alder.example") is None
    create_mirror_keys(tmp_path)
    shutil.copy(tmp_path / FILES.ed25519, tmp_path / "witness.json")
    with pytest.raises(KeyFileUnusable, match="a key of its own"):
        mirror_keys(tmp_path, "alder.example")
    (tmp_path / "witness.json").unlink()
    (tmp_path / FILES.ed25519).unlink()
    with pytest.raises(KeyFileUnusable, match="go together"):
        mirror_keys(tmp_path, "alder.example")
    create_mirror_keys(tmp_path)  # the one that is missing
    assert mirror_keys(tmp_path, "alder.example") is not None
