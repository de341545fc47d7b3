"""docker-compose.yml: every container restricted, walls where the call graph has none, no secret, settings that the services take."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from node.settings_classes import settings_class
from shared.who_may_call import PEERS, SERVICES, WHO_MAY_CALL, ServiceName, callers_of
from tests.deploy.service_settings import require_settings

ROOT = Path(__file__).parents[2]
NODES = ("alder", "birch")
OTHER = {"alder": "birch", "birch": "alder"}
FROM_SET_UP = {
    "SAFE_PASSAGE_ENTITY_ID": "https://alder.localhost:8441",
    "SAFE_PASSAGE_NODE_ORGANISATION_ID": "0192f0c8-5f3a-7c11-8a50-9d2f6b3e7a01",
    "SAFE_PASSAGE_JURISDICTION": "US-XA",
    "SAFE_PASSAGE_TRUST_LIST_DIGEST": "0" * 43,
}
"""What node.env of deploy/compose/set-up adds."""

Container = dict[str, Any]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return document


def networks_of(container: Container) -> set[str]:
    return set(container.get("networks", ()))


def test_the_two_nodes_differ_in_their_names_and_ports_alone(compose: dict[str, Any]) -> None:
    text = {
        node: yaml.safe_dump({name: one for name, one in compose["services"].items() if name.startswith(f"{node}-")}, sort_keys=True)
        for node in NODES
    }
    swapped = text["alder"].replace("birch", "\0").replace("alder", "birch").replace("\0", "alder").replace("8441", "8442")
    assert yaml.safe_load(swapped) == yaml.safe_load(text["birch"])
    assert {f"{node}-{service}" for node in NODES for service in SERVICES} <= set(compose["services"])


def test_every_container_is_restricted(compose: dict[str, Any]) -> None:
    for name, container in compose["services"].items():
        assert container["read_only"] is True, name
        assert container["cap_drop"] == ["ALL"], name
        assert container["security_opt"] == ["no-new-privileges:true"], name
        assert container["user"] == ("postgres" if container["image"].startswith("${POSTGRES_IMAGE") else "10001:10001"), name
        assert {"pids_limit", "mem_limit", "tmpfs"} <= set(container), name
        assert {"privileged", "cap_add", "devices", "pid", "ipc", "userns_mode"}.isdisjoint(container), name


def test_nothing_of_the_host_is_mounted_but_the_sql(compose: dict[str, Any]) -> None:
    mounts = {mount.partition(":")[0] for container in compose["services"].values() for mount in container.get("volumes", ())}
    assert {mount for mount in mounts if not re.fullmatch(r"[a-z-]+", mount)} == {"./deploy/postgres"}
    assert mounts - {"./deploy/postgres"} == set(compose["volumes"])


def test_images_are_named_by_argument(compose: dict[str, Any]) -> None:
    images = {name: (container["image"], container.get("build")) for name, container in compose["services"].items()}
    for image, build in images.values():
        if build is None:
            assert image == "${POSTGRES_IMAGE:-postgres:15}"
        else:
            target = build["target"]
            assert build["args"] == {"PYTHON_IMAGE": "${PYTHON_IMAGE:-python:3.11-slim}"}
            assert image.startswith("${SAFE_PASSAGE_" + ("SET_UP_" if target == "set-up" else "") + "IMAGE:-")
    assert "name" not in compose
    assert "version" not in compose


def test_only_the_doors_are_published_and_on_the_loopback_alone(compose: dict[str, Any]) -> None:
    published = {name: container["ports"] for name, container in compose["services"].items() if "ports" in container}
    assert published == {"alder-gateway": ["127.0.0.1:8441:8441"], "birch-gateway": ["127.0.0.1:8442:8442"]}
    for name, network in compose["networks"].items():
        if name.endswith("-door"):
            assert network["driver_opts"] == {"com.docker.network.bridge.enable_ip_masquerade": "false"}
        else:
            assert network == {"internal": True}, name


@pytest.mark.requirement("ALL-walls")
def test_who_shares_a_network_may_call_one_another(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for node in NODES:
        for caller in SERVICES:
            mine = networks_of(services[f"{node}-{caller}"])
            reached = {other for other in SERVICES if other != caller and mine & networks_of(services[f"{node}-{other}"])}
            assert reached == {other for other in SERVICES if other in WHO_MAY_CALL[caller] or caller in WHO_MAY_CALL[other]}
            abroad = {other for other in SERVICES if mine & networks_of(services[f"{OTHER[node]}-{other}"])}
            to_peers, from_peers = PEERS in WHO_MAY_CALL[caller], caller == "gateway"
            callers = {service for service in SERVICES if PEERS in WHO_MAY_CALL[service]}
            assert abroad == ({"gateway"} if to_peers else callers if from_peers else set())
        assert networks_of(services[f"{node}-gateway"]) == {node, f"{node}-door", f"{OTHER[node]}-to-{node}"}
    assert networks_of(services["postgres"]) == set(NODES)
    assert services["set-up"]["network_mode"] == "none"


@pytest.mark.parametrize("node", NODES)
@pytest.mark.parametrize("service", SERVICES)
def test_the_variables_are_settings_that_the_service_takes(compose: dict[str, Any], node: str, service: ServiceName) -> None:
    container = compose["services"][f"{node}-{service}"]
    settings = require_settings(settings_class(service), {**FROM_SET_UP, **container["environment"]}, shared=FROM_SET_UP)
    assert settings.insecure_development is False
    assert settings.sibling_urls == {other: f"https://{node}-{other}:8443" for other in SERVICES if service in callers_of(other)}
    assert settings.database_url == f"postgresql+asyncpg://{node}_{service}@postgres/{node}"
    assert settings.database_schema == service
    targets = [mount.split(":")[1] for mount in container["volumes"]]
    for name, value in settings.model_dump().items():
        if isinstance(value, Path):
            assert any(str(value).startswith(target) for target in targets), name
    assert container["command"][:2] == ["serve", service]


def test_a_service_sees_its_own_keys_and_no_others(compose: dict[str, Any]) -> None:
    for node in NODES:
        for service in SERVICES:
            mounts = compose["services"][f"{node}-{service}"]["volumes"]
            own = {f"{node}-{service}:/run/safe-passage/keys:ro", f"{node}-public:/run/safe-passage/public:ro"}
            epochs = {f"{node}-epochs:/run/safe-passage/epochs"} if service == "records" else set()
            assert set(mounts) == own | epochs


def test_nothing_starts_before_what_it_needs(compose: dict[str, Any]) -> None:
    services = compose["services"]
    needs = {name: {other: how["condition"] for other, how in one.get("depends_on", {}).items()} for name, one in services.items()}
    done = "service_completed_successfully"
    assert needs["postgres"] == {"set-up": done}
    assert needs["roles"] == {"postgres": "service_healthy"}
    for node in NODES:
        assert needs[f"{node}-migrate"] == {"roles": done}
        for service in SERVICES:
            assert needs[f"{node}-{service}"] == {f"{node}-migrate": done}


def test_there_is_no_secret_in_the_file(compose: dict[str, Any]) -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    variables = {name for one in compose["services"].values() for name in one.get("environment", {})}
    assert {name for name in variables if re.search(r"PASSWORD|SECRET|TOKEN|KEY", name)} == {
        "SAFE_PASSAGE_DATABASE_PASSWORD_FILE",
        "SAFE_PASSAGE_KEYS_DIRECTORY",
        "SAFE_PASSAGE_EPOCH_KEYS_DIRECTORY",
    }
    assert set(re.findall(r"\$\{(\w+)", text)) == {"SAFE_PASSAGE_IMAGE", "SAFE_PASSAGE_SET_UP_IMAGE", "PYTHON_IMAGE", "POSTGRES_IMAGE"}
    assert not re.search(r"://[^@/\s]+:[^@/\s]+@", text)
