"""`safepassage-node clients`: an operator registers programs without keys, makes and ends what proves who they are; the log hears."""

import asyncio
from collections import Counter
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from node.command import app
from node.folder import NodeFolder
from services.gateway.registry.administration import administration
from services.gateway.tables import OutboxRow
from shared.contracts.audit import Event
from shared.database import Database
from tests.gateway.certificates import Holder, holder

ROSTER = "https://purl.imsglobal.org/spec/or/v1p2/scope/roster-core.readonly"


def run(*arguments: str) -> tuple[int, str]:
    said = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "400"})
    return said.exit_code, said.output.strip()


class Node:
    """A node that does not run, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        code, said = run("new", str(folder), "--name", "Alder", "--state", "XA", "--entity-id", "https://alder.example", "--port", "1")
        assert code == 0, said
        self.agency = str(NodeFolder(folder).file.organisation_id)

    def clients(self, *arguments: str) -> tuple[int, str]:
        return run("clients", *arguments, "--node", str(self.folder))

    def did(self, *arguments: str) -> str:
        code, said = self.clients(*arguments)
        assert code == 0, said
        return said

    def register(self, name: str, *arguments: str) -> str:
        return self.did("register", "--name", name, "--organisation", self.agency, *arguments)

    def told(self) -> Counter[str]:
        """What waits to go to the log, by what it says."""
        return Counter(event.context.operation for event in asyncio.run(_events(self.folder)))

    def version(self, client_id: str) -> int:
        async def read() -> int:
            async with administration(NodeFolder(self.folder).settings("gateway")) as hand:  # type: ignore[arg-type]
                return (await hand.client(UUID(client_id))).version

        return asyncio.run(read())


async def _events(folder: Path) -> list[Event]:
    database = Database.of(NodeFolder(folder).settings("gateway"))
    async with database.reading() as tx:
        bodies = (await tx.execute(select(OutboxRow.body).where(OutboxRow.path == "/internal/entries"))).scalars().all()
    await database.close()
    return [Event.model_validate_json(body) for body in bodies]


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path / "alder")


def pem(folder: Path, *holders: Holder) -> str:
    """A file of certificates."""
    file = folder / f"{uuid4()}.pem"
    file.write_bytes(b"".join(one.pem for one in holders))
    return str(file)


def test_secrets_are_made_listed_replaced_and_ended_and_each_time_the_log_hears_it(node: Node) -> None:
    vendor = run("organisations", "add", "vendor", "Rostering", "--node", str(node.folder))[1].split()[0]
    client = node.did("register", "--name", "SIS", "--organisation", vendor, "--scope", ROSTER, "--address", "192.0.2.7")
    first, second = node.did("secrets", "make", client), node.did("secrets", "make", client)
    assert {len(first), len(second)} == {64}
    assert node.clients("secrets", "make", client)[0] == 1, "two at the most"
    listed = [line.split()[0] for line in node.did("secrets", "list", client).splitlines()]
    assert len(listed) == 2
    assert first not in node.did("secrets", "list", client)
    node.did("secrets", "remove", client, listed[0])
    assert [line.split()[0] for line in node.did("secrets", "list", client).splitlines()] == listed[1:]
    assert node.clients("secrets", "remove", client, listed[0])[0] == 1
    node.did("secrets", "make", client)
    only = node.did("secrets", "make", client, "--replace")
    [left] = node.did("secrets", "list", client).splitlines()
    assert left.split()[0] not in listed
    assert only not in left
    told = node.told()
    assert (told["client-secret-made"], told["client-secret-removed"]) == (4, 3)
    assert node.version(client) == 8


def test_certificates_are_registered_added_removed_and_replaced_and_the_log_hears_it(node: Node, tmp_path: Path) -> None:
    first, second, third = (holder(f"CN={name}") for name in ("first", "second", "third"))
    client = node.register("SIS", "--scope", "decisions:read", "--certificate", pem(tmp_path, first))
    assert node.did("certificates", "list", client) == first.seen.thumbprint
    node.did("certificates", "add", client, pem(tmp_path, second, first))
    assert node.did("certificates", "list", client).split() == [first.seen.thumbprint, second.seen.thumbprint]
    node.did("certificates", "remove", client, first.seen.thumbprint)
    for refused in (second.seen.thumbprint, third.seen.thumbprint, f"-4{third.seen.thumbprint[2:]}", f"--{third.seen.thumbprint[2:]}"):
        assert node.clients("certificates", "remove", client, refused)[0] == 1, "its last one, and those that it has not"
    node.did("certificates", "replace", client, pem(tmp_path, third))
    assert node.did("certificates", "list", client) == third.seen.thumbprint
    assert node.clients("certificates", "name", client, "subject_dn=CN=first")[0] == 1
    many = pem(tmp_path, *(holder(f"CN={number}") for number in range(4)))
    assert node.clients("certificates", "add", client, many)[0] == 1, "four at the most"
    (tmp_path / "none.pem").write_text("nothing")
    assert node.clients("certificates", "add", client, str(tmp_path / "none.pem"))[0] == 2
    assert node.did("certificates", "list", client) == third.seen.thumbprint
    assert node.told()["client-keys-replaced"] == 3


def test_the_name_of_a_certificate_is_registered_and_changed(node: Node) -> None:
    client = node.register("SIS", "--scope", "decisions:read", "--certificate-name", "subject_dn=CN=sis.oak.example,O=Oak")
    assert node.did("certificates", "list", client) == "subject_dn=CN=sis.oak.example,O=Oak"
    node.did("certificates", "name", client, "san_dns=sis.oak.example")
    assert node.did("certificates", "list", client) == "san_dns=sis.oak.example"
    for wrong, code in (("san_ip=oak", 1), ("other=x", 2), ("san_dns", 2)):
        assert node.clients("certificates", "name", client, wrong)[0] == code, wrong
    assert node.told()["client-keys-replaced"] == 1


def test_whose_tokens_a_client_may_exchange_is_said_and_taken_back(node: Node) -> None:
    about = ("--scope", "decisions:read", "--purpose", "assessment", "--certificate-name")
    first, other = node.register("One", *about, "san_dns=one.example"), node.register("Two", *about, "san_dns=two.example")
    assert node.did("may-exchange", first, other) == other
    assert node.clients("may-exchange", first, str(uuid4()))[0] == 1
    assert f"{first}  enabled   {node.agency}  One  decisions:read" in node.did("list")
    assert node.did("may-exchange", first) == "nobody's"
    assert node.told()["client-grants-changed"] == 2
    assert node.clients("may-exchange", str(uuid4()))[0] == 1


def test_a_client_is_registered_with_one_way_of_proving_who_it_is(node: Node, tmp_path: Path) -> None:
    certificate = ("--certificate", pem(tmp_path, holder("CN=x")))
    about = ("register", "--name", "SIS", "--organisation", node.agency, "--scope", "decisions:read")
    for wrong in ((), (*certificate, "--address", "192.0.2.7"), (*certificate, "--certificate-name", "san_dns=x"), ("--address", "x y")):
        assert node.clients(*about, *wrong)[0] == 2, wrong
    assert node.clients(*about, "--address", "192.0.2.7")[0] == 1, "a client with a secret opens rosters alone"
    assert node.did("list") == ""


def test_a_mistyped_purpose_registers_nobody(node: Node, tmp_path: Path) -> None:
    about = ("--name", "SIS", "--organisation", node.agency, "--scope", "decisions:read", "--purpose", "instrucion")
    for command in (("add", str(tmp_path / "sis.json")), ("register", "--certificate-name", "san_dns=sis.example")):
        code, said = node.clients(*command, *about)
        assert (code, "instruction" in said) == (1, True), said
    assert (node.did("list"), list(tmp_path.glob("sis*"))) == ("", [])
