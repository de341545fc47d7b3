"""The key files of a node, made from who may call whom. docs/architecture.md has the table: key, holder, published where, rotation.

A service's folder has its own private keys and the public keys of those whose messages it verifies, and nothing else:
whoever takes one service's folder has that service's power and no other's.
"""

import json
from pathlib import Path

from safepassage.es384 import ES384
from services.audit.witnessing.keys import WitnessKeys
from services.records.exchange.signing import KEY_FILES
from shared.keys import SigningKey, new_symmetric_key
from shared.p384_keys import P384SigningKey
from shared.who_may_call import SERVICES, forwarded_to

FIRST_VERSION = 1


def create_node_keys(folder: Path) -> None:
    """Make every key of a new node under `folder`, a folder per service and one (`operator`) that belongs on no server.

    Raises FileExistsError rather than replace a key.
    """
    internal = {service: SigningKey.generate() for service in SERVICES}
    for service in SERVICES:
        internal[service].save(folder / service / "internal.json")
        for caller in forwarded_to(service):
            write_public(folder / service / "callers" / f"{caller}.json", internal[caller])
        new_symmetric_key(folder / service / "cursor.key")
    SigningKey.generate().save(folder / "operator" / "node-statement.json")
    SigningKey.generate().save(folder / "gateway" / "token-signing" / "active.json")
    new_symmetric_key(folder / "gateway" / "people.key")
    decision = SigningKey.generate()
    decision.save(folder / "privacy" / "decision-signing.json")
    for verifier in ("records", "audit"):
        write_public(folder / verifier / "decision-verification.json", decision)
    for holder in ("privacy", "records", "audit"):
        new_symmetric_key(folder / holder / "key-encryption" / f"{FIRST_VERSION}.key")
    create_message_keys(folder / "records")
    SigningKey.generate().save(folder / "records" / "peer-client.json")
    SigningKey.generate().save(folder / "records" / "peer-dpop.json")
    new_symmetric_key(folder / "records" / "lookup.key")
    SigningKey.generate().save(folder / "audit" / "log.json")
    WitnessKeys.create(folder / "audit")


def create_message_keys(folder: Path) -> list[str]:
    """Make the keys that sign messages to other nodes, of each algorithm one, where they are missing. Gives the names of what was made."""
    made = []
    for algorithm, name in KEY_FILES.items():
        if not (folder / name).exists():
            (P384SigningKey if algorithm == ES384 else SigningKey).generate().save(folder / name)
            made.append(name)
    return made


def write_public(path: Path, key: SigningKey) -> None:
    """The public half of a key, for who verifies by it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text(json.dumps(key.jwk))
