"""Another node's log for tests: real keys and a real tree (naive_tree), any checkpoint and any path, also of a history that never was."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from node.trust import signed_list
from safepassage.canonical import digest_of, from_base64url
from safepassage.checkpoints import ED25519, VerifierKey, checkpoint_body, note_with, signature_line
from safepassage.public_keys import PublicJwk
from safepassage.tlog_witness import AddCheckpoint
from safepassage.trust_members import Endpoints, Log, LogKey, Member
from shared.in_process import Answer, call
from shared.keys import SigningKey
from tests.audit import naive_tree
from tests.audit.audit_node import AuditNode

BIRCH = "https://birch.example"


class PeerLog:
    """A log with a key; `entries` of `fork` are its own from the entry `forked_at` on."""

    def __init__(self, origin: str = "birch.example/log/2026") -> None:
        self.origin, self.key = origin, SigningKey.generate()

    def _hashes(self, size: int, forked_at: int | None = None) -> list[bytes]:
        def entry(n: int) -> bytes:
            return f"fork {n}".encode() if forked_at is not None and n >= forked_at else f"entry {n}".encode()

        return [naive_tree.leaf_hash(entry(n)) for n in range(size)]

    def root(self, size: int, *, forked_at: int | None = None) -> bytes:
        return naive_tree.tree_head(self._hashes(size, forked_at))

    def verifier(self, key: SigningKey | None = None) -> VerifierKey:
        return VerifierKey(self.origin, ED25519, (key or self.key).public.public_bytes_raw())

    def note(self, size: int, *, root: bytes | None = None, forked_at: int | None = None, keys: Sequence[SigningKey] | None = None) -> str:
        body = checkpoint_body(self.origin, size, root or self.root(size, forked_at=forked_at))
        return note_with(body, [signature_line(self.verifier(key), key.sign(body)) for key in keys or [self.key]])

    def request(self, old: int, size: int, *, forked_at: int | None = None, **note: Any) -> AddCheckpoint:
        """A request with the path that belongs to it."""
        path = naive_tree.proof(old, self._hashes(size, forked_at)) if 0 < old < size else []
        return AddCheckpoint(old, tuple(path), self.note(size, forked_at=forked_at, **note))

    def as_log(self, *, retired: Sequence[SigningKey] = ()) -> Log:
        keys = [LogKey(vkey=self.verifier().vkey), *(LogKey(vkey=self.verifier(key).vkey, status="retired") for key in retired)]
        return Log(origin=self.origin, keys=tuple(keys))


def member(entity_id: str, *logs: Log, status: Any = "active", witness_keys: Sequence[str] = ()) -> Member:
    return Member(
        entity_id=entity_id,
        organisation="Department of Education",
        state="XB",
        status=status,
        endpoints=Endpoints(gateway=entity_id),
        statement_keys=(PublicJwk.model_validate(SigningKey.generate().jwk),),
        logs=logs,
        witness_keys=tuple(witness_keys),
    )


def trust_settings(folder: Path, *members: Member, now: datetime) -> dict[str, Any]:
    """The settings by which a service trusts a list of these members."""
    document = signed_list(network="Test", roots=[SigningKey.generate()], threshold=1, members=members, previous=None, now=now)
    file = folder / "list.jws"
    file.write_bytes(document)
    return {"trust_list_file": file, "trust_list_digest": digest_of(from_base64url(json.loads(document)["payload"]))}


async def submit(node: AuditNode, request: AddCheckpoint | bytes) -> Answer:
    """The witness's answer to a request, as the door sends it on."""
    body = request if isinstance(request, bytes) else request.body()
    return await call(node.app, "POST", "/v1/witness/add-checkpoint", headers={"content-length": str(len(body))}, body=body)
