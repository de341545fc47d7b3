"""Who reaches whom over the network and in the database."""

import json

import pytest

from shared.who_may_call import PEERS, SERVICES, WHO_MAY_CALL
from tests.containers.composed import CONTAINERS, NODES, PORTS, Composed

pytestmark = pytest.mark.containers

ADDRESSES = {name: PORTS.get(name, 8443) for name in CONTAINERS}

KNOCK = """
import json, socket, sys
def reached(host, port):
    try:
        with socket.create_connection((host, port), timeout=2):
            return True
    except OSError:
        return False
print(json.dumps([name for name, (host, port) in json.loads(sys.argv[1]).items() if reached(host, port)]))
"""


def addresses(composed: Composed) -> dict[str, list[tuple[str, int]]]:
    """Every address of every service, in whatever network: names alone would prove little."""
    found = {}
    for name, port in ADDRESSES.items():
        networks = composed.inspect(name)["NetworkSettings"]["Networks"].values()
        found[name] = [(network["IPAddress"], port) for network in networks]
    return found


@pytest.mark.parametrize("service", CONTAINERS)
def test_a_service_reaches_those_that_share_an_edge_of_the_call_graph(composed: Composed, service: str) -> None:
    node, _, own = service.partition("-")
    targets = {f"{name}@{host}": (host, port) for name, ends in addresses(composed).items() for host, port in ends if name != service}
    done = composed.run(service, "python", "-c", KNOCK, json.dumps(targets))
    assert done.returncode == 0, done.stderr
    reached = {name.partition("@")[0] for name in json.loads(done.stdout)}
    edges = {f"{node}-{other}" for other in SERVICES if other in WHO_MAY_CALL[own] or own in WHO_MAY_CALL[other]}
    other_node = NODES[1 - NODES.index(node)]
    if PEERS in WHO_MAY_CALL[own]:
        edges.add(f"{other_node}-gateway")
    if own == "gateway":  # a network of Compose has no direction; the keys have
        edges |= {f"{other_node}-{caller}" for caller in SERVICES if PEERS in WHO_MAY_CALL[caller]}
    assert reached == edges


@pytest.mark.parametrize("service", CONTAINERS)
def test_no_service_has_a_way_out_to_the_internet(composed: Composed, service: str) -> None:
    """The engine drops what would leave an internal network, and does not masquerade what would leave by a gateway's door."""
    prefix = f"{composed.project}_"
    networks = {name.removeprefix(prefix) for name in composed.inspect(service)["NetworkSettings"]["Networks"]}
    doors = {name for name in networks if not composed.network(name)["Internal"]}
    assert doors == ({service.replace("gateway", "door")} if service.endswith("gateway") else set())
    for door in doors:
        assert composed.network(door)["Options"]["com.docker.network.bridge.enable_ip_masquerade"] == "false"


def test_only_the_gateways_are_published_and_on_the_loopback_alone(composed: Composed) -> None:
    published = {
        (name, binding["HostIp"], binding["HostPort"])
        for name in (*CONTAINERS, "postgres")
        for bindings in composed.inspect(name)["NetworkSettings"]["Ports"].values()
        for binding in bindings or ()
    }
    assert published == {("alder-gateway", "127.0.0.1", "8441"), ("birch-gateway", "127.0.0.1", "8442")}


CONNECT = """
import asyncio, asyncpg, sys
from pathlib import Path
async def main(role, database, statement):
    password = Path("/run/safe-passage/keys/database.password").read_text().strip()
    try:
        connection = await asyncpg.connect(host="postgres", user=role, database=database, password=password, ssl=False)
        print(await connection.fetchval(statement))
    except asyncpg.PostgresError as error:
        print(type(error).__name__)
asyncio.run(main(*sys.argv[1:]))
"""


def ask_database(composed: Composed, service: str, role: str, database: str, statement: str) -> str:
    done = composed.run(service, "python", "-c", CONNECT, role, database, statement)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("service", CONTAINERS)
def test_a_services_password_opens_its_own_schema_and_nothing_else(composed: Composed, service: str) -> None:
    node, _, own = service.partition("-")
    other_node = NODES[1 - NODES.index(node)]
    role = f"{node}_{own}"
    assert int(ask_database(composed, service, role, node, f"SELECT count(*) FROM {own}.alembic_version")) == 1  # noqa: S608 a service's name
    for other in set(SERVICES) - {own}:
        assert ask_database(composed, service, role, node, f"TABLE {other}.alembic_version") == "InsufficientPrivilegeError"
        assert ask_database(composed, service, f"{node}_{other}", node, "SELECT 1") == "InvalidPasswordError"
    assert ask_database(composed, service, role, other_node, "SELECT 1") == "InsufficientPrivilegeError"
    assert ask_database(composed, service, "postgres", "postgres", "SELECT 1") == "InvalidPasswordError"
