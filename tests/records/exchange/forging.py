"""What a dishonest or broken holder could send: a genuine envelope of Alder's, changed and signed again with Alder's own keys."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from safepassage.canonical import to_base64url
from safepassage.checkpoints import ED25519, VerifierKey, checkpoint_body, note_with, signature_line
from safepassage.compact import assemble, signing_input, split
from safepassage.envelope import CONTENT_TYPE, envelope_body
from safepassage.leaf import parse_leaf
from safepassage.proofs import leaf_hash, node_hash
from services.records.exchange.peers import PeerAnswer
from shared.keys import SigningKey
from tests.records.exchange.two_states import Case, State, TwoStates

PATH = "/v1/peer/envelopes"


@dataclass(frozen=True)
class Genuine:
    """An envelope that waits at Alder."""

    claims: dict[str, Any]
    ciphertext: bytes
    jws: str

    @property
    def body(self) -> bytes:
        """As it would be sent."""
        return envelope_body(self.jws, self.ciphertext)


async def genuine(case: Case) -> Genuine:
    """The package that is queued at Alder."""
    row = await case.package()
    assert row.jws is not None
    assert row.ciphertext is not None
    return Genuine(split(row.jws)[1], row.ciphertext, row.jws)


class Forger:
    """Has every key of Alder."""

    def __init__(self, states: TwoStates) -> None:
        self.alder, self.birch = states.alder, states.birch
        keys = self.alder.folder.keys
        self.signing = SigningKey.load(keys / "records" / "exchange-signing.json")
        self.log = SigningKey.load(keys / "audit" / "log.json")

    def sign(self, claims: Mapping[str, Any], *, key: SigningKey | None = None, typ: str = "sp-envelope+jws") -> str:
        """Any claims, under Alder's key."""
        signer = key or self.signing
        signed = signing_input(typ=typ, kid=signer.kid, payload=claims)
        return assemble(signed, signer.sign(signed))

    async def send(self, body: bytes, *, content_type: str = CONTENT_TYPE, sender: State | None = None, path: str = PATH) -> PeerAnswer:
        """Through Birch's door, as Alder's client."""
        exchange = (sender or self.alder).exchange
        return await exchange.peers.post(exchange.trust.member(self.birch.entity_id), path, body, content_type=content_type)

    async def send_claims(self, claims: Mapping[str, Any], ciphertext: bytes) -> PeerAnswer:
        """An envelope with these claims."""
        return await self.send(envelope_body(self.sign(claims), ciphertext))

    def checkpoint(self, origin: str, size: int, root: bytes, *, key: SigningKey | None = None) -> str:
        """A checkpoint, under Alder's log key."""
        signer = key or self.log
        body = checkpoint_body(origin, size, root)
        vkey = VerifierKey(origin, ED25519, signer.public.public_bytes_raw())
        return note_with(body, [signature_line(vkey, signer.sign(body))])

    def in_a_log_of_its_own(self, entry: bytes, *, origin: str, grown_by: int = 6) -> dict[str, Any]:
        """A proof of `entry` as the first of 2^grown_by entries that nobody else knows of, signed as a log of Alder."""
        path = [secrets.token_bytes(32) for _ in range(grown_by)]
        root = leaf_hash(entry)
        for sibling in path:
            root = node_hash(root, sibling)
        return {
            "entry": to_base64url(entry),
            "index": 0,
            "path": to_base64url(b"".join(path)),
            "checkpoint": self.checkpoint(origin, 2**grown_by, root),
        }


def leaf_with(entry: bytes, **digests: str) -> bytes:
    """The leaf with other digests."""
    leaf = parse_leaf(entry)
    return leaf.model_copy(update={"digests": leaf.digests.model_copy(update=digests)}).canonical()


def code_of(answer: PeerAnswer) -> str:
    """The problem's code."""
    code: str = json.loads(answer.body)["code"]
    return code


def flipped(text: str) -> str:
    """The text with its first character changed."""
    return ("B" if text[0] == "A" else "A") + text[1:]
