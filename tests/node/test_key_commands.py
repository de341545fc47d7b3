"""The commands that replace keys, typed as an operator types them: in order, out of order, twice, and where something was cut short."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.folder import NodeFolder
from node.locks import alone_in
from services.gateway.oauth.signing_keys import load_token_keys
from shared.clock import system_clock
from shared.keys import SigningKey
from tests.node.test_clients import run
from tests.node.test_statement import made as made


@pytest.fixture
def node(made: Path, tmp_path: Path) -> NodeFolder:
    return NodeFolder(Path(shutil.copytree(made, tmp_path / "alder")))


def typed(node: NodeFolder, command: str) -> str:
    code, said = run("keys", command, str(node.path))
    assert code == 0, said
    return said


def refused(node: NodeFolder, command: str) -> str:
    code, said = run("keys", command, str(node.path))
    assert code == 1, said
    return said


def secrets_of(node: NodeFolder) -> Iterator[Path]:
    """Every file that has a private key or a symmetric one."""
    for path in node.keys.rglob("*"):
        if path.is_file() and (path.suffix == ".key" or "d" in json.loads(path.read_text())):
            yield path


@pytest.mark.requirement("KEYS-replaced")
def test_the_key_of_tokens_is_published_before_it_signs_and_known_after(node: NodeFolder) -> None:
    folder = node.keys / "gateway" / "token-signing"
    before = load_token_keys(folder).active.kid
    assert "there is no pending key" in refused(node, "replace-token-signing")
    assert "/oauth/jwks" in typed(node, "next-token-signing")
    assert "waits already" in refused(node, "next-token-signing")
    assert "not yet published for long enough" in refused(node, "replace-token-signing")
    assert set(load_token_keys(folder).verifying) > {before}
    _make_older(folder / "pending.json", seconds=60)
    assert "signed by" in typed(node, "replace-token-signing")
    keys = load_token_keys(folder)
    assert keys.active.kid != before
    assert before in keys.verifying
    assert all(path.stat().st_mode & 0o077 == 0 for path in secrets_of(node))


@pytest.mark.requirement("KEYS-replaced")
def test_the_key_of_decisions_reaches_who_verifies_first_and_stays_for_receipts(node: NodeFolder) -> None:
    keys = node.keys
    before = SigningKey.load(keys / "privacy" / "decision-signing.json").jwk
    assert refused(node, "replace-decision-signing").startswith("Not replaced: there is no next key of decisions")
    typed(node, "next-decision-signing")
    assert "waits already" in refused(node, "next-decision-signing")
    (keys / "audit" / "decision-verification-next.json").unlink()  # as if the command had been cut short
    typed(node, "next-decision-signing")
    waiting = SigningKey.load(keys / "privacy" / "decision-signing-next.json").jwk
    assert json.loads((keys / "audit" / "decision-verification-next.json").read_text()) == waiting
    typed(node, "replace-decision-signing")
    for service in ("records", "audit"):
        assert json.loads((keys / service / "decision-verification.json").read_text()) == waiting
        assert not (keys / service / "decision-verification-next.json").exists()
        assert [json.loads(path.read_text()) for path in (keys / service / "decision-verification-retired").iterdir()] == [before]
    assert SigningKey.load(keys / "privacy" / "decision-signing.json").jwk == waiting
    assert [json.loads(path.read_text()) for path in (keys / "privacy" / "decision-signing-retired").iterdir()] == [before]
    typed(node, "next-decision-signing")
    assert "at most once a day" in refused(node, "replace-decision-signing")


def test_a_change_of_the_key_of_decisions_that_was_cut_short_is_finished_by_the_next_call(node: NodeFolder) -> None:
    typed(node, "next-decision-signing")
    (node.keys / "privacy" / "decision-signing-next.json").chmod(0o644)  # refused in the middle of nothing: the next key is read first
    assert "chmod 600" in refused(node, "replace-decision-signing")
    (node.keys / "privacy" / "decision-signing-next.json").chmod(0o600)
    before = SigningKey.load(node.keys / "privacy" / "decision-signing.json").jwk
    today = system_clock().date()
    for service in ("privacy", "audit"):
        name = "decision-signing-retired" if service == "privacy" else "decision-verification-retired"
        (node.keys / service / name).mkdir()
        (node.keys / service / name / f"{today.isoformat()}.json").write_text(json.dumps(before))
    typed(node, "replace-decision-signing")


@pytest.mark.requirement("KEYS-replaced")
def test_what_is_known_within_the_node_alone_is_replaced_while_it_is_stopped(node: NodeFolder) -> None:
    def held() -> dict[str, bytes]:
        return {str(path.relative_to(node.keys)): path.read_bytes() for path in node.keys.rglob("*") if path.is_file()}

    before = held()
    with alone_in(node.path):
        assert "another process runs the node" in refused(node, "new-internal")
        assert "another process runs the node" in refused(node, "new-cursors")
    assert held() == before
    typed(node, "new-internal")
    typed(node, "new-cursors")
    changed = {name for name, content in held().items() if before.get(name) != content}
    assert {Path(name).name for name in changed} == {"internal.json", "cursor.key", "gateway.json", "privacy.json", "records.json"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in secrets_of(node))
    (node.keys / "gateway" / "people.key").unlink()
    assert "no people.key yet" in refused(node, "new-cursors")


@pytest.mark.requirement("KEYS-replaced")
def test_the_key_of_the_peer_client_is_listed_for_an_hour_first(node: NodeFolder) -> None:
    assert refused(node, "replace-peer-client").startswith("Not replaced: there is no next key of the peer client")
    typed(node, "next-peer-client")
    assert "waits already" in refused(node, "next-peer-client")
    typed(node, "statement")
    assert "for an hour yet" in refused(node, "replace-peer-client")


def test_a_folder_that_is_no_nodes_is_said(tmp_path: Path) -> None:
    for command in ("next-token-signing", "new-internal", "new-cursors"):
        assert "There is no node in" in run("keys", command, str(tmp_path))[1]


def _make_older(path: Path, *, seconds: float) -> None:
    status = path.stat()
    os.utime(path, (status.st_atime - seconds, status.st_mtime - seconds))
