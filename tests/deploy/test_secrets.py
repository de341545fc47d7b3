"""How passwords and keys reach a cluster: made on the spot, in files, each for one service."""

import base64
import hashlib
import hmac
import os
import runpy
import shutil
import stat
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest
import yaml

from node import decision_keys
from node.creation import create_node
from node.folder import NodeFile
from safepassage.suites import SUITES
from services.audit.mirroring.keys import create_mirror_keys
from services.gateway.oauth.signing_keys import prepare
from shared.key_encryption import FileKeyProvider
from shared.who_may_call import SERVICES
from tests.deploy.kustomization import build, secrets_of

DEPLOY = Path(__file__).parents[2] / "deploy"

# RFC 7677 section 3: user `user`, password `pencil`.
SALT = "W22ZaJ0SNY7soEsUEjb6gQ=="
CLIENT_FIRST_BARE = "n=user,r=rOprNGfwEbeRWgbNEkqO"
SERVER_FIRST = f"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s={SALT},i=4096"
CLIENT_FINAL = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
CLIENT_PROOF = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
SERVER_SIGNATURE = "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def test_the_verifier_is_the_one_of_the_rfc() -> None:
    verifier = runpy.run_path(str(DEPLOY / "postgres" / "verifier.py"))["verifier"]
    scheme, rounds_and_salt, keys = verifier("pencil", base64.b64decode(SALT)).split("$")
    assert (scheme, rounds_and_salt) == ("SCRAM-SHA-256", f"4096:{SALT}")
    stored_key, server_key = (base64.b64decode(part) for part in keys.split(":"))
    message = f"{CLIENT_FIRST_BARE},{SERVER_FIRST},{CLIENT_FINAL}".encode()
    client_signature = hmac.digest(stored_key, message, "sha256")
    client_key = bytes(a ^ b for a, b in zip(base64.b64decode(CLIENT_PROOF), client_signature, strict=True))
    assert hashlib.sha256(client_key).digest() == stored_key
    assert base64.b64encode(hmac.digest(server_key, message, "sha256")).decode() == SERVER_SIGNATURE


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The keys of a new node, those of its first weeks among them, and those of a mirror."""
    file = NodeFile(entity_id="https://alder.example", name="Alder", state="XA", organisation_id=UUID(int=1), port=8443)
    made = create_node(tmp_path_factory.mktemp("node"), file, now=datetime(2026, 10, 20, tzinfo=UTC)).keys
    create_mirror_keys(made / "audit")
    return made


KUBECTL = """#!/bin/sh
# Keeps what a cluster would: the arguments, and the files that they name.
if [ "$3" = replace ]; then
  read -r name; [ -d "$CLUSTER/$name" ] || { echo "secrets \\"$name\\" not found" >&2; exit 1; }
  rm -r "$CLUSTER/$name"; mv "$CLUSTER/.$name" "$CLUSTER/$name"; exit
fi
name=$6; [ "$3 $4 $5" = "create secret generic" ] || exit 1
if [ "${7:-}" = --dry-run=client ]; then
  echo "$name"; shift 8; set -- 1 2 3 4 5 6 "$@"; name=.$name
