"""`safepassage verify --witnesses`: a log or a proof counts once the policy's quorum has cosigned it."""

import json
from pathlib import Path
from typing import Any

import pytest

from safepassage.command import main
from safepassage.notes import ML_DSA_44_COSIGNATURE, parse_note
from tests.sdk.cosigners import Cosigner
from tests.sdk.stored_logs import ORIGIN, DatabaseFile, entry, key_of, write_folder

ENTRIES = [entry(number) for number in range(9)]
BOTH = [Cosigner("birch.example/witness", b"\5" * 32), Cosigner("birch.example/witness", b"\6" * 32, ML_DSA_44_COSIGNATURE)]


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    file = tmp_path / "witnesses.policy"
    file.write_text(f"witness a {BOTH[0].key.vkey}\nwitness b {BOTH[1].key.vkey}\ngroup birch all a b\nquorum birch\n")
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    log = tmp_path / "log"
    log.mkdir()
    write_folder(log, ENTRIES)
    return log


def cosign(folder: Path, *cosigners: Cosigner) -> None:
    file = folder / "checkpoint"
    note = file.read_text()
    file.write_text(note + "".join(str(one.line(parse_note(note).text)) for one in cosigners))


def verify(capsys: pytest.CaptureFixture[str], path: Path, policy: Path) -> tuple[int, dict[str, Any]]:
    code = main(["verify", str(path), "--log-key", key_of().vkey, "--witnesses", str(policy), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_folder_verifies_once_the_quorum_has_cosigned(folder: Path, policy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(capsys, folder, policy)[0] == 1
    cosign(folder, BOTH[0])
    code, said = verify(capsys, folder, policy)
    assert (code, said["problem"]) == (1, "quorum-not-reached")
    cosign(folder, BOTH[1])
    code, said = verify(capsys, folder, policy)
    assert code == 0
    assert said["found"][-1] == {"origin": ORIGIN, "size": len(ENTRIES), "witnesses": ["birch.example/witness"]}


def test_a_cosignature_of_another_checkpoint_is_not_enough(folder: Path, policy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder / "checkpoint"
    text = parse_note(file.read_text()).text.replace(b"\n9\n", b"\n8\n")
    file.write_text(file.read_text() + "".join(str(one.line(text)) for one in BOTH))
    code, said = verify(capsys, folder, policy)
    assert (code, said["problem"]) == (1, "cosignature-invalid")


def test_where_there_are_no_cosignatures_to_look_at_it_says_so(
    tmp_path: Path, policy: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = DatabaseFile(tmp_path / "audit.db")
    database.add_log(ENTRIES, checkpoints=(9,))
    assert verify(capsys, database.path, policy)[0] == 2
    policy.write_text("quorum nobody\n")
    code, said = verify(capsys, folder, policy)
    assert (code, said["problem"]) == (2, "witness-policy-malformed")
