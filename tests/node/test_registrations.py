"""`safepassage-node registrations`: an operator lets a publisher and a client register, and decides on who came."""

import json
from pathlib import Path

from typer.testing import CliRunner

from node.command import app
from node.folder import NodeFolder
from tests.gateway.by_hand import Party


def run(*arguments: str) -> tuple[int, str]:
    said = CliRunner().invoke(app, ["registrations", *arguments], env={"COLUMNS": "400"})
    return said.exit_code, said.output.strip()


def test_an_operator_registers_a_publisher_and_makes_a_token(tmp_path: Path) -> None:
    folder = tmp_path / "alder"
    made = CliRunner().invoke(
        app, ["new", str(folder), "--name", "Alder", "--state", "XA", "--entity-id", "https://alder.example", "--port", "1"]
    )
    assert made.exit_code == 0, made.output
    here = ("--node", str(folder))
    agency = str(NodeFolder(folder).file.organisation_id)
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"keys": [Party("", "").jwk]}))
    about = ("--organisation", agency, "--scope", "records:read")
    code, publisher = run("add-publisher", str(keys), "--issuer", "https://apps.alder.example", "--name", "Apps", *about, *here)
    assert code == 0, publisher
    assert f"{publisher}  enabled " in run("publishers", *here)[1]
    assert run("disable-publisher", publisher, *here) == (0, "disabled")
    assert f"{publisher}  disabled" in run("publishers", *here)[1]
    code, token = run("token", *about, *here)
    assert (code, len(token)) == (0, 43)
    assert run("list", *here) == (0, "")
    assert run("approve", publisher, *here)[0] == run("refuse", publisher, *here)[0] == 1
    keys.write_text("{}")
    code, said = run("add-publisher", str(keys), "--issuer", "https://b.example", "--name", "Apps", *about, *here)
    assert (code, "keys" in said) == (2, True)
    assert run("token", "--organisation", agency, "--scope", "Records", *here)[0] == 2