fi
[ ! -e "$CLUSTER/$name" ] || { echo "secrets \\"$name\\" already exists" >&2; exit 1; }
mkdir "$CLUSTER/$name"; case $name in .*) ;; *) echo "$2" >"$CLUSTER/$name.namespace" ;; esac; shift 6
for argument in "$@"; do
  value=${argument#--from-file=}
  case $value in *=*) cp -p "${value#*=}" "$CLUSTER/$name/${value%%=*}" ;; *) cp -p "$value"/* "$CLUSTER/$name/" ;; esac
done
"""


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `kubectl` that keeps Secrets in a folder."""
    commands, kept = tmp_path / "bin", tmp_path / "cluster"
    commands.mkdir()
    kept.mkdir()
    (commands / "kubectl").write_text(KUBECTL)
    (commands / "kubectl").chmod(0o755)
    monkeypatch.setenv("PATH", str(commands), prepend=os.pathsep)
    monkeypatch.setenv("CLUSTER", str(kept))
    return kept


def create_secrets(keys: Path, *changed: str) -> subprocess.CompletedProcess[str]:
    command = [str(DEPLOY / "k8s" / "create-secrets"), "safe-passage", "alder", str(keys), *changed]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_script_makes_exactly_the_secrets_that_the_manifests_mount(cluster: Path, keys: Path) -> None:
    done = create_secrets(keys)
    assert done.returncode == 0, done.stderr
    made = {path.name: {one.name for one in path.iterdir()} for path in cluster.iterdir() if path.is_dir()}
    mounted: dict[str, set[str] | None] = {}
    for manifest in build(DEPLOY / "k8s" / "overlays" / "example"):
        mounted |= dict(secrets_of(manifest))
    elsewhere = {f"{service}-tls" for service in SERVICES} | {"database-operator"}  # of the certificate authority and of the database
    assert set(made) == set(mounted) - elsewhere
    for name, items in made.items():
        assert mounted[name] in (items, None)
    assert made["database-verifiers"] == {f"alder_{service}.verifier" for service in SERVICES}
    for service in SERVICES:
        for path in (keys / service).rglob("*"):
            if path.is_file():
                item = path.relative_to(keys / service).as_posix()
                secret = "records-epochs" if path.parent.name == "hpke" else f"{service}-keys"
                name = path.name if path.parent.name == "hpke" else item.replace("/", ".")
                secret = "audit-mirror-keys" if path.name.startswith("mirror") else secret
                assert (cluster / secret / name).read_bytes() == path.read_bytes()
    assert len(made["records-epochs"]) == 2 * len(SUITES)


def test_passwords_differ_and_stay_nowhere_else(cluster: Path, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    assert create_secrets(keys).returncode == 0
    passwords = {(cluster / f"{service}-database" / "password").read_text() for service in SERVICES}
    assert len(passwords) == len(SERVICES)
    assert min(map(len, passwords)) >= 43
    assert list(scratch.iterdir()) == []
    for path in cluster.rglob("*"):
        if path.is_file() and path.parent.name == "database-verifiers":
            assert not any(password in path.read_text() for password in passwords)


def test_the_operators_keys_stay_at_home_and_nothing_is_replaced(cluster: Path, keys: Path) -> None:
    assert create_secrets(keys).returncode == 0
    operators = [path.read_bytes() for path in (keys / "operator").iterdir()]
    kept = {path: path.read_bytes() for path in cluster.rglob("*") if path.is_file()}
    assert not any(secret in data for secret in operators for data in kept.values())
    again = create_secrets(keys)
    assert again.returncode != 0
    assert "already exists" in again.stderr
    assert {path: path.read_bytes() for path in cluster.rglob("*") if path.is_file()} == kept


def test_a_node_that_mirrors_nobody_has_no_mirror_keys_and_needs_none(cluster: Path, keys: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    shutil.copytree(keys, plain)
    for path in (plain / "audit").glob("mirror*.json"):
        path.unlink()
    assert create_secrets(plain).returncode == 0
    assert not (cluster / "audit-mirror-keys").exists()
    (audit,) = [one for one in build(DEPLOY / "k8s" / "base") if (one["kind"], one["metadata"]["name"]) == ("Deployment", "audit")]
    sources = [
        source["secret"]
        for volume in audit["spec"]["template"]["spec"]["volumes"]
        for source in volume.get("projected", {}).get("sources", ())
    ]
    assert {secret["name"]: secret.get("optional", False) for secret in sources} == {"audit-keys": False, "audit-mirror-keys": True}


def test_without_a_services_keys_it_stops(cluster: Path, keys: Path, tmp_path: Path) -> None:
    partial = tmp_path / "partial"
    shutil.copytree(keys / "gateway", partial / "gateway")
    done = create_secrets(partial)
    assert done.returncode == 1
    assert "make the keys first" in done.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_after_a_change_a_services_secret_alone_is_replaced_and_its_deployment_mounts_every_file(
    cluster: Path, keys: Path, tmp_path: Path, service: str
) -> None:
    assert create_secrets(keys).returncode == 0
    changed = tmp_path / "changed"
    shutil.copytree(keys, changed)
    decision_keys.prepare_next(changed)
    decision_keys.replace(changed, today=date(2026, 11, 30))
    decision_keys.prepare_next(changed)
    prepare(changed / "gateway" / "token-signing")
    for holder in ("privacy", "records", "audit"):
        FileKeyProvider(changed / holder / "key-encryption").rotate()
    others = {path: path.read_bytes() for path in cluster.rglob("*") if path.is_file() and path.parent.name != f"{service}-keys"}
    done = create_secrets(changed, service)
    assert done.returncode == 0, done.stderr
    assert {path: path.read_bytes() for path in cluster.rglob("*") if path.is_file() and path.parent.name != f"{service}-keys"} == others
    patch = yaml.safe_load(done.stdout)
    (base,) = [one for one in build(DEPLOY / "k8s" / "base") if (one["kind"], one["metadata"]["name"]) == ("Deployment", service)]
    (volume,) = patch["spec"]["template"]["spec"]["volumes"]
    (mounted,) = [one for one in base["spec"]["template"]["spec"]["volumes"] if one["name"] == volume["name"]]
    sources = [one["secret"] for one in volume.get("projected", {"sources": [volume]})["sources"]]
    items = {item["key"]: item["path"] for item in sources[0]["items"]}
    folder = changed / service
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(items.values()) == {one for one in files if not one.startswith(("hpke/", "mirror"))}
    for item, path in items.items():
        assert (cluster / f"{service}-keys" / item).read_bytes() == (folder / path).read_bytes()
    if "projected" in volume:  # a patch replaces the list: whatever else is in it has to be there
        assert sources[1:] == [one["secret"] for one in mounted["projected"]["sources"]][1:]


def test_what_is_not_there_yet_is_not_replaced(cluster: Path, keys: Path) -> None:
    done = create_secrets(keys, "audit")
    assert (done.returncode, done.stdout) == (1, "")
    assert "not found" in done.stderr


def test_scripts_can_be_run() -> None:
    for script in ("k8s/create-secrets",):
        assert (DEPLOY / script).stat().st_mode & stat.S_IXUSR
