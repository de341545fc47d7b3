import json
from pathlib import Path
from typing import Any

import pytest

from safepassage.canonical import from_base64url, to_base64url
from safepassage.command import main
from safepassage.logged import unpacked
from safepassage.notes import parse_note
from safepassage.problems.proofs import ProofFileMalformed
from safepassage.tlog_proof import ProofFile, parse_proof_file, proof_file
from tests.sdk.cosigners import Cosigner
from tests.sdk.exchange import ALDER, BIRCH, PERSON, SALT, Exchange, Signer
from tests.sdk.stored_logs import entry, key_of, write_folder
from tests.sdk.test_trust import ROOTS as TRUST_ROOTS
from tests.sdk.test_trust import STATEMENT, Endpoints, digest, jwk, listed, member, signed, statement


class Desk:
    """Files of one exchange, as an auditor would have them."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys, self.exchange = folder, capsys, Exchange()
        envelope, ciphertext = self.exchange.sealed()
        self.envelope = self.exchange.logged(envelope)
        self.envelope_token = self.exchange.alder.sign(self.envelope)
        self.receipt = self.exchange.receipt(self.envelope_token, self.envelope)
        self.write("request", self.exchange.request_token)
        self.write("envelope.jws", self.envelope_token)
        self.write("receipt", self.exchange.birch.sign(self.receipt) + "\n")
        self.write("accepted", self.exchange.alder.sign(self.exchange.accepted()))
        body = len(self.envelope_token).to_bytes(4, "big") + self.envelope_token.encode() + ciphertext
        self.write("envelope", body)
        self.write("alder.jwk", json.dumps(self.exchange.alder.jwk))
        self.write("birch.jwk", json.dumps({"keys": [self.exchange.birch.jwk]}))
        self.write("birch.vkey", self.exchange.birch_log.key.vkey + "\n")
        opening = {"salt": to_base64url(SALT), "person": PERSON.model_dump(mode="json", exclude_none=True)}
        self.write("opening", json.dumps(opening))

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def verify(self, name: str, *more: str) -> tuple[int, dict[str, Any]]:
        code = main(["verify", str(self.folder / name), *(more or self.keys()), "--json"])
        return code, json.loads(self.capsys.readouterr().out)

    def keys(self) -> list[str]:
        return [
            *("--log-key", self.exchange.alder_log.key.vkey, "--log-key", self.path("birch.vkey")),
            *("--signing-key", self.path("alder.jwk"), "--signing-key", self.path("birch.jwk")),
        ]

    def path(self, name: str) -> str:
        return str(self.folder / name)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


@pytest.mark.parametrize("name", ["receipt", "envelope", "envelope.jws", "accepted"])
def test_each_message_of_an_exchange_verifies_offline(desk: Desk, name: str) -> None:
    code, said = desk.verify(name)
    assert (code, said["verified"], said["found"][0]["exchange_id"]) == (0, True, str(desk.receipt.exchange_id))
    assert main(["verify", desk.path(name), *desk.keys()]) == 0
    assert "in a tree of" in desk.capsys.readouterr().out


def test_the_document_for_a_graduation_rate_is_request_receipt_and_opening(desk: Desk) -> None:
    code, said = desk.verify("receipt", *desk.keys(), "--request", desk.path("request"), "--opening", desk.path("opening"))
    assert (code, said["found"][0]["outcome"], said["found"][0]["subject_opened"]) == (0, "received", True)
    other = {"salt": to_base64url(SALT), "person": {"first_name": "Eva"}}
    assert (
        desk.verify("receipt", *desk.keys(), "--opening", str(desk.write("other", json.dumps(other))))[1]["problem"]
        == "commitment-not-opened"
    )
    assert desk.verify("receipt", *desk.keys(), "--opening", str(desk.write("none", "{}")))[0] == 1
    assert desk.verify("receipt", *desk.keys(), "--request", desk.path("receipt"))[1]["problem"] == "other-exchange"


def test_every_altered_message_is_refused(desk: Desk) -> None:
    for name in ("receipt", "envelope", "envelope.jws", "accepted"):
        data = (desk.folder / name).read_bytes().rstrip(b"\n")
        for position in (5, len(data) // 3, len(data) - 20):
            changed = bytearray(data)
            changed[position] ^= 1
            assert desk.verify(str(desk.write("changed", bytes(changed))))[0] == 1


def test_keys_of_others_do_not_do(desk: Desk) -> None:
    stranger = str(desk.write("stranger.jwk", json.dumps(Signer(77).jwk)))
    log_key = desk.exchange.birch_log.key.vkey
    assert desk.verify("receipt", "--log-key", log_key, "--signing-key", stranger)[1]["problem"] == "unknown-key"
    other_log = desk.exchange.alder_log.key.vkey
    assert desk.verify("receipt", "--log-key", other_log, "--signing-key", desk.path("birch.jwk"))[1]["problem"] == "foreign-log"
    assert desk.verify("receipt", "--log-key", log_key)[1]["problem"] == "unknown-key"
    assert desk.verify("receipt", "--signing-key", desk.path("birch.jwk"))[0] == 2
    assert desk.verify("receipt", "--log-key", log_key, "--signing-key", desk.path("opening"))[0] == 2


def test_a_request_or_anything_else_is_no_evidence_of_logging(desk: Desk) -> None:
    assert desk.verify("request", *desk.keys(), "--signing-key", desk.path("birch.jwk"))[1]["problem"] in {
        "unexpected-type",
        "malformed-token",
    }
    assert desk.verify(str(desk.write("noise", b"\0\0\0\5noise and more noise")))[0] == 1


def test_keys_come_from_a_trust_list_by_its_digest_and_a_statement(desk: Desk) -> None:
    vkey = desk.exchange.alder_log.key.vkey
    alder = member(
        logs=({"origin": desk.exchange.alder_log.origin, "keys": ({"vkey": vkey, "status": "retired"},)},),
        endpoints=Endpoints(gateway=ALDER),
    )
    content = listed(members=(alder,))
    trust = desk.write("trust", signed(content, TRUST_ROOTS[:3]))
    said = desk.write("statement", STATEMENT.sign(statement(exchange_signing=(jwk(desk.exchange.alder),))))
    named = ["--trust-list", str(trust), "--trust-digest", digest(content), "--statement", str(said)]
    assert desk.verify("envelope", *named)[0] == 0
    assert desk.verify("envelope", *named[:2], "--trust-digest", "A" * 43, *named[4:])[0] == 2
    assert desk.verify("envelope", *named[:2])[0] == 2
    assert desk.verify("envelope", "--log-key", vkey, *named[4:])[0] == 2
    forged = desk.write("forged", Signer(78).sign(statement(exchange_signing=(jwk(desk.exchange.alder),))))
    assert desk.verify("envelope", *named[:4], "--statement", str(forged))[0] == 2


def test_what_one_node_signs_in_the_name_of_another_is_refused_though_both_are_named(desk: Desk) -> None:
    """A sender has the receiver's receipt and the entry behind it, and would rather that it said something else."""
    alder, birch = desk.exchange.alder, desk.exchange.birch
    pairs = ((ALDER, desk.exchange.alder_log, alder), (BIRCH, desk.exchange.birch_log, birch))
    members = tuple(
        member(entity, logs=({"origin": log.origin, "keys": ({"vkey": log.key.vkey},)},), endpoints=Endpoints(gateway=entity))
        for entity, log, _ in pairs
    )
    content = listed(members=members)
    named = ["--trust-list", str(desk.write("trust", signed(content, TRUST_ROOTS[:3]))), "--trust-digest", digest(content)]
    for entity, _, signer in pairs:
        of_it = STATEMENT.sign(statement(iss=entity, exchange_signing=(jwk(signer),)))
        named += ["--statement", str(desk.write(f"statement of {entity.removeprefix('https://')}", of_it))]
    for name in ("receipt", "envelope", "accepted"):
        assert desk.verify(name, *named)[0] == 0, name
    forged = {
        "receipt": alder.sign(desk.receipt.model_copy(update={"outcome": "applied"})),
        "envelope.jws": birch.sign(desk.envelope),
        "accepted": birch.sign(desk.exchange.accepted()),
    }
    for name, token in forged.items():
        code, said = desk.verify(str(desk.write(f"forged {name}", token)), *named)
        assert (code, said["problem"]) == (1, "unknown-key"), name


