"""A network is founded, admits, suspends, reinstates and expels a member, changes keys and roots: as root holders and operators type it."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from node.command import app
from safepassage.compact import split
from safepassage.trust_list import TrustList, read_trust_list

NODES = ("alder", "birch", "cedar")


class Ceremony:
    """A folder with root keys and nodes, and what is typed there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lists: list[Path] = []

    def type(self, *words: str, exit_code: int = 0) -> str:
        said = CliRunner().invoke(app, words, env={"COLUMNS": "400"})
        assert said.exit_code == exit_code, said.output
        return said.output

    def root(self, name: str) -> Path:
        """A root's public key; the private one is beside it."""
        public = self.folder / f"{name}.public.json"
        self.type("trust", "root", str(self.folder / f"{name}.json"))
        public.write_text(self.type("keys", "show", str(self.folder / f"{name}.json")))
        return public

    def kid(self, name: str) -> str:
        return str(json.loads((self.folder / f"{name}.public.json").read_text())["kid"])

    def node(self, name: str) -> Path:
        path = self.folder / name
        entity = ("--entity-id", f"https://{name}.example")
        self.type("new", str(path), "--name", name.title(), "--state", f"X{name[0].upper()}", *entity)
        return path

    def description(self, name: str) -> Path:
        path = self.folder / f"{name}.member.json"
        path.write_text(self.type("trust", "member", str(self.folder / name)))
        return path

    def propose(self, *words: str, exit_code: int = 0) -> Path:
        proposed = self.folder / f"list-{len(self.lists) + 1}.jws"
        self.said = self.type("trust", "propose", str(proposed), *self.previous, *words, exit_code=exit_code)
        return proposed

    @property
    def previous(self) -> tuple[str, ...]:
        return ("--previous", str(self.lists[-1])) if self.lists else ()

    def cosign(self, proposed: Path, *roots: str, exit_code: int = 0) -> str:
        said = ""
        for root in roots:
            key = str(self.folder / f"{root}.json")
            said = self.type("trust", "cosign", str(proposed), "--root", key, "--yes", *self.previous, exit_code=exit_code)
        return said

    def agree(self, *words: str, roots: tuple[str, ...]) -> TrustList:
        """Propose a list, have it signed by `roots`, and check it as anybody may."""
        proposed = self.propose(*words)
        assert "all the signatures that it needs" in self.cosign(proposed, *roots)
        if self.lists:
            self.type("trust", "check", str(self.lists[-1]), str(proposed))
        self.lists.append(proposed)
        return read_trust_list(proposed.read_bytes(), development=True).content

    def install(self, name: str, *words: str, exit_code: int = 0) -> str:
        return self.type("trust", "install", str(self.folder / name), str(self.lists[-1]), *words, exit_code=exit_code)


@pytest.fixture
def founded(tmp_path: Path, foundation: Path) -> Ceremony:
    """A network of two nodes whose list two of three roots sign."""
    shutil.copytree(foundation, tmp_path, dirs_exist_ok=True)
    ceremony = Ceremony(tmp_path)
    ceremony.lists.append(tmp_path / "list-1.jws")
    return ceremony


