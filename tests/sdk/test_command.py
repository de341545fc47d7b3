import json
import resource
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from safepassage.client import ClientFile, ClientKey
from safepassage.command import main
from safepassage.public_keys import PublicJwk


def test_a_vendor_makes_its_key_and_then_its_client_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key, file = str(tmp_path / "key.json"), tmp_path / "client.json"
    assert main(["keygen", key]) == 0
    public = PublicJwk.model_validate_json(capsys.readouterr().out)
    made = ["client-file", str(file), "--key", key, "--issuer", "https://alder.example", "--client-id", "c-1", "--scope", "records:read"]
    assert main([*made, "--purpose", "instruction"]) == 0
    loaded = ClientFile.load(file)
    assert loaded.private_key.kid == public.kid
    assert (loaded.scopes, loaded.purpose) == (("records:read",), "instruction")
    assert (tmp_path / "key.json").stat().st_mode & 0o777 == file.stat().st_mode & 0o777 == 0o600
    assert main(["keygen", key]) == 2
    assert main([*made[:1], str(tmp_path / "other.json"), *made[2:5], "http://alder.example", *made[6:]]) == 2
    assert main([*made[:1], str(tmp_path / "other.json"), *made[2:5], "alder", *made[6:]]) == 2
    said = capsys.readouterr().err
    assert "exists already" in said
    assert json.loads((tmp_path / "key.json").read_text())["d"] not in said


def test_a_client_file_names_agreement_address_and_authority_wherever_its_program_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    agreement, made = "0191ab00-0000-7000-8000-0000000000a1", ["client-file", "c.json", "--key", "key.json", "--client-id", "c-1"]
    assert main(["keygen", "key.json"]) == 0
    about = ["--issuer", "https://alder.example", "--url", "https://10.0.0.7:8443", "--agreement", agreement, "--ca-file", "ca.pem"]
    assert main([*made, *about]) == 0
    loaded = ClientFile.load(tmp_path / "c.json")
    assert (str(loaded.agreement_id), loaded.address, loaded.ca_file) == (agreement, "https://10.0.0.7:8443", str(tmp_path / "ca.pem"))


def test_curl_headers_are_for_the_client_s_node_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key, file = str(tmp_path / "key.json"), str(tmp_path / "client.json")
    main(["keygen", key])
    main(["client-file", file, "--key", key, "--issuer", "https://alder.example", "--client-id", "c-1"])
    capsys.readouterr()
    assert main(["curl", "--client", file, "GET", "https://elm.example/v1/students/1"]) == 2
    assert "not of the node" in capsys.readouterr().err
    assert main(["curl", "--client", str(tmp_path / "none"), "GET", "https://alder.example/v1/x"]) == 2


def test_the_command_runs_with_the_sdk_alone(tmp_path: Path) -> None:
    """A process in which nothing but the SDK and what it depends on may be imported."""
    forbidden = ("fastapi", "starlette", "sqlalchemy", "uvicorn", "authlib", "joserfc", "aiohttp", "services", "shared", "node")
    program = (
        "import sys\n"
        "class Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] in {forbidden!r}: raise ImportError(name)\n"
        "sys.meta_path.insert(0, Refuse())\n"
        "from safepassage.command import main\n"
        "assert main(['keygen', sys.argv[1]]) == 0\n"
        "main(['verify', '--help'])\n"
    )
    run = subprocess.run([sys.executable, "-c", program, str(tmp_path / "k")], capture_output=True, check=False, cwd=tmp_path)
    assert run.returncode == 0, run.stderr.decode()
    assert b"no node is asked" in run.stdout


def test_a_file_that_cannot_be_written_is_said_with_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere, full = str(tmp_path / "nowhere" / "key.json"), str(tmp_path / "key.json")
    assert main(["keygen", nowhere]) == 2
    assert capsys.readouterr().err == f"{nowhere} cannot be read or written: No such file or directory.\n"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, before[1]))
    try:
        assert main(["keygen", full]) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert capsys.readouterr().err.endswith(" cannot be read or written: File too large.\n")
    assert list(tmp_path.iterdir()) == []


# Whoever runs the tests in the background of a shell has interrupts ignored, here and in what is started here.
INTERRUPTIBLE = "\n".join(
    (
        "import signal, sys",
        "from safepassage.command import main",
        "signal.signal(signal.SIGINT, signal.default_int_handler)",
        "sys.exit(main(sys.argv[1:]))",
    )
)


def test_who_interrupts_a_command_is_told_what_stays_and_sees_no_traceback(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as node:  # takes the connection, and answers nothing
        address = f"http://127.0.0.1:{node.getsockname()[1]}"
        ClientFile(issuer=address, client_id="auditor", key=ClientKey.generate().private_jwk()).save(tmp_path / "client.json")
        said = [sys.executable, "-c", INTERRUPTIBLE, "mirror-log", "mirror", "--client", "client.json"]
        with subprocess.Popen(said, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as command:
            called, _ = node.accept()
            with called:
                command.send_signal(signal.SIGINT)
                _, told = command.communicate()
    assert (command.returncode, told.splitlines()) == (
        130,
        ["Interrupted. What a mirror or an export has brought stays; the same command goes on from there."],
    )
