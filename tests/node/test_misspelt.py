"""A variable that begins as a setting does and is none stops every command: what somebody meant would be in force nowhere."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from node.command import app
from node.misspelt import misspelt
from node.settings_classes import settings_class
from shared.who_may_call import SERVICES
from tests.node.test_command import NEW

KNOWN = {f"SAFE_PASSAGE_{name.upper()}" for service in SERVICES for name in settings_class(service).model_fields}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("SAFE_PASSAGE_IDENTITY_CHECK_DAY", "; SAFE_PASSAGE_IDENTITY_CHECK_DAYS is one"),
        ("SAFE_PASSAGE_REQUIRES_PROOF_NONCE", "; SAFE_PASSAGE_REQUIRE_PROOF_NONCE is one"),
        ("SAFE_PASSAGE_WHATEVER", ""),
    ],
)
def test_a_misspelt_setting_is_said_with_the_nearest_and_without_its_value_and_nothing_is_made(
    tmp_path: Path, name: str, said: str
) -> None:
    folder = tmp_path / "node"
    answers = [CliRunner().invoke(app, ["new", str(folder), *NEW], env={name: "31337"})]
    assert not folder.exists()
    assert CliRunner().invoke(app, ["new", str(folder), *NEW]).exit_code == 0
    answers += [CliRunner().invoke(app, [asked, str(folder)], env={name: "31337"}) for asked in ("up", "doctor")]
    answers += [CliRunner().invoke(app, ["serve", service], env={name: "31337"}) for service in SERVICES]
    for answer in answers:
        assert (answer.exit_code, type(answer.exception)) == (2, SystemExit)
        assert f"\n  {name}: there is no such setting{said}\n" in answer.output
        assert answer.output.endswith("docs/settings.md lists every one.\n")
        assert "31337" not in answer.output


def test_it_is_said_beside_what_else_is_wrong() -> None:
    answer = CliRunner().invoke(app, ["serve", "audit"], env={"SAFE_PASSAGE_ENTITYID": "x", "SAFE_PASSAGE_CHECKPOINT_SECONDS": "never"})
    assert "\n  SAFE_PASSAGE_ENTITYID: there is no such setting; SAFE_PASSAGE_ENTITY_ID is one\n" in answer.output
    assert "\n  SAFE_PASSAGE_ENTITY_ID: Field required\n" in answer.output
    assert "\n  SAFE_PASSAGE_CHECKPOINT_SECONDS: " in answer.output


def test_each_setting_of_any_service_may_stand_in_the_variables_of_every_one() -> None:
    assert list(misspelt(sorted(KNOWN), KNOWN)) == []
    assert list(misspelt([one.lower() for one in sorted(KNOWN)], KNOWN)) == []
    assert KNOWN & {"SAFE_PASSAGE_WITNESS_SECONDS", "SAFE_PASSAGE_CLIENT_BURST", "SAFE_PASSAGE_ED_FI_SYSTEMS_FILE"}


def test_what_is_of_others_is_no_setting() -> None:
    links = ("SAFE_PASSAGE_AUDIT_SERVICE_HOST", "SAFE_PASSAGE_AUDIT_SERVICE_PORT_HTTPS", "SAFE_PASSAGE_AUDIT_PORT_443_TCP_ADDR")
    others = ("SAFE_PASSAGE_IMAGE", "SAFE_PASSAGE_TEST_POSTGRES", "PATH", "SAFE_PASSAGER")
    assert list(misspelt([*links, *others], KNOWN)) == []
    assert len(list(misspelt(links[1:], KNOWN))) == 2, "of no Service that is named"


def test_a_lower_case_one_is_said_as_the_documents_write_it() -> None:
    (said,) = misspelt(["safe_passage_client_brust"], KNOWN)
    assert said == "SAFE_PASSAGE_CLIENT_BRUST: there is no such setting; SAFE_PASSAGE_CLIENT_BURST is one"
