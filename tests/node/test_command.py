"""`safepassage-node` finds each of its commands, and imports them one by one."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from node.command import COMMANDS, app
from safepassage.client import ClientFile, ClientKey

ROOT = Path(__file__).parents[2]


def test_every_command_is_there_and_says_what_it_does() -> None:
    said = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output
    assert [name for name in COMMANDS if not re.search(rf"^\W*{name} +\w", said, re.MULTILINE)] == []
    for name in ("keys", "up"):
        assert CliRunner().invoke(app, [name, "--help"]).exit_code == 0
    assert CliRunner().invoke(app, ["no-such-command"]).exit_code == 2


@pytest.mark.parametrize("asked", ["up", "doctor", "verify-log", "readiness", "clients list --node", "organisations list --node"])
def test_a_folder_without_a_node_is_said_with_the_command_that_makes_one(tmp_path: Path, asked: str) -> None:
    said = CliRunner().invoke(app, [*asked.split(), str(tmp_path)])
    assert (said.exit_code, type(said.exception)) == (2, SystemExit)
    assert said.output == f"There is no node in {tmp_path}.\nMake one: safepassage-node new {tmp_path}\n"


@pytest.mark.parametrize("asked", ["up", "doctor"])
def test_a_folder_that_is_not_there_is_one_without_a_node(tmp_path: Path, asked: str) -> None:
    folder = tmp_path / "nowhere"
    said = CliRunner().invoke(app, [asked, str(folder)])
    assert (said.exit_code, type(said.exception)) == (2, SystemExit)
    assert said.output == f"There is no node in {folder}.\nMake one: safepassage-node new {folder}\n"


def test_a_node_file_that_cannot_be_read_is_said_with_the_member_and_without_its_value(tmp_path: Path) -> None:
    for text, where in (("{}", "entity_id"), ("no json", "it is not JSON")):
        (tmp_path / "node.json").write_text(text)
        said = CliRunner().invoke(app, ["doctor", str(tmp_path)])
        assert said.exit_code == 2
        assert said.output.startswith(f"{tmp_path}/node.json cannot be read: {where}.\n")


def test_a_start_imports_neither_a_client_nor_the_demo() -> None:
    ask = "import sys, node.command; node.command.Commands().get_command(None, 'up'); print(*sys.modules)"
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'sdk/python/src'}"}
    loaded = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True, env=environment).stdout.split()
    assert "node.commands.up" in loaded
    assert not {"safepassage.client", "node.demo", "alembic"} & set(loaded)


def test_a_setting_that_is_wrong_is_said_by_its_variable_and_where_in_its_value() -> None:
    names = {"SAFE_PASSAGE_ALERT_THRESHOLDS": '{"bulk_studnets": 5}', "SAFE_PASSAGE_KEYS_DIRECTORY": "nowhere"}
    said = CliRunner().invoke(app, ["serve", "audit"], env=names)
    assert said.exit_code == 2
    assert "SAFE_PASSAGE_ALERT_THRESHOLDS: bulk_studnets: Extra inputs are not permitted" in said.output
    assert "SAFE_PASSAGE_ENTITY_ID: Field required" in said.output
    assert "KEYS_DIRECTORY" not in said.output


NEW = ("--name", "Agency", "--state", "XA", "--insecure-development")
WRONG = (
    ("SAFE_PASSAGE_IDENTITY_CHECK_DAYS", "-31337", ": Input should be greater than or equal to 1"),
    ("SAFE_PASSAGE_INSIDE_NETWORKS", "-31337 and no list", ': write it as JSON, such as ["a", "b"] or {"a": "b"}'),
    ("SAFE_PASSAGE_INSIDE_NETWORKS", '["-31337"]', ": 0: value is not a valid IPv4 or IPv6 network"),
)


@pytest.mark.parametrize(("name", "value", "wrong"), WRONG)
def test_of_a_node_in_a_folder_too_a_setting_that_is_wrong_is_said_without_its_value_and_nothing_is_made(
    tmp_path: Path, name: str, value: str, wrong: str
) -> None:
    folder = tmp_path / "node"
    said = CliRunner().invoke(app, ["new", str(folder), *NEW], env={name: value})
    assert not folder.exists()
    assert CliRunner().invoke(app, ["new", str(folder), *NEW]).exit_code == 0
    answers = [said] + [CliRunner().invoke(app, [asked, str(folder)], env={name: value}) for asked in ("up", "doctor")]
    for answer in answers:
        assert (answer.exit_code, type(answer.exception)) == (2, SystemExit)
        assert f"\n  {name}{wrong}\n" in answer.output
        assert answer.output.endswith("docs/settings.md lists every one.\n")
        assert "31337" not in answer.output


def test_settings_that_do_not_go_together_are_said_in_a_sentence(tmp_path: Path) -> None:
    values = {
        "ENTITY_ID": "http://a.example",
        "DATABASE_URL": "sqlite+inline:///x.db",
        "JURISDICTION": "US-XA",
        "KEYS_DIRECTORY": str(tmp_path),
    }
    values["NODE_ORGANISATION_ID"] = "01980000-0000-7000-8000-000000000001"
    said = CliRunner().invoke(app, ["migrate", "records"], env={f"SAFE_PASSAGE_{name}": value for name, value in values.items()})
    assert said.exit_code == 2
    assert "\n  entity_id must be an https URL (or ask for insecure_development by name)\n" in said.output
    assert "a.example" not in said.output


def test_up_wants_a_certificate_and_its_key_together(tmp_path: Path) -> None:
    folder, file = tmp_path / "node", tmp_path / "some.pem"
    file.write_text("")
    assert CliRunner().invoke(app, ["new", str(folder), *NEW]).exit_code == 0
    for option in ("--tls-certificate", "--tls-key"):
        said = CliRunner().invoke(app, ["up", str(folder), option, str(file)])
        assert (said.exit_code, said.output.splitlines()[0]) == (2, "A certificate and its key go together.")


@pytest.mark.parametrize(("option", "written"), [("--official", "Official Seven"), ("--role", "Registrar")])
def test_an_official_of_another_form_is_said_by_its_option_before_anything_is_sent(tmp_path: Path, option: str, written: str) -> None:
    ClientFile(issuer="https://alder.example", client_id="x", key=ClientKey.generate().private_jwk()).save(tmp_path / "client.json")
    client = tmp_path / "client.json"
    options = {"--client": str(client), "--reason": "no-longer-wanted", "--official": "o-7", "--role": "registrar", option: written}
    for asked in ("requeue", "give-up", "recall"):
        typed = ["letters", asked, "01980000-0000-7000-8000-000000000001", *(word for pair in options.items() for word in pair)]
        said = CliRunner().invoke(app, typed, env={"COLUMNS": "400"})
        assert (said.exit_code, type(said.exception)) == (2, SystemExit), said.output
        assert option in said.output
        assert written not in said.output
