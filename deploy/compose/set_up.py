"""What two agencies and the signer of their network do by hand (docs/deployment.md), done for two fictional ones on one machine.

    python set_up.py FOLDER

Makes what is missing, renews what runs out, replaces no key; again at every start. In FOLDER, a volume for each service that gets any:

operator/                 the root of trust and the authority's key: they belong on no server, and lie here beside them
postgres/                 the server's own password, and the verifiers of the roles' passwords, never those passwords
<node>/keys/<service>/    the service's keys, its certificate, its database password
<node>/public/            what every service of the node may read
"""

import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

from certificates import Authority
from verifier import main as make_password

from node.creation import create_node, left_behind
from node.folder import NodeFile, NodeFolder
from node.statement import sign_statement
from node.trust import member_of, signed_list
from node.witnesses import policy_of
from safepassage.canonical import digest_of, from_base64url, json_object
from safepassage.ids import uuid7
from safepassage.trust_list import TrustList, VerifiedTrustList
from shared.clock import system_clock
from shared.keys import SigningKey
from shared.who_may_call import SERVICES

NETWORK = "Compose, this machine only"
NODES = (("alder", "XA", "Alder Department of Education", 8441), ("birch", "XB", "Birch Department of Education", 8442))
LIST_LASTS = timedelta(days=1)
"""Then the next is signed: under a list older than a week a node lets nothing out."""


def main(folder: Path, *, now: datetime) -> None:
    """Set both nodes up."""
    authority = Authority(folder / "operator", now=now)
    make_password(str(folder / "postgres" / "password"), str(folder / "postgres" / "password.verifier"))
    nodes = [_node(folder, *described, authority=authority, now=now) for described in NODES]
    trust_list, first_digest = _trust_list(folder / "operator", nodes, now=now)
    for node in nodes:
        _publish(node, "authorities.pem", authority.file.read_bytes())
        _publish(node, "statement.jws", node.statement.read_bytes())
        _publish(node, "trust-list.jws", trust_list)
        members = _read(trust_list).content.members
        _publish(node, "witnesses.policy", policy_of(members, own_entity_id=node.file.entity_id, at_least=1).encode())
        _publish(node, "node.env", _variables(node.file, first_digest).encode())
        print(f"{node.file.name}: {node.file.entity_id}")  # noqa: T201 a script
    _let_the_server_read(folder / "postgres")


def _node(folder: Path, name: str, state: str, agency: str, port: int, *, authority: Authority, now: datetime) -> NodeFolder:
    node = NodeFolder(folder / name)
    if (node.path / "node.json").exists():
        sign_statement(node.file, node.keys, node.statement, now=now)
    else:
        for key in left_behind(node):  # by a run that was ended while it made them: nothing has been told of them yet
            key.unlink()
        entity_id = f"https://{name}.localhost:{port}"
        create_node(node.path, NodeFile(entity_id=entity_id, name=agency, state=state, organisation_id=uuid7(now), port=port), now=now)
    for service in SERVICES:
        own = node.keys / service
        door = service == "gateway"
        authority.certify(own, host=f"{name}.localhost" if door else f"{name}-{service}", published=door, now=now)
        make_password(str(own / "database.password"), str(folder / "postgres" / f"{name}_{service}.verifier"))
    return node


def _trust_list(operator: Path, nodes: list[NodeFolder], *, now: datetime) -> tuple[bytes, str]:
    """The list in force, signed again when it is a day old, and the digest of the first, which here comes by the same way."""
    root, file, first = operator / "root.json", operator / "trust-list.jws", operator / "first.digest"
    if not root.exists():
        SigningKey.generate().save(root)
    held = _read(file.read_bytes()) if file.exists() else None
    if held is None or now.timestamp() - held.content.issued_at >= LIST_LASTS.total_seconds():
        members = [member_of(node.file, node.keys, today=now.date()) for node in nodes]
        roots = [SigningKey.load(root)]
        file.write_bytes(signed_list(network=NETWORK, roots=roots, threshold=1, members=members, previous=held, now=now))
    if not first.exists():
        first.write_text(_read(file.read_bytes()).digest)
    return file.read_bytes(), first.read_text()


def _read(document: bytes) -> VerifiedTrustList:
    """A list of our own making."""
    payload = from_base64url(str(json_object(document)["payload"]))
    return VerifiedTrustList(TrustList.model_validate_json(payload), digest_of(payload), document)


def _variables(node: NodeFile, first_digest: str) -> str:
    values = {
        "ENTITY_ID": node.entity_id,
        "NODE_ORGANISATION_ID": node.organisation_id,
        "JURISDICTION": node.jurisdiction,
        "TRUST_LIST_DIGEST": first_digest,
    }
    return "".join(f"SAFE_PASSAGE_{name}={value}\n" for name, value in values.items())


def _publish(node: NodeFolder, name: str, content: bytes) -> None:
    """Whole or not at all for whoever reads meanwhile."""
    fresh = node.path / "public" / f".{name}"
    fresh.write_bytes(content)
    fresh.replace(node.path / "public" / name)


def _let_the_server_read(postgres: Path) -> None:
    """PostgreSQL runs as another user, whom docker-compose.yml puts into our group."""
    postgres.chmod(0o750)
    for file in postgres.iterdir():
        file.chmod(0o640)


if __name__ == "__main__":
    os.umask(0o077)
    main(Path(sys.argv[1]), now=system_clock())
