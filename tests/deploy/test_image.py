"""The Dockerfile and what goes into its build."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEALTHCHECK = ROOT / "deploy" / "image" / "healthcheck.py"
DECLARED = ROOT / "deploy" / "image" / "declared.py"


@pytest.fixture(scope="module")
def stages() -> dict[str, list[str]]:
    """The instructions of each stage, a line each."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    found: dict[str, list[str]] = {"": []}
    stage = ""
    for line in text.splitlines():
        if match := re.fullmatch(r"FROM (\S+) AS (\S+)", line):
            stage = match[2]
            found[stage] = [f"FROM {match[1]}"]
        elif line and not line.startswith("#"):
            found[stage].append(line)
    return found


def test_the_base_is_an_argument_and_the_file_needs_no_registry_of_its_own(stages: dict[str, list[str]]) -> None:
    assert stages[""] == ["ARG PYTHON_IMAGE=python:3.11-slim"]
    assert {name: lines[0] for name, lines in stages.items() if name} == {
        "build": "FROM ${PYTHON_IMAGE}",
        "runtime": "FROM ${PYTHON_IMAGE}",
        "set-up": "FROM runtime",
        "node": "FROM runtime",
    }
    assert "syntax=" not in (ROOT / "Dockerfile").read_text()


def test_the_image_that_is_built_by_default_is_the_service(stages: dict[str, list[str]]) -> None:
    assert list(stages)[-1] == "node"
    assert stages["node"] == ["FROM runtime"]


def test_everything_that_is_installed_has_a_pinned_hash(stages: dict[str, list[str]]) -> None:
    commands = [part.strip() for line in stages["build"] if line.startswith("RUN") for part in line[4:].split("&&")]
    installing = [command for command in commands if re.search(r"pip.* (install|wheel|download) ", command)]
    assert len(installing) == 5
    assert [command for command in installing if "--no-index" not in command] == [
        "pip wheel --quiet --require-hashes --wheel-dir wheels --requirement requirements.lock"
    ]
    assert not any("pip" in line for line in stages["runtime"] if "uninstall" not in line)


def test_the_image_needs_what_the_distributions_declare_and_no_build_tool() -> None:
    files = [str(ROOT / "pyproject.toml"), str(ROOT / "sdk" / "python" / "pyproject.toml")]
    printed = subprocess.run([sys.executable, str(DECLARED), *files], capture_output=True, text=True, check=True).stdout
    names = {re.split(r"[><=\[; ]", line)[0] for line in printed.splitlines()}
    assert names >= {"fastapi", "sqlalchemy", "cryptography", "pydantic"}
    assert names.isdisjoint({"safepassage", "safepassage-node", "hatchling", "editables", "cedarpy", "pytest"})


def test_it_runs_as_a_number_that_is_not_root(stages: dict[str, list[str]]) -> None:
    users = [line for line in stages["runtime"] if line.startswith("USER")]
    assert users == ["USER 10001:10001"]
    assert [line for line in stages["set-up"] if line.startswith("USER")][-1] == "USER 10001:10001"
    copied = [line for line in stages["runtime"] if line.startswith("COPY")]
    assert not any("--chown" in line for line in copied), "what runs cannot change what it runs"


def test_the_command_picks_the_service(stages: dict[str, list[str]]) -> None:
    assert 'ENTRYPOINT ["safepassage-node"]' in stages["runtime"]
    health = [line for line in stages["runtime"] if line.startswith("HEALTHCHECK")]
    assert len(health) == 1
    assert '["python", "-I", "-S", "/opt/safe-passage/healthcheck.py"]' in health[0]


def test_only_what_is_named_enters_the_build(stages: dict[str, list[str]]) -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    allowed = {line[1:] for line in lines if line.startswith("!")}
    assert all((ROOT / path).exists() for path in allowed)
    for line in (
        line for name in ("build", "runtime", "set-up") for line in stages[name] if line.startswith("COPY ") and "--from" not in line
    ):
        for source in line.split()[1:-1]:
            assert any(source.startswith(path) or path.startswith(f"{source}/") for path in allowed), source


class _Answer(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/readyz" else 404)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Nothing."""


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    made = HTTPServer(("127.0.0.1", 0), _Answer)
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def ask(port: int) -> int:
    url = f"http://127.0.0.1:{port}/readyz"
    return subprocess.run([sys.executable, "-I", "-S", str(HEALTHCHECK)], env={"HEALTH_URL": url}, check=False).returncode


def test_the_health_check_is_the_services_readiness(server: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(server.server_port) == 0
    monkeypatch.setattr(_Answer, "status", 503)
    assert ask(server.server_port) == 1


def test_a_service_that_does_not_answer_is_not_healthy(server: HTTPServer) -> None:
    port = server.server_port
    server.server_close()
    assert ask(port) == 1
