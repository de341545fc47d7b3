"""What a container may do on its machine: nothing but its work."""

import pytest

from tests.containers.composed import CONTAINERS, NODES, ONCE, Composed

pytestmark = pytest.mark.containers


@pytest.mark.parametrize("service", [*CONTAINERS, "postgres"])
def test_a_service_is_nobody_in_particular_and_can_become_nobody_else(composed: Composed, service: str) -> None:
    shown = composed.run(service, "cat", "/proc/1/status").stdout
    status = dict(line.split(":\t", 1) for line in shown.splitlines() if ":\t" in line)
    assert "0" not in status["Uid"].split()
    assert "0" not in status["Gid"].split()
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"


@pytest.mark.parametrize("service", [*CONTAINERS, "postgres"])
def test_its_root_file_system_cannot_be_written(composed: Composed, service: str) -> None:
    assert composed.inspect(service)["HostConfig"]["ReadonlyRootfs"] is True
    for path in ("/", "/etc", "/usr/bin", "/opt"):
        done = composed.run(service, "touch", f"{path}/written")
        assert done.returncode != 0, path
        assert "Read-only file system" in done.stderr or "Permission denied" in done.stderr
    assert composed.run(service, "touch", "/tmp/written").returncode == 0  # noqa: S108 a container's own


@pytest.mark.parametrize("service", CONTAINERS)
def test_it_cannot_change_its_keys_or_what_it_runs(composed: Composed, service: str) -> None:
    for path in (
        "/run/safe-passage/keys/internal.json",
        "/run/safe-passage/public/trust-list.jws",
        "/opt/safe-passage/bin/safepassage-node",
    ):
        assert composed.run(service, "test", "-r", path).returncode == 0
        assert composed.run(service, "sh", "-c", f": >>{path}").returncode != 0


@pytest.mark.parametrize("service", CONTAINERS)
def test_it_has_its_own_keys_and_no_others(composed: Composed, service: str) -> None:
    listed = composed.run(service, "find", "/", "-xdev", "-name", "internal.json", "-not", "-path", "/proc/*").stdout
    found = composed.run(service, "find", "/run/safe-passage", "-name", "internal.json").stdout
    assert listed + found == "/run/safe-passage/keys/internal.json\n"
    own = composed.run(service, "cat", "/run/safe-passage/keys/internal.json").stdout
    others = {composed.run(other, "cat", "/run/safe-passage/keys/internal.json").stdout for other in CONTAINERS if other != service}
    assert own
    assert own not in others


@pytest.mark.parametrize("service", CONTAINERS)
def test_there_is_nothing_to_build_or_install_with(composed: Composed, service: str) -> None:
    for tool in ("cc", "gcc", "make", "git", "uv", "hatchling", "cargo"):
        assert composed.run(service, "sh", "-c", f"command -v {tool}").returncode != 0, tool
    missing = "import importlib.util as u; print(*[m for m in ('pip', 'hatchling', 'editables', 'pytest', 'cedarpy') if u.find_spec(m)])"
    assert composed.python(service, missing) == ""


def test_what_runs_once_has_ended_well(composed: Composed) -> None:
    ended = {service: composed.inspect(service)["State"] for service in ONCE}
    assert {service: (state["Status"], state["ExitCode"]) for service, state in ended.items()} == dict.fromkeys(ONCE, ("exited", 0))
    for service in ONCE:
        host = composed.inspect(service)["HostConfig"]
        assert host["ReadonlyRootfs"] is True
        assert host["CapDrop"] == ["ALL"]
    assert composed.inspect("set-up")["HostConfig"]["NetworkMode"] == "none"


def test_the_operators_command_runs_in_a_gateways_container(composed: Composed) -> None:
    in_the_service = 'set -a; . /run/safe-passage/public/node.env; exec safepassage-node "$@"'
    for node in NODES:
        listed = composed.run(f"{node}-gateway", "sh", "-c", in_the_service, "node", "organisations", "list")
        assert listed.returncode == 0, listed.stderr
    examined = composed.run("alder-gateway", "sh", "-c", in_the_service, "node", "doctor", "--service", "gateway")
    assert examined.returncode == 0, examined.stdout
