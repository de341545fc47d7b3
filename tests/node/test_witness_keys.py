"""A node's witness keys: made with the others, or later, never replaced; in the trust list they stand beside the logs."""

from pathlib import Path

from typer.testing import CliRunner

from node.commands.keys import app
from node.demo.network import new_nodes
from node.trust import member_of
from safepassage.notes import ED25519_COSIGNATURE, ML_DSA_44_COSIGNATURE, parse_vkey
from shared.clock import system_clock


def test_a_node_s_witness_is_in_its_description_for_the_trust_list(tmp_path: Path) -> None:
    alder, _ = new_nodes(tmp_path, ports=(1, 2))
    keys = [parse_vkey(vkey) for vkey in member_of(alder.file, alder.keys, today=system_clock().date()).witness_keys]
    assert [(key.name, key.type) for key in keys] == [
        ("127.0.0.1:1/witness", ED25519_COSIGNATURE),
        ("127.0.0.1:1/witness", ML_DSA_44_COSIGNATURE),
    ]


def test_an_older_node_gets_its_witness_keys_once(tmp_path: Path) -> None:
    alder, _ = new_nodes(tmp_path, ports=(1, 2))
    files = sorted((alder.keys / "audit").glob("witness*.json"))
    assert len(files) == 2
    for file in files:
        file.unlink()
    assert member_of(alder.file, alder.keys, today=system_clock().date()).witness_keys == ()
    assert CliRunner().invoke(app, ["witness", str(alder.path)]).exit_code == 0
    made = [file.read_bytes() for file in files]
    again = CliRunner().invoke(app, ["witness", str(alder.path)])
    assert again.exit_code != 0
    assert [file.read_bytes() for file in files] == made
    files[0].unlink()  # as if the command had been interrupted
    assert CliRunner().invoke(app, ["witness", str(alder.path)]).exit_code == 0
    assert len(member_of(alder.file, alder.keys, today=system_clock().date()).witness_keys) == 2
