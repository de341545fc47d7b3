"""The containers of docker-compose.yml that `tests/containers/run` brought up."""

import json
import shutil
import subprocess
import time
from dataclasses import dataclass
from functools import cache
from typing import Any

from shared.who_may_call import SERVICES

NODES = ("alder", "birch")
CONTAINERS = tuple(f"{node}-{service}" for node in NODES for service in SERVICES)
ONCE = ("set-up", "roles", "alder-migrate", "birch-migrate")
PORTS = {"alder-gateway": 8441, "birch-gateway": 8442}


@cache
def _client() -> str:
    found = shutil.which("docker")
    assert found is not None, "tests/containers/run starts these tests where there is a Docker client"
    return found


def _docker(*arguments: str) -> str:
    return subprocess.run([_client(), *arguments], capture_output=True, text=True, check=True).stdout.strip()


@cache
def _container(project: str, service: str) -> str:
    labels = {"project": project, "service": service, "oneoff": "False"}
    filters = [part for key, value in labels.items() for part in ("--filter", f"label=com.docker.compose.{key}={value}")]
    return _docker("ps", "--all", "--quiet", *filters)


@dataclass(frozen=True)
class Composed:
    """A running Compose project."""

    project: str

    def container(self, service: str) -> str:
        """The id of the container of a service, ended or not."""
        return _container(self.project, service)

    def inspect(self, service: str) -> dict[str, Any]:
        """What the engine says of a container."""
        found: list[dict[str, Any]] = json.loads(_docker("inspect", self.container(service)))
        return found[0]

    def network(self, name: str) -> dict[str, Any]:
        """What the engine says of a network."""
        found: list[dict[str, Any]] = json.loads(_docker("network", "inspect", f"{self.project}_{name}"))
        return found[0]

    def run(self, service: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in a container, as its own user."""
        return subprocess.run([_client(), "exec", self.container(service), *command], capture_output=True, text=True, check=False)

    def run_for_bytes(self, service: str, *command: str) -> bytes:
        """As `run`, for what a command writes that must have gone well."""
        done = subprocess.run([_client(), "exec", self.container(service), *command], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def signal(self, verb: str, *services: str) -> None:
        """`kill` or `start` containers, all at once."""
        subprocess.run([_client(), verb, *(self.container(service) for service in services)], capture_output=True, check=True)

    def wait_until_ready(self, service: str, seconds: float = 120) -> None:
        """Ask its own health check until it says yes. Raises TimeoutError."""
        ends = time.monotonic() + seconds
        while self.run(service, "python", "-I", "-S", "/opt/safe-passage/healthcheck.py").returncode != 0:
            if time.monotonic() > ends:
                raise TimeoutError(service)

    def python(self, service: str, code: str) -> str:
        """Run Python in a container; gives what it printed."""
        done = self.run(service, "python", "-c", code)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def logs(self, service: str) -> str:
        """Everything that a container has said."""
        done = subprocess.run([_client(), "logs", self.container(service)], capture_output=True, text=True, check=True)
        return done.stdout + done.stderr
