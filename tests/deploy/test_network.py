"""The network policies are the call graph of shared/who_may_call.py, exactly, at both ends of every connection."""

from pathlib import Path

import pytest

from shared.who_may_call import PEERS, SERVICES, WHO_MAY_CALL, ServiceName, callers_of
from tests.deploy.kustomization import Manifest, build, pod_labels
from tests.deploy.network_policies import Pod, Policies

OVERLAY = Path(__file__).parents[2] / "deploy" / "k8s" / "overlays" / "example"
NAMESPACE = "safe-passage"
PORT = 8443
OTHER_NODE = "203.0.113.7"
OTHER_NODE_6 = "2a00:1450:4001::7"


@pytest.fixture
def manifests() -> list[Manifest]:
    return build(OVERLAY)


def policies_of(manifests: list[Manifest]) -> Policies:
    return Policies(NAMESPACE, tuple(one for one in manifests if one["kind"] == "NetworkPolicy"))


def pods_of(manifests: list[Manifest]) -> dict[str, Pod]:
    made = [one for one in manifests if one["kind"] in {"Deployment", "Job"}]
    return {one["metadata"]["name"]: Pod(NAMESPACE, pod_labels(one)) for one in made}


def way_out(manifests: list[Manifest]) -> dict[str, frozenset[str]]:
    """Whom each service is let out to."""
    policies, pods = policies_of(manifests), pods_of(manifests)
    graph = {}
    for caller in SERVICES:
        reached = {service for service in SERVICES if service != caller and policies.allow_out(pods[caller], pods[service], PORT)}
        graph[caller] = frozenset(reached | ({PEERS} if policies.allow_out(pods[caller], OTHER_NODE, 443) else set()))
    return graph


def way_in(manifests: list[Manifest]) -> dict[str, frozenset[str]]:
    """Who is let in at each service but the gateway, which is the door and lets everybody in."""
    policies, pods = policies_of(manifests), pods_of(manifests)
    callers = {service: pods[service] for service in SERVICES} | {"stranger": Pod("another", {})}
    return {
        service: frozenset(name for name, caller in callers.items() if name != service and policies.allow_in(caller, pods[service], PORT))
        for service in SERVICES
        if service != "gateway"
    }


OUT = WHO_MAY_CALL
IN = {service: frozenset(callers_of(service)) for service in SERVICES if service != "gateway"}


@pytest.mark.requirement("ALL-walls")
def test_policies_are_the_call_graph_at_both_ends(manifests: list[Manifest]) -> None:
    assert way_out(manifests) == OUT
    assert way_in(manifests) == IN


def rules() -> list[tuple[str, str, int]]:
    """Every rule of a service's policy; the gateway lets everybody in, so that nothing can be added to its own."""
    found = []
    for manifest in build(OVERLAY):
        if manifest["kind"] == "NetworkPolicy" and manifest["metadata"]["name"] in SERVICES:
            for direction in ("ingress", "egress"):
                found += [(manifest["metadata"]["name"], direction, index) for index in range(len(manifest["spec"].get(direction, ())))]
    return [rule for rule in found if rule[:2] != ("gateway", "ingress")]


@pytest.mark.parametrize("change", ["gone", "to everybody"])
@pytest.mark.parametrize(("name", "direction", "index"), rules())
def test_a_change_of_any_rule_is_seen(manifests: list[Manifest], name: str, direction: str, index: int, change: str) -> None:
    spec = next(one for one in manifests if one["kind"] == "NetworkPolicy" and one["metadata"]["name"] == name)["spec"]
    ports = [{"protocol": "TCP", "port": port} for port in (PORT, 443)]
    spec[direction][index : index + 1] = [] if change == "gone" else [{"ports": ports}]
    assert (way_out(manifests), way_in(manifests)) != (OUT, IN)


@pytest.mark.parametrize("caller", SERVICES)
def test_a_change_of_the_call_graph_is_seen(manifests: list[Manifest], caller: ServiceName) -> None:
    """The comparison depends on the data: one edge more in it, and the policies are no longer equal."""
    for other in {*SERVICES, PEERS} - {caller}:
        assert way_out(manifests) != {**OUT, caller: OUT[caller] ^ {other}}


