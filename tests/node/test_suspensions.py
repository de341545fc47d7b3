"""`safepassage-node organisations suspend`: an operator puts a party's programs out at once, and lets them in again; the log hears."""

from pathlib import Path
from uuid import uuid4

from tests.node.test_clients import Node, run


def test_an_operator_suspends_a_party_and_lifts_it_and_the_log_hears(tmp_path: Path) -> None:
    node = Node(tmp_path / "alder")

    def organisations(*arguments: str) -> tuple[int, str]:
        return run("organisations", *arguments, "--node", str(node.folder))

    code, vendor = organisations("add", "vendor", "Lantern Learning")
    assert code == 0, vendor
    about = ("--name", "Reader", "--organisation", vendor, "--address", "192.0.2.0/28", "--purpose", "instruction")
    scope = "https://purl.imsglobal.org/spec/or/v1p2/scope/roster-core.readonly"
    client = node.did("register", *about, "--scope", scope, "--kind", "application", "--role", "rostering")
    why = ("--reason", "breach-suspected", "--reference", "file 7")
    assert organisations("suspend", vendor, *why) == (0, "suspended; clients put out: 1")
    assert f"{client}  disabled" in node.did("list")
    assert "suspended" in node.clients("enable", client)[1]
    assert organisations("suspend", vendor, *why)[0] == 1
    assert organisations("lift-suspension", vendor, "--reference", "file 8") == (0, "lifted")
    assert f"{client}  enabled" in node.did("list")
    assert organisations("lift-suspension", vendor, "--reference", "file 8")[0] == 1, "none stands"
    told = node.told()
    assert (told["party-suspended"], told["suspension-lifted"]) == (1, 1)


def test_what_cannot_be_a_suspension_is_said_plainly(tmp_path: Path) -> None:
    node = Node(tmp_path / "alder")
    for arguments, code, said in (
        ((str(uuid4()), "--reason", "whim", "--reference", "file 7"), 2, "A reason is one of breach-suspected"),
        ((str(uuid4()), "--reason", "other", "--reference", "x" * 201), 2, "A reference has 1 to 200 characters"),
        ((node.agency, "--reason", "other", "--reference", "file 7"), 1, ""),
    ):
        ended = run("organisations", "suspend", *arguments, "--node", str(node.folder))
        assert (ended[0], said in ended[1]) == (code, True), ended
