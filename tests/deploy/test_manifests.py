"""The Kubernetes manifests: valid, restricted, an identity and keys of its own for each service, settings that the service takes."""

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from node.settings_classes import settings_class
from services.audit.mirroring.keys import FILES as MIRROR_FILES
from shared.who_may_call import SERVICES, ServiceName, callers_of
from tests.deploy.kustomization import Manifest, build, containers, pod_spec, secrets_of
from tests.deploy.service_settings import require_settings

FOLDER = Path(__file__).parents[2] / "deploy" / "k8s"
OLDEST, NEWEST = "1.29", "1.37"


@pytest.fixture(scope="module")
def manifests() -> list[Manifest]:
    return build(FOLDER / "overlays" / "example")


def named(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    return next(one for one in manifests if one["kind"] == kind and one["metadata"]["name"] == name)


def ids(manifests: list[Manifest]) -> set[tuple[str, str]]:
    return {(one["kind"], one["metadata"]["name"]) for one in manifests}


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("folder", ["base", "overlays/example"])
def test_every_manifest_is_valid_strictly(folder: str, version: str) -> None:
    for manifest in build(FOLDER / folder):
        assert kubernetes_validate.validate(manifest, version, strict=True) == version


def test_validation_is_strict(manifests: list[Manifest]) -> None:
    deployment = named(manifests, "Deployment", "audit")
    broken = {**deployment, "spec": {**deployment["spec"], "replica": 2}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, NEWEST, strict=True)


def test_every_manifest_file_is_part_of_the_kustomization() -> None:
    for folder in ("base", "overlays/example"):
        listed = (FOLDER / folder / "kustomization.yaml").read_text()
        files = {path.name for path in (FOLDER / folder).glob("*.yaml")} - {"kustomization.yaml"}
        assert {name for name in files if f"- {name}\n" not in listed} == set()


def test_each_service_has_its_own_of_everything(manifests: list[Manifest]) -> None:
    for service in SERVICES:
        for kind in ("Deployment", "Service", "ServiceAccount", "PodDisruptionBudget", "NetworkPolicy"):
            assert (kind, service) in ids(manifests)
        deployment = named(manifests, "Deployment", service)
        spec = deployment["spec"]["template"]["spec"]
        assert spec["serviceAccountName"] == service
        secrets = {name for name, _ in secrets_of(deployment)}
        assert secrets >= {f"{service}-keys", f"{service}-database"}
        assert all(name.startswith(f"{service}-") for name in secrets)
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
        assert named(manifests, "Service", service)["spec"]["selector"].items() <= labels.items()
        budget = named(manifests, "PodDisruptionBudget", service)["spec"]
        assert budget["selector"]["matchLabels"].items() <= labels.items()
        assert budget["minAvailable"] < deployment["spec"]["replicas"], "a node could never be drained"


def test_no_identity_has_a_token_or_a_right_in_the_cluster(manifests: list[Manifest]) -> None:
    assert {one["kind"] for one in manifests}.isdisjoint({"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"})
    accounts = {one["metadata"]["name"] for one in manifests if one["kind"] == "ServiceAccount"}
    for manifest in manifests:
        if manifest["kind"] == "ServiceAccount":
            assert manifest["automountServiceAccountToken"] is False
        if spec := pod_spec(manifest):
            assert spec["automountServiceAccountToken"] is False
            assert spec["enableServiceLinks"] is False
            assert spec["serviceAccountName"] in accounts


def test_every_container_is_restricted(manifests: list[Manifest]) -> None:
    seen = 0
    for manifest in manifests:
        for container in containers(manifest):
            seen += 1
            own, pod = container["securityContext"], (pod_spec(manifest) or {})["securityContext"]
            assert own["runAsNonRoot"] is pod["runAsNonRoot"] is True
            assert pod["runAsUser"] == pod["runAsGroup"] == pod["fsGroup"] == 10001
            assert own["readOnlyRootFilesystem"] is True
            assert own["allowPrivilegeEscalation"] is False
            assert own["capabilities"] == {"drop": ["ALL"]}
            assert own["seccompProfile"] == pod["seccompProfile"] == {"type": "RuntimeDefault"}
            assert "privileged" not in own
            for bound in ("requests", "limits"):
                assert set(container["resources"][bound]) == {"cpu", "memory", "ephemeral-storage"}
    assert seen == 9
    assert named(manifests, "Namespace", "safe-passage")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_no_pod_touches_its_host(manifests: list[Manifest]) -> None:
    for manifest in manifests:
        spec = pod_spec(manifest) or {}
        assert {"hostNetwork", "hostPID", "hostIPC"}.isdisjoint(spec)
        for volume in spec.get("volumes", ()):
            assert set(volume) & {"hostPath", "nfs"} == set()
        mounted = {mount["name"]: mount for container in containers(manifest) for mount in container["volumeMounts"]}
        assert set(mounted) == {volume["name"] for volume in spec.get("volumes", ())}
        assert {name for name, mount in mounted.items() if not mount.get("readOnly")} <= {"tmp"}


def test_images_are_named_by_digest(manifests: list[Manifest]) -> None:
    images = {container["image"] for manifest in manifests for container in containers(manifest)}
    assert len(images) == 2
    assert all(re.search(r"@sha256:[0-9a-f]{64}$", image) for image in images)


def test_every_service_is_asked_whether_it_lives_and_is_ready_over_tls(manifests: list[Manifest]) -> None:
    for service in SERVICES:
        container = containers(named(manifests, "Deployment", service))[0]
        port = container["ports"][0]["name"]
        for probe, path in (("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
            assert container[probe]["httpGet"] == {"path": path, "port": port, "scheme": "HTTPS"}
        assert container["args"][:2] == ["serve", service]
        mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
        for option in container["args"][4:]:
            assert option.partition("=")[2].rpartition("/")[0] in mounts


def environment(manifests: list[Manifest], container: Manifest) -> dict[str, str]:
    """The variables that a container sees, as the kubelet makes them."""
    found: dict[str, str] = {}
    for source in container.get("envFrom", ()):
        found |= named(manifests, "ConfigMap", source["configMapRef"]["name"])["data"]
    own: dict[str, str] = {}
    for variable in container["env"]:
        if "valueFrom" in variable:
            reference = variable["valueFrom"]["configMapKeyRef"]
            own[variable["name"]] = named(manifests, "ConfigMap", reference["name"])["data"][reference["key"]]
        else:
            own[variable["name"]] = re.sub(r"\$\((\w+)\)", lambda match: own[match[1]], variable["value"])
    return found | own


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("kind", ["serve", "migrate"])
def test_the_variables_are_settings_that_the_service_takes(manifests: list[Manifest], service: ServiceName, kind: str) -> None:
    manifest = named(manifests, "Deployment", service) if kind == "serve" else named(manifests, "Job", f"migrate-{service}")
    container = containers(manifest)[0]
    settings = require_settings(
        settings_class(service), environment(manifests, container), shared=named(manifests, "ConfigMap", "node")["data"]
    )
    assert settings.database_url == f"postgresql+asyncpg://alder_{service}@database-rw.safe-passage-database.svc/alder?ssl=verify-full"
    assert settings.database_schema == service
    assert settings.insecure_development is False
    if kind == "serve":
        assert settings.sibling_urls == {other: f"https://{other}:8443" for other in SERVICES if service in callers_of(other)}
        mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
        for name, value in settings.model_dump().items():
            if isinstance(value, Path):
                assert {str(value), str(value.parent)} & mounts, name


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_given_the_keys_that_are_made_for_it_and_no_others(manifests: list[Manifest], node_keys: Path, service: str) -> None:
    made = {path.relative_to(node_keys / service).as_posix() for path in (node_keys / service).rglob("*") if path.is_file()}
    volumes = named(manifests, "Deployment", service)["spec"]["template"]["spec"]["volumes"]
    volume = next(volume for volume in volumes if volume["name"] == "keys")
    sources = [source["secret"] for source in volume["projected"]["sources"]] if "projected" in volume else [volume["secret"]]
    assert {item["path"] for keys in sources if not keys.get("optional") for item in keys["items"]} == made
    optional = {item["path"] for keys in sources if keys.get("optional") for item in keys["items"]}
    assert optional == (set(MIRROR_FILES) if service == "audit" else set())
    assert all(item["key"] == item["path"].replace("/", ".") for keys in sources for item in keys["items"])


def test_nothing_secret_is_in_a_manifest(manifests: list[Manifest]) -> None:
    assert [one["metadata"]["name"] for one in manifests if one["kind"] == "Secret"] == []
    modes: list[Any] = []
    for manifest in manifests:
        for container in containers(manifest):
            for variable in container["env"]:
                assert "secretKeyRef" not in variable.get("valueFrom", {}), "a secret is a file, never a variable"
            assert all("secretRef" not in source for source in container.get("envFrom", ()))
        for volume in (pod_spec(manifest) or {}).get("volumes", ()):
            modes += [volume[kind]["defaultMode"] for kind in ("secret", "projected") if kind in volume]
    assert set(modes) == {0o440}