def test_strangers_in_the_cluster_reach_the_gateway_alone(manifests: list[Manifest]) -> None:
    policies, pods = policies_of(manifests), pods_of(manifests)
    strangers = [Pod(NAMESPACE, {}), Pod("another", {"app.kubernetes.io/name": "gateway", "app.kubernetes.io/component": "service"})]
    for stranger in strangers:
        reached = {name for name, pod in pods.items() if policies.allow(stranger, pod, PORT)}
        assert reached <= {"gateway"}
    assert policies.allow(strangers[1], pods["gateway"], PORT)
    assert policies.allow(OTHER_NODE, pods["gateway"], PORT)
    assert {name for name in pods if policies.allow(OTHER_NODE, pods[name], PORT)} == {"gateway"}


def test_the_gateway_and_privacy_have_no_way_out(manifests: list[Manifest]) -> None:
    policies, pods = policies_of(manifests), pods_of(manifests)
    out = {name for name in pods if policies.allow_out(pods[name], OTHER_NODE, 443) or policies.allow_out(pods[name], OTHER_NODE_6, 443)}
    assert out == {service for service in SERVICES if PEERS in WHO_MAY_CALL[service]}


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "10.0.0.1", "172.20.0.1", "192.168.1.1", "127.0.0.1", "100.64.0.1", "fd00::1", "::1"]
)
def test_nothing_reaches_private_addresses_or_the_clouds_metadata(manifests: list[Manifest], address: str) -> None:
    policies, pods = policies_of(manifests), pods_of(manifests)
    assert not any(policies.allow_out(pod, address, port) for pod in pods.values() for port in (80, 443, 5432, 6443))


@pytest.mark.requirement("LOG-SIEM")
def test_a_siem_inside_is_reached_by_audit_alone_and_nothing_beside_it(manifests: list[Manifest]) -> None:
    added = [{**one, "metadata": {**one["metadata"], "namespace": NAMESPACE}} for one in build(OVERLAY.parents[1] / "siem")]
    before, after, pods = policies_of(manifests), policies_of([*manifests, *added]), pods_of(manifests)
    ends = ["10.20.30.40", "10.20.30.41", "169.254.169.254", OTHER_NODE]
    opened = {
        (name, end, port)
        for name, pod in pods.items()
        for end in ends
        for port in (443, 514, 6514)
        if after.allow_out(pod, end, port) and not before.allow_out(pod, end, port)
    }
    assert opened == {("audit", "10.20.30.40", 6514)}


def test_peers_are_reached_by_https_alone(manifests: list[Manifest]) -> None:
    policies, records = policies_of(manifests), pods_of(manifests)["records"]
    assert [port for port in (22, 25, 53, 80, 443, 5432, 8443) if policies.allow_out(records, OTHER_NODE, port)] == [443]
    assert policies.allow_out(records, OTHER_NODE_6, 443)


def test_every_pod_finds_names_and_the_database_and_the_database_finds_none(manifests: list[Manifest]) -> None:
    policies, pods = policies_of(manifests), pods_of(manifests)
    names = Pod("kube-system", {"k8s-app": "kube-dns"})
    database = Pod("safe-passage-database", {"app.kubernetes.io/component": "database"})
    for pod in pods.values():
        assert policies.allow(pod, names, 53, "UDP")
        assert policies.allow(pod, names, 53, "TCP")
        assert policies.allow(pod, database, 5432)
        assert not policies.allow(pod, database, 22)
        assert not policies.allow(pod, Pod("another", database.labels), 5432)
    assert {name for name in pods if policies.allow(database, pods[name], PORT)} == {"gateway"}


def test_jobs_are_called_by_nobody_and_call_no_service(manifests: list[Manifest]) -> None:
    policies, pods = policies_of(manifests), pods_of(manifests)
    jobs = {name: pod for name, pod in pods.items() if name not in SERVICES}
    assert set(jobs) == {"database-roles", *(f"migrate-{service}" for service in SERVICES)}
    for job in jobs.values():
        for pod in pods.values():
            assert not policies.allow_out(job, pod, PORT)
            assert not policies.allow_in(pod, job, PORT)


def test_a_pod_that_no_policy_names_may_nothing(manifests: list[Manifest]) -> None:
    policies, pods = policies_of(manifests), pods_of(manifests)
    stray = Pod(NAMESPACE, {"app.kubernetes.io/name": "stray"})
    assert not policies.allow_out(stray, OTHER_NODE, 443)
    assert not any(policies.allow_out(stray, pod, PORT) or policies.allow_in(pod, stray, PORT) for pod in pods.values())
