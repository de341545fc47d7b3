"""What the machine refuses a command is said as a person needs it, and leaves nothing half done."""

import asyncio
import resource
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from typer.testing import CliRunner

from node.command import app
from node.health import Finding, examine_store
from node.machine_faults import REMEDIES, said_of
from safepassage.client import ClientFile, ClientKey
from shared.clock import system_clock
from shared.database import Database
from shared.keys import KeyFileUnusable, read_secret
from tests.node.test_clients import Node, run

NEW = ("--name", "Alder", "--state", "XA", "--entity-id", "https://alder.example", "--port", "1")
SIS = ("--name", "SIS", "--scope", "records:load")


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """As on a disk with no more room than that: the kernel itself refuses whatever writes more."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Node:
    return Node(tmp_path_factory.mktemp("refused") / "alder")


@pytest.mark.parametrize(
    "asked",
    [
        "clients add {nowhere} --node {node} --organisation {agency} --name SIS --scope records:load",
        "readiness {node} --page {nowhere}",
        "sample-roster {nowhere} --students 1",
        "synthesize {file}/out",
    ],
)
def test_a_file_that_cannot_be_made_is_named_with_the_remedy(node: Node, tmp_path: Path, asked: str) -> None:
    (file := tmp_path / "file").touch()
    words = asked.format(nowhere=tmp_path / "nowhere" / "new", node=node.folder, agency=node.agency, file=file).split()
    said = CliRunner().invoke(app, words, env={"COLUMNS": "400"})
    assert (said.exit_code, type(said.exception)) == (1, SystemExit), said.output
    named, remedy = said.output.splitlines()[-2:]
    assert named.startswith(str(tmp_path))
    assert remedy in REMEDIES.values()


def test_a_client_whose_file_cannot_be_made_is_not_registered(node: Node, tmp_path: Path) -> None:
    add = ("add", "--organisation", node.agency, *SIS)
    assert node.clients(*add, str(tmp_path / "nowhere" / "sis.json"))[0] == 1
    assert node.did("list") == ""


def test_a_client_that_is_refused_leaves_no_file_and_one_that_is_registered_has_its_id_in_it(node: Node, tmp_path: Path) -> None:
    file = tmp_path / "sis.json"
    add = ("add", str(file), "--organisation", node.agency, "--name", "SIS")
    assert node.clients(*add, "--scope", "records:laod")[0] == 1
    assert list(tmp_path.iterdir()) == []
    agreement = "0191ab00-0000-7000-8000-0000000000a1"
    about = ("--url", "https://127.0.0.1:8441", "--ca-file", "authorities.pem", "--agreement", agreement)
    client = node.did(*add, "--scope", "records:load", *about)
    read = ClientFile.load(file)
    assert str(read.agreement_id) == agreement
    assert (read.client_id, read.address, read.ca_file, file.stat().st_mode & 0o777) == (client, about[1], about[3], 0o600)


def test_a_node_of_which_the_disk_had_no_room_is_none_and_is_not_taken_for_one(tmp_path: Path) -> None:
    folder = tmp_path / "alder"
    with no_file_larger_than(100_000):
        code, said = run("new", str(folder), *NEW)
    assert (code, said.count("\n")) == (1, 1), said
    assert not (folder / "node.json").exists()
    code, said = run("up", str(folder))
    assert (code, said.splitlines()[0]) == (2, f"There is no node in {folder}.")
    held = {path: path.read_bytes() for path in folder.rglob("*.json")}
    code, said = run("new", str(folder), *NEW)
    assert (code, said.splitlines()[0]) == (1, f"{folder} has keys or stores and no node.json; nothing was changed.")
    assert {path: path.read_bytes() for path in folder.rglob("*.json")} == held
    shutil.rmtree(folder)
    assert run("new", str(folder), *NEW)[0] == 0
    assert len(run("organisations", "list", "--node", str(folder))[1].splitlines()) == 1, "its agency, which a half-made one had not"


def test_a_client_file_for_which_there_is_no_room_is_not_left_half_written(tmp_path: Path) -> None:
    file, key = tmp_path / "client.json", ClientKey.generate()
    client = ClientFile(issuer="https://alder.example", client_id="x", key=key.private_jwk())
    with no_file_larger_than(16), pytest.raises(OSError, match="too large"):
        client.save(file)
    assert list(tmp_path.iterdir()) == []
    client.save(file)


def test_of_a_store_that_cannot_be_opened_the_doctor_says_why(tmp_path: Path) -> None:
    (tmp_path / "audit.db").write_bytes(b"no database " * 100)

    async def examined() -> list[Finding]:
        database = Database(f"sqlite+inline:///{tmp_path / 'audit.db'}")
        found = [one async for one in examine_store("audit", database, system_clock())]
        await database.close()
        return found

    (found,) = asyncio.run(examined())
    assert (found.state, found.detail) == ("bad", "The store says: file is not a database")
    assert "restore a backup" in found.remedy


def test_what_a_store_refuses_is_told_without_its_statement(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError) as nowhere:
        sqlite3.connect(tmp_path / "nowhere" / "x.db")
    wrapped = OperationalError("INSERT INTO students VALUES ('Tyrone')", {}, nowhere.value)
    found = said_of(wrapped)
    assert found is not None
    assert found[0] == "The store says: unable to open database file."
    assert "Tyrone" not in "".join(found)


@pytest.mark.parametrize(
    "fault", [ValueError("31337"), KeyError("31337"), sqlite3.OperationalError("no such column: 31337"), OSError("31337")]
)
def test_a_fault_of_the_program_is_none_of_the_machines(fault: Exception) -> None:
    assert said_of(fault) is None


def test_of_a_key_file_that_cannot_be_read_is_said_why(tmp_path: Path) -> None:
    with pytest.raises(KeyFileUnusable, match=r"^log.json is not there: put it back from the backup"):
        read_secret(tmp_path / "log.json")
    (tmp_path / "log.json").mkdir(mode=0o700)
    with pytest.raises(KeyFileUnusable, match=r"^log.json cannot be read: Is a directory$"):
        read_secret(tmp_path / "log.json")


def test_a_log_that_is_not_there_yet_is_said(node: Node) -> None:
    code, said = run("verify-log", str(node.folder))
    assert (code, said) == (0, "There is no log yet: nothing has been entered. (The first start makes it.)")


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_who_names_a_folder_where_a_service_belongs_is_told_of_up(node: Node, command: str) -> None:
    code, said = run(command, str(node.folder))
    assert code == 2
    assert f"`safepassage-node up {node.folder}`" in " ".join(said.replace("│", " ").split())
    code, said = run(command, "aduit")
    assert code == 2
    assert "'aduit' is not one of gateway, privacy, records, audit." in said


@pytest.mark.parametrize(("typed", "meant"), [("upp", "up"), ("verfy-log", "verify-log"), ("organizations", "organisations")])
def test_to_a_command_that_is_misspelt_the_nearest_one_is_said(typed: str, meant: str) -> None:
    code, said = run(typed)
    assert code == 2
    assert f"'{meant}'" in said


def test_a_nodes_folder_is_no_folder_of_keys(node: Node) -> None:
    code, said = run("keys", "next-key-encryption-key", str(node.folder), "--service", "audit")
    assert (code, said) == (2, f"{node.folder} is a node's folder.\nName its folder of the service's keys: {node.folder}/keys/audit")
