"""`safepassage verify` of a credential: what a college does with the file that an applicant sends."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from safepassage.clock import system_clock
from safepassage.command import main
from safepassage.credentials.issuers import did_document
from safepassage.credentials.securing import Form, secured
from tests.sdk.credentials.badges import ENTRY, ISSUER, KEY, NOW, OTHER_KEY, as_file, badge, status_list


class Desk:
    """Files of a verifier."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys
        self.write("did.json", did_document(ISSUER, [KEY.public]))
        self.write("key.jwk", KEY.jwk)
        self.write("clean.json", status_list(now=system_clock()))
        self.write("revoked.json", status_list(ENTRY.index, now=system_clock()))

    def write(self, name: str, content: Any) -> str:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return str(path)

    def issued(self, form: Form) -> str:
        lasting = badge().model_copy(update={"valid_until": None}).document()
        given = secured(lasting, form=form, key=KEY.public, sign=KEY.private.sign, now=NOW)
        return self.write(f"badge.{form}", as_file(given))

    def verify(self, file: str, *more: str) -> tuple[int, dict[str, Any]]:
        code = main(["verify", file, *more, "--json"])
        return code, json.loads(self.capsys.readouterr().out)

    def path(self, name: str) -> str:
        return str(self.folder / name)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


@pytest.mark.parametrize("form", ["data-integrity", "jwt"])
@pytest.mark.requirement("VC-offline")
def test_a_credential_is_verified_without_a_network(desk: Desk, form: Form) -> None:
    file = desk.issued(form)
    for keys in (("--did-document", desk.path("did.json")), ("--signing-key", desk.path("key.jwk"))):
        code, said = desk.verify(file, *keys, "--status-list", desk.path("clean.json"))
        assert (code, said["found"][0]["issuer"], said["found"][0]["form"]) == (0, ISSUER, form)
    assert main(["verify", file, "--did-document", desk.path("did.json"), "--status-list", desk.path("clean.json")]) == 0
    assert "Wren Castillo was issued by Alder Department of Education (did:web:alder.example)" in desk.capsys.readouterr().out


@pytest.mark.parametrize("form", ["data-integrity", "jwt"])
@pytest.mark.requirement("VC-offline")
def test_what_does_not_hold_is_refused_with_its_reason(desk: Desk, form: Form) -> None:
    file, did, clean = desk.issued(form), desk.path("did.json"), ("--status-list", desk.path("clean.json"))
    other = desk.write("other.json", did_document(ISSUER, [OTHER_KEY.public]))
    altered = Path(file).read_bytes().replace(b"B+", b"A+") if form == "data-integrity" else Path(file).read_bytes()[:-20] + b"A" * 20
    for words, problem in (
        ((file, "--did-document", did), "status-list-not-obtained"),
        ((file, "--did-document", did, "--status-list", desk.path("revoked.json")), "credential-revoked"),
        ((file, *clean), "credential-issuer-not-trusted"),
        ((file, "--did-document", other, *clean), "credential-issuer-not-trusted"),
        ((desk.write("altered", altered), "--did-document", did, *clean), "bad-signature"),
    ):
        code, said = desk.verify(words[0], *words[1:])
        assert (code, said["verified"], said["problem"]) == (1, False, problem)


def test_a_name_in_a_credential_does_not_steer_the_terminal(desk: Desk) -> None:
    shown = badge(None).model_copy(update={"valid_until": None, "name": "Algebra\n\x1b[2J I"}).document()
    file = desk.write("badge.json", as_file(secured(shown, form="jwt", key=KEY.public, sign=KEY.private.sign, now=NOW)))
    assert main(["verify", file, "--did-document", desk.path("did.json")]) == 0
    assert "\x1b" not in desk.capsys.readouterr().out


def test_what_is_no_credential_is_told_what_it_would_need(desk: Desk) -> None:
    assert main(["verify", desk.write("other.json", b'{"a": 1}')]) == 2
    said = desk.capsys.readouterr().err
    assert "--log-key" in said
    assert "no @context" in said


@pytest.mark.parametrize("missing", ["pyld", "jsonschema_rs"])
def test_without_its_libraries_it_says_that_it_could_not_check(desk: Desk, missing: str) -> None:
    words = ["verify", desk.issued("data-integrity"), "--did-document", desk.path("did.json"), "--status-list", desk.path("clean.json")]
    program = f"import sys; sys.modules[{missing!r}] = None; from safepassage.command import main; sys.exit(main({words!r}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.splitlines()[0].split(".")[0]) == (2, "Not checked")
    assert "safepassage[credentials]" in done.stderr
