"""Reads a kustomization as `kubectl kustomize` would, for the fields that ours use; an unknown field is an error, never ignored."""

import copy
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]

KNOWN = {"apiVersion", "kind", "namespace", "resources", "images", "replicas", "configMapGenerator", "generatorOptions"}
CLUSTER_WIDE = {"Namespace"}


def build(folder: Path) -> list[Manifest]:
    """The manifests of a kustomization with all that it includes."""
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    if unknown := set(kustomization) - KNOWN:
        raise ValueError(f"{folder.name}: this reader does not know {sorted(unknown)}")
    manifests = [manifest for name in kustomization.get("resources", ()) for manifest in _resource(folder / name)]
    manifests += [_config_map(folder, generator) for generator in kustomization.get("configMapGenerator", ())]
    for manifest in manifests:
        if "namespace" in kustomization and manifest["kind"] not in CLUSTER_WIDE:
            manifest["metadata"]["namespace"] = kustomization["namespace"]
        for container in containers(manifest):
            _set_image(container, kustomization.get("images", ()))
        for replicas in kustomization.get("replicas", ()):
            if manifest["kind"] == "Deployment" and manifest["metadata"]["name"] == replicas["name"]:
                manifest["spec"]["replicas"] = replicas["count"]
    names = [(manifest["kind"], manifest["metadata"]["name"]) for manifest in manifests]
    if len(set(names)) != len(names):
        raise ValueError(f"{folder.name}: a resource is there twice")
    return manifests


def pod_spec(manifest: Manifest) -> Manifest | None:
    """The Pod's specification in a manifest that has one."""
    return manifest["spec"]["template"]["spec"] if manifest["kind"] in {"Deployment", "Job"} else None


def pod_labels(manifest: Manifest) -> Mapping[str, str]:
    """The labels of the Pods that a Deployment or Job makes."""
    labels: Mapping[str, str] = manifest["spec"]["template"]["metadata"]["labels"]
    return labels


def containers(manifest: Manifest) -> list[Manifest]:
    """Every container of a manifest."""
    spec = pod_spec(manifest)
    return [] if spec is None else [*spec.get("initContainers", ()), *spec["containers"]]


def secrets_of(manifest: Manifest) -> Iterator[tuple[str, set[str] | None]]:
    """The Secrets that a manifest's Pods mount: the name, and the items; None for all."""
    for volume in (pod_spec(manifest) or {}).get("volumes", ()):
        for source in volume.get("projected", {"sources": [volume]})["sources"]:
            if secret := source.get("secret"):
                yield secret.get("secretName", secret.get("name")), {item["key"] for item in secret["items"]} if "items" in secret else None


def _resource(path: Path) -> Iterator[Manifest]:
    yield from build(path.resolve()) if path.is_dir() else copy.deepcopy(_documents(path.read_text()))


@cache
def _documents(text: str) -> list[Manifest]:
    """The documents of one YAML file; parsed once, which is what takes time."""
    return [document for document in yaml.safe_load_all(text) if document is not None]


def _config_map(folder: Path, generator: Mapping[str, Any]) -> Manifest:
    data = {name: (folder / name).read_text() for name in generator["files"]}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": generator["name"]}, "data": data}


def _set_image(container: Manifest, images: Any) -> None:
    for image in images:
        if container["image"] == image["name"]:
            container["image"] = f"{image['newName']}@{image['digest']}"
