"""The chain of an exchange in memory, as an honest node assembles it; and its pieces, for those who are not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from safepassage.canonical import digest_of, from_base64url, to_base64url
from safepassage.chain_links import bind
from safepassage.chain_messages import ChainAnswer, ChainMessages, kept_messages
from safepassage.chain_part import ChainPart, proven_links, read_checkpoints
from safepassage.chains import ChainSignature, chain_digest, told_of, verify_chain
from safepassage.compact import PublicKeys
from safepassage.leaf import commitment, leaf_bytes
from safepassage.logged import LogIdentity
from safepassage.wire_chain import PeerAnswer, RedisclosureChain, SignedChain
from safepassage.wire_log import OpenedGroup
from tests.sdk import rfc9162
from tests.sdk.exchange import ALDER, BIRCH, ENVELOPE_ID, EXCHANGE_ID, SALT, SECONDS, Exchange, MemoryLog, Signer

CITY = "01a00000-0000-7000-8000-0000000000c1"


def entry_of(class_: str, context: Mapping[str, Any], *, ct: str, commit: str | None = None, decision: str | None = None) -> bytes:
    """A leaf with these digests, whose context can be opened with SALT."""
    return leaf_bytes(
        class_=class_,
        t=SECONDS,
        id=UUID(int=EXCHANGE_ID.int + 77),
        actor=bytes([1]) * 32,
        context=commitment(salt=SALT, payload=dict(context)),
        subject=bytes([3]) * 32,
        ct=from_base64url(ct),
        pt_commit=None if commit is None else from_base64url(commit),
        decision=None if decision is None else from_base64url(decision),
        key_epoch=2027,
    )


@dataclass
class Logged:
    """An entry of a part that is being made."""

    act: str
    log: MemoryLog
    entry: bytes
    context: Mapping[str, Any] | None = None
    envelope_id: UUID | None = ENVELOPE_ID

    @property
    def index(self) -> int:
        return self.log.entries.index(self.entry)


@dataclass
class Chain:
    """One exchange that has come to its end."""

    exchange: Exchange = field(default_factory=Exchange)
    lies: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By act, what its node logs of it otherwise than it was."""
    r2_has_its_own_entry: bool = False
    arrival_without_commitment: bool = False
    messages: ChainMessages = field(init=False)
    logged: dict[str, Logged] = field(init=False)

    def __post_init__(self) -> None:
        one, alder, birch = self.exchange, self.exchange.alder_log, self.exchange.birch_log
        ids = {"exchange_id": str(EXCHANGE_ID), "envelope_id": str(ENVELOPE_ID)}
        asked = {"exchange_id": str(EXCHANGE_ID), "operation": "exchange-request", "purpose": "enrollment", "basis": "transfer"}
        requested = entry_of("request", {"decision": "own"}, ct=one.request_digest)
        birch.append(requested)
        was_asked = entry_of("request", asked, ct=one.request_digest)
        accepted = one.accepted(**alder.append(was_asked))
        envelope, _ = one.sealed()
        disclosed = entry_of("disclosure", {"own": "x"}, ct=envelope.ct_digest, commit=envelope.pt_commit, decision=digest_of(b"decision"))
        envelope = envelope.model_copy(update=alder.append(disclosed))
        token = one.alder.sign(envelope)
        pins = {**ids, "outcome": "package", "peer_index": envelope.index, "peer_checkpoint": envelope.checkpoint}
        pins |= self.lies.get("received", {})
        received = entry_of("received", pins, ct=envelope.ct_digest, commit=None if self.arrival_without_commitment else envelope.pt_commit)
        r1 = one.receipt(token, envelope, **birch.append(received))
        r1_token = one.birch.sign(r1)
        r2 = r1.model_copy(update={"outcome": "applied"})
        if self.r2_has_its_own_entry:
            own = entry_of("receipt", ids, ct=envelope.ct_digest, commit=envelope.pt_commit)
            r2 = r2.model_copy(update=birch.append(own))
        r2_token = one.birch.sign(r2)
        filed = {**ids, "operation": "exchange-file", "elements": ["identity.name", "health.alerts"], **self.lies.get("filed", {})}
        load = entry_of("load", filed, ct=envelope.ct_digest, commit=envelope.pt_commit)
        birch.append(load)
        lie = self.lies.get("receipt-recorded", {})
        recorded = {
            outcome: {**ids, "peer_index": said.index, "peer_checkpoint": said.checkpoint, **lie, "outcome": outcome}
            for outcome, said in (("received", r1), ("applied", r2))
        }
        first = entry_of("receipt", recorded["received"], ct=digest_of(r1_token.encode()))
        second = entry_of("receipt", recorded["applied"], ct=digest_of(r2_token.encode()))
        for entry in (first, second):
            alder.append(entry)
        self.messages = ChainMessages(
            request=one.request_token,
            accepted=one.alder.sign(accepted),
            answers=(ChainAnswer(envelope=token, r1=r1_token, r2=r2_token),),
        )
        self.logged = {
            "requested": Logged("requested", birch, requested, envelope_id=None),
            "request-received": Logged("request-received", alder, was_asked, asked, None),
            "disclosed": Logged("disclosed", alder, disclosed),
            "received": Logged("received", birch, received, pins),
            "receipt-recorded": Logged("receipt-recorded", alder, first, recorded["received"]),
            "filed": Logged("filed", birch, load, filed),
            "outcome-recorded": Logged("outcome-recorded", alder, second, recorded["applied"]),
        }

    def part(self, node: str, *, aud: str = BIRCH, log: MemoryLog | None = None, **changes: Any) -> ChainPart:
        """A node's part, for Birch."""
        own = log or (self.exchange.alder_log if node == ALDER else self.exchange.birch_log)
        sizes = {int(note.split("\n")[1]) for note in self._notes() if note.startswith(own.origin)}
        members: dict[str, Any] = {
            "iss": node,
            "aud": aud,
            "exchange_id": EXCHANGE_ID,
            "iat": SECONDS,
            "checkpoints": (own.checkpoint(),),
            "continues": tuple(
                {"from": size, "path": tuple(map(to_base64url, rfc9162.proof(size, own.entries))), "checkpoint": 0}
                for size in sorted(sizes)
                if size < len(own.entries)
            ),
            "links": tuple(self.link(one, own) for one in self.logged.values() if one.log.origin == own.origin),
            "origin": CITY if node == ALDER else None,
        }
        return ChainPart.model_validate({**members, **changes})

    def link(self, one: Logged, log: MemoryLog) -> dict[str, Any]:
        """An entry of a part."""
        proof = {"path": tuple(map(to_base64url, rfc9162.path(one.index, log.entries))), "checkpoint": 0}
        opened = None if one.context is None else OpenedGroup(salt=to_base64url(SALT), payload=dict(one.context))
        members = {"act": one.act, "envelope_id": one.envelope_id, "index": one.index, "entry": to_base64url(one.entry), "context": opened}
        return {**members, **proof}

    def _notes(self) -> list[str]:
        said = kept_messages(self.messages)
        return [one.message.checkpoint or "" for node in (ALDER, BIRCH) for one in said.logged_by(node)]

    def assembled(self, *parts: ChainPart, peer: PeerAnswer = "answered", messages: ChainMessages | None = None) -> RedisclosureChain:
        """As Birch assembles it: of the parts given, or of both."""
        chosen = parts or (self.part(BIRCH), self.part(ALDER))
        kept = messages or self.messages
        said = kept_messages(kept)
        proven = [link for part in chosen for link in proven_links(part, read_checkpoints(part))]
        bound = bind(said, proven, asked=BIRCH, peer=peer)
        return RedisclosureChain(
            **told_of(said, bound, chosen),
            peer=peer,
            messages=kept,
            parts=tuple(self.signer(part.iss).sign(part) for part in chosen),
            inside=(),
            inside_left_out=0,
            inside_not_looked_at=0,
            assembled_by=BIRCH,
            assembled_at=datetime.fromtimestamp(SECONDS, UTC),
        )

    def signer(self, node: str) -> Signer:
        return self.exchange.alder if node == ALDER else self.exchange.birch

    def signed(self, chain: RedisclosureChain | None = None, *, by: Signer | None = None) -> SignedChain:
        """Signed by Birch."""
        whole = chain or self.assembled()
        word = ChainSignature(iss=BIRCH, exchange_id=EXCHANGE_ID, chain_digest=chain_digest(whole), iat=SECONDS)
        return SignedChain(chain=whole, signature=(by or self.exchange.birch).sign(word))

    def verify(self, signed: SignedChain) -> RedisclosureChain:
        """As somebody who has both nodes' keys."""
        return verify_chain(signed, signing_keys=self.keys_of, logs=self.logs_of)

    def keys_of(self, node: str) -> PublicKeys:
        return self.signer(node).keys if node in (ALDER, BIRCH) else {}

    def logs_of(self, node: str) -> tuple[LogIdentity, ...]:
        return {ALDER: (self.exchange.alder_log.identity,), BIRCH: (self.exchange.birch_log.identity,)}.get(node, ())