@pytest.fixture(scope="module")
def foundation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, made once."""
    ceremony = Ceremony(tmp_path_factory.mktemp("network"))
    roots = [ceremony.root(name) for name in ("ann", "ben", "cal")]
    for name in NODES:
        ceremony.node(name)
    ceremony.agree(
        *("--network", "Three states", "--threshold", "2"),
        *(word for root in roots for word in ("--add-root", str(root))),
        *(word for name in NODES[:2] for word in ("--admit", str(ceremony.description(name)))),
        roots=("ann", "cal"),
    )
    digest = read_trust_list(ceremony.lists[0].read_bytes()).digest
    for name in NODES[:2]:
        assert "accepted, 2 members" in ceremony.install(name, "--digest", digest)
    return ceremony.folder


def statuses(listed: TrustList) -> dict[str, str]:
    return {member.organisation: member.status for member in listed.members}


def test_what_is_no_list_is_said_to_be_none(tmp_path: Path) -> None:
    for content in (b"{}", b"", b"[]", b'{"payload": 5, "signatures": []}', b"\xff"):
        (tmp_path / "no.jws").write_bytes(content)
        assert "Trust list cannot be read" in Ceremony(tmp_path).type("trust", "show", str(tmp_path / "no.jws"), exit_code=1)


def test_members_are_admitted_suspended_reinstated_and_expelled(founded: Ceremony) -> None:
    admitted = founded.agree("--admit", str(founded.description("cedar")), roots=("ben", "cal"))
    assert (admitted.serial, statuses(admitted)) == (2, {"Alder": "active", "Birch": "active", "Cedar": "active"})
    assert "Cedar (https://cedar.example) is admitted, for XC." in founded.said
    for word, status in (("--suspend", "suspended"), ("--reinstate", "active"), ("--expel", "revoked")):
        listed = founded.agree(word, "https://cedar.example", roots=("ann", "ben"))
        assert statuses(listed)["Cedar"] == status
        assert "accepted, 3 members" in founded.install("alder", "--earlier", str(founded.lists[-2]))
    founded.propose("--reinstate", "https://cedar.example", exit_code=1)
    assert "does not come back" in founded.said


def test_a_list_that_too_few_have_signed_is_installed_by_nobody(founded: Ceremony) -> None:
    proposed = founded.propose("--suspend", "https://birch.example")
    assert "wants 1 more of its own roots, 1 of those before" in founded.cosign(proposed, "ann")
    founded.type("trust", "check", str(founded.lists[-1]), str(proposed), exit_code=1)
    said = founded.type("trust", "install", str(founded.folder / "alder"), str(proposed), exit_code=1)
    assert "threshold" in said
    assert (founded.folder / "alder/trust/list.jws").read_bytes() == founded.lists[0].read_bytes()
    assert "wants 1 more" in founded.cosign(proposed, "ann")  # the same root again counts once
    founded.root("eve")
    assert "a root of neither list" in founded.cosign(proposed, "eve", exit_code=1)


def test_roots_change_by_the_old_threshold_and_the_new_one(founded: Ceremony) -> None:
    dot, eve = founded.root("dot"), founded.root("eve")
    words = ("--add-root", str(dot), "--add-root", str(eve), "--drop-root", founded.kid("ann"), "--threshold", "3")
    proposed = founded.propose(*words)
    assert "wants 1 more of its own roots, 2 of those before" in founded.cosign(proposed, "dot", "eve")
    founded.type("trust", "check", str(founded.lists[-1]), str(proposed), exit_code=1)
    assert "wants 0 more of its own roots, 1 of those before" in founded.cosign(proposed, "ben")
    assert "all the signatures" in founded.cosign(proposed, "ann")
    founded.lists.append(proposed)
    assert "accepted" in founded.install("birch")
    after = founded.propose("--suspend", "https://alder.example")
    assert "a root of neither list" in founded.cosign(after, "ann", exit_code=1)
    assert "all the signatures" in founded.cosign(after, "cal", "dot", "ben")


def test_a_node_that_has_missed_lists_is_brought_up_by_those_between(founded: Ceremony) -> None:
    for status in ("suspend", "reinstate"):
        founded.agree(f"--{status}", "https://birch.example", roots=("ann", "ben"))
    assert "a list between it and the one held is missing" in founded.install("alder", exit_code=1)
    assert "serial 3: accepted" in founded.install("alder", "--earlier", str(founded.lists[1])).lower()
    kept = sorted(path.name for path in (founded.folder / "alder/trust").glob("list*.jws"))
    assert kept == ["list.000001.jws", "list.000002.jws", "list.jws"]
    held_already = founded.install("alder")
    assert "held already" in held_already
    back = founded.type("trust", "install", str(founded.folder / "alder"), str(founded.lists[0]), exit_code=1)
    assert "does not follow the one held" in back
    assert (founded.folder / "alder/trust/list.jws").read_bytes() == founded.lists[-1].read_bytes()


def test_the_key_of_a_nodes_statements_changes_once_the_list_names_the_next_one(founded: Ceremony) -> None:
    alder = founded.folder / "alder"
    founded.type("keys", "next-statement-key", str(alder))
    founded.type("keys", "next-statement-key", str(alder), exit_code=1)
    assert "nobody would believe" in founded.type("keys", "replace-statement-key", str(alder), exit_code=1)
    listed = founded.agree("--update", str(founded.description("alder")), roots=("ben", "cal"))
    assert "Alder (https://alder.example) has new statement keys." in founded.said
    both = [jwk.kid for jwk in listed.members[0].statement_keys]
    founded.install("alder")
    assert both[1] in founded.type("keys", "replace-statement-key", str(alder))
    assert split((alder / "trust/statement.jws").read_text())[0]["kid"] == both[1]
    after = founded.agree("--update", str(founded.description("alder")), roots=("ben", "ann"))
    assert [jwk.kid for jwk in after.members[0].statement_keys] == both[1:]


def test_a_root_holder_is_told_what_changes_and_asked(founded: Ceremony) -> None:
    proposed = founded.propose("--suspend", "https://birch.example")
    before = proposed.read_bytes()
    words = ("trust", "cosign", str(proposed), "--root", str(founded.folder / "ann.json"), *founded.previous)
    said = CliRunner().invoke(app, words, input="n\n", env={"COLUMNS": "400"})
    assert "Birch (https://birch.example) is suspended." in said.output
    assert (said.exit_code, proposed.read_bytes()) == (1, before)
    said = CliRunner().invoke(app, words, input="y\n", env={"COLUMNS": "400"})
    assert (said.exit_code, "Signed. It wants 1 more" in said.output) == (0, True)
    without = CliRunner().invoke(app, words[:-2], env={"COLUMNS": "400"})
    assert "does not follow the one that you gave" in without.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--suspend", "https://elm.example"), "no member of the list before"),
        (("--suspend", "https://birch.example", "--expel", "https://birch.example"), "named twice"),
        (("--threshold", "4"), "at least as many as its threshold"),
        (("--drop-root", "unknown"), "none of the list before"),
        (("--network", "Another"), "keeps it"),
    ],
    ids=["stranger", "twice", "threshold", "root", "network"],
)
def test_what_makes_no_list_is_not_proposed(founded: Ceremony, words: tuple[str, ...], said: str) -> None:
    proposed = founded.folder / "wrong.jws"
    out = CliRunner().invoke(app, ["trust", "propose", str(proposed), *founded.previous, *words], env={"COLUMNS": "400"})
    assert out.exit_code != 0
    assert said in out.output
    assert not proposed.exists()


def test_a_private_key_is_not_taken_for_a_public_one_nor_the_other_way_round(founded: Ceremony) -> None:
    folder = founded.folder
    founded.root("dot")
    for words, said in (
        (("--add-root", str(folder / "dot.json")), "dot.json is a private key."),
        (("--add-root", str(folder / "alder.member.json")), "alder.member.json is no public key."),
        (("--admit", str(folder / "dot.public.json")), "dot.public.json is no member's description."),
    ):
        founded.propose(*words, exit_code=1)
        assert said in founded.said
    proposed = founded.propose("--suspend", "https://birch.example")
    before = proposed.read_bytes()
    typed = ("trust", "cosign", str(proposed), "--root", str(folder / "ann.public.json"), "--yes", *founded.previous)
    assert "ann.public.json is no private key." in founded.type(*typed, exit_code=1)
    assert proposed.read_bytes() == before


def test_a_digest_that_was_mistyped_leaves_the_node_as_it_was(tmp_path: Path) -> None:
    ceremony = Ceremony(tmp_path)
    ceremony.root("ann")
    alder = ceremony.node("alder")
    proposed = ceremony.propose(
        *("--network", "One", "--add-root", str(tmp_path / "ann.public.json")), "--admit", str(ceremony.description("alder"))
    )
    ceremony.cosign(proposed, "ann")
    digest = read_trust_list(proposed.read_bytes(), development=True).digest
    other = ("B" if digest[0] == "A" else "A") + digest[1:]
    for wrong, code in ((digest[:-1], 2), ("abc", 2), (other, 1)):
        ceremony.type("trust", "install", str(alder), str(proposed), "--digest", wrong, exit_code=code)
        assert not (alder / "trust" / "first.digest").exists()
        ceremony.type("organisations", "list", "--node", str(alder))
    (alder / "trust" / "first.digest").write_text("abc")  # as an earlier version left it, which no command could read any more
    assert "accepted" in ceremony.type("trust", "install", str(alder), str(proposed), "--digest", digest)
    assert (alder / "trust" / "first.digest").read_text() == digest
    assert "held already" in ceremony.type("trust", "install", str(alder), str(proposed))


def test_what_makes_no_list_is_said_in_a_sentence(tmp_path: Path) -> None:
    ceremony = Ceremony(tmp_path)
    ceremony.root("ann")
    ceremony.node("alder")
    member, broken = ceremony.description("alder"), tmp_path / "broken.json"
    broken.write_text('{"state": "31337"}')
    sign = ("trust", "sign", str(tmp_path / "list.jws"), "--network", "One", "--root", str(tmp_path / "ann.json"), "--member", str(member))
    twice = ceremony.type(*sign, "--member", str(member), exit_code=1)
    assert twice.startswith(
        "The list was not signed.\nA list has roots, at least as many as its threshold, and names each member and each log once."
    )
    other = ceremony.type(*sign, "--member", str(broken), exit_code=1)
    assert other.startswith("broken.json is no member's description.\n")
    assert "pydantic" not in twice + other
    assert not (tmp_path / "list.jws").exists()