@pytest.mark.parametrize("option", ["--entry", "--seal", "--status-list", "--did-document", "--leaves"])
def test_an_option_that_says_nothing_of_a_document_is_not_passed_over(desk: Desk, option: str) -> None:
    code, said = desk.verify("receipt", *desk.keys(), option, *(() if option == "--leaves" else (desk.path("opening"),)))
    assert (code, said["problem"]) == (2, "usage")


def test_for_whom_something_is_cannot_be_asked_of_a_log(desk: Desk) -> None:
    write_folder(desk.folder / "log", [entry(number) for number in range(3)])
    for option in ("--opening", "--request"):
        code, said = desk.verify("log", "--log-key", key_of().vkey, option, desk.path("opening"))
        assert (code, said["problem"]) == (2, "usage")
    assert desk.verify("log", "--log-key", key_of().vkey)[0] == 0


def test_a_digest_that_begins_with_a_dash_is_a_digest(desk: Desk) -> None:
    logs = ({"origin": desk.exchange.alder_log.origin, "keys": ({"vkey": desk.exchange.alder_log.key.vkey},)},)
    lists = (
        listed(network=f"Network {number}", members=(member(logs=logs, endpoints=Endpoints(gateway=ALDER)),)) for number in range(10_000)
    )
    content = next(each for each in lists if digest(each).startswith("-"))
    trust = str(desk.write("trust", signed(content, TRUST_ROOTS[:3])))
    said = str(desk.write("statement", STATEMENT.sign(statement(exchange_signing=(jwk(desk.exchange.alder),)))))
    assert desk.verify("envelope", "--trust-list", trust, "--trust-digest", digest(content), "--statement", said)[0] == 0
    assert desk.verify("envelope", "--trust-list", trust, "--trust-digest", "-" + "A" * 42, "--statement", said)[0] == 2


