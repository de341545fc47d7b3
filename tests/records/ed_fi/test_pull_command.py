"""`safepassage-node job pull-ed-fi`, beside a node that stands still."""

import json
import shutil
from pathlib import Path

from anyio.from_thread import start_blocking_portal
from typer.testing import CliRunner

from node.command import app
from tests.records.ed_fi.ods import CLIENT, SECRET, Ods, serving
from tests.records.ed_fi.test_pulling import bodies_of
from tests.records.formats.test_edfi_round_trip import schools_of_alder
from tests.records.one_state import STATE_AGENCY


def test_the_command_says_what_it_loaded_and_what_is_wrong(made_state: Path, tmp_path: Path) -> None:
    shutil.copytree(made_state, tmp_path / "alder")
    secret, file = tmp_path / "secret", tmp_path / "systems.json"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    ods = Ods()
    ods.put_all(schools_of_alder() | bodies_of(0))
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(serving(ods)):
        system = {"name": "sis", "organisation_id": str(STATE_AGENCY), "url": ods.address, "client_id": CLIENT, "secret_file": str(secret)}
        file.write_text(json.dumps({"systems": [system]}))

        def run(name: str = "sis") -> tuple[int, str]:
            said = CliRunner().invoke(app, ["job", "pull-ed-fi", str(tmp_path / "alder"), "--system", name, "--systems", str(file)])
            return said.exit_code, said.stdout + said.stderr

        code, said = run()
        assert code == 0
        assert said.startswith(f"Everything up to change version {ods.version}: 1 created,")
        assert run() == (0, f"Nothing has changed since change version {ods.version}.\n")
        assert run("another")[0] == 1
        assert "No such Ed-Fi system" in run("another")[1]
        ods.secret = "replaced"
        ods.tokens.clear()
        code, said = run()
        assert (code, "Ed-Fi system refused" in said, SECRET in said) == (1, True, False)
        secret.chmod(0o644)
        assert "can be read by others" in run()[1]
        secret.chmod(0o600)
        file.write_text(json.dumps({"systems": [system, system]}))
        assert "is not right" in run()[1]
        file.write_text(json.dumps({"systems": [system | {"url": "http://ods.example/api"}]}))
        code, said = run()
        assert (code, "is not right: systems.0" in said, "ods.example" in said) == (1, True, False)