def test_a_proof_file_is_enough_for_one_entry(desk: Desk) -> None:
    entry, path = from_base64url(desk.envelope.entry or ""), unpacked(desk.envelope.path or "")
    text = proof_file(entry=entry, index=desk.envelope.index or 0, path=path, checkpoint=desk.envelope.checkpoint or "")
    assert parse_proof_file(text).text() == text
    key = ("--log-key", desk.exchange.alder_log.key.vkey)
    code, said = desk.verify(str(desk.write("5.tlog-proof", text)), *key)
    assert (code, said["found"][0]["index"], said["found"][0]["class"]) == (0, desk.envelope.index, "disclosure")
    bare = ProofFile(desk.envelope.index or 0, tuple(path), desk.envelope.checkpoint or "")
    desk.write("bare", bare.text())
    assert desk.verify("bare", *key)[0] == 1
    assert desk.verify("bare", *key, "--entry", str(desk.write("entry", entry)))[0] == 0
    assert (
        desk.verify("bare", *key, "--entry", str(desk.write("other", entry.replace(b"2027", b"2028"))))[1]["problem"]
        == "inclusion-not-proven"
    )
    for position in range(0, len(text), 7):
        changed = bytearray(text.encode())
        changed[position] ^= 1
        assert desk.verify(str(desk.write("changed", bytes(changed))), *key)[0] == 1


def test_a_proof_file_that_mail_or_an_editor_has_changed_is_refused_and_one_that_more_have_signed_is_not(desk: Desk) -> None:
    entry, path = from_base64url(desk.envelope.entry or ""), unpacked(desk.envelope.path or "")
    checkpoint, index = desk.envelope.checkpoint or "", desk.envelope.index or 0
    text = proof_file(entry=entry, index=index, path=path, checkpoint=checkpoint)
    key = ("--log-key", desk.exchange.alder_log.key.vkey)

    def verify(content: str, *with_key: str) -> tuple[int, str | None]:
        code, said = desk.verify(str(desk.write("proof", content)), *(with_key or key))
        return code, said.get("problem")

    assert verify(text.replace("\n", "\r\n")) == (1, "proof-file-malformed")
    assert verify("\ufeff" + text)[0] == verify("\n" + text)[0] == verify(text + "\n")[0] == verify(text.rstrip("\n"))[0] == 1
    assert {verify(text[:length])[0] for length in range(0, len(text), 11)} == {1}
    witness = Cosigner("witness.example", b"\x21" * 32)
    line = str(witness.line(parse_note(checkpoint).text))
    assert verify(text + line) == (0, None)
    assert verify(text + line + str(Cosigner("other.example", b"\x22" * 32).line(parse_note(checkpoint).text))) == (0, None)
    # of a key that is known a false signature is none too many: here the log's own, a second time and wrong
    (own,) = [each for each in checkpoint.splitlines() if each.startswith("\u2014")]
    assert verify(text + own[:-6] + "AAAA==\n")[0] == 1
    assert verify(text, "--log-key", desk.exchange.birch_log.key.vkey)[0] == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2sp.org/tlog-proof@v1\n",
        "c2sp.org/tlog-proof@v1\nindex 1\n",
        "c2sp.org/tlog-proof@v1\nindex 01\n\nnote",
        "c2sp.org/tlog-proof@v1\nindex -1\n\nnote",
        "c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\nnote",
        "c2sp.org/tlog-proof@v1\nextra !\nindex 1\n\nnote",
        "c2sp.org/tlog-proof@v1\nindex 1\nindex 1\n\nnote",
        "c2sp.org/tlog-proof@v2\nindex 1\n\nnote",
        "c2sp.org/tlog-proof@v1\n\nnote",
    ],
)
def test_what_is_not_a_proof_file_is_refused(text: str) -> None:
    with pytest.raises(ProofFileMalformed):
        parse_proof_file(text)
