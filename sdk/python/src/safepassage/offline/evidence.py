"""Verifying one document offline: a receipt, an envelope or its header, an acceptance, a proof file with its entry."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from safepassage.accepted import Accepted
from safepassage.canonical import digest_of, from_base64url, json_object
from safepassage.checkpoints import parse_checkpoint
from safepassage.claims import M, Verified, verify_message
from safepassage.compact import split
from safepassage.envelope import Envelope, require_leaf_of, split_body
from safepassage.leaf import parse_leaf, verify_commitment
from safepassage.logged import Logged, LoggedMessage, verify_logged
from safepassage.notes import parse_note
from safepassage.offline.keys import NamedKeys
from safepassage.problems.envelopes import LeafOfAnotherExchange, OtherCiphertext, OtherExchange, WrongLeaf
from safepassage.problems.messages import CommitmentNotOpened
from safepassage.problems.proofs import ProofFileMalformed
from safepassage.problems.signatures import UnexpectedType
from safepassage.receipt import Receipt, verify_receipt
from safepassage.tlog_policy import Policy, verify_witnessed
from safepassage.tlog_proof import FIRST_LINE, parse_proof_file, verify_proof_file

Kind = Literal["tlog-proof", "chain", "confirmation", "copy", "envelope", "message"]


@dataclass(frozen=True)
class Evidence:
    """What a document has shown: a sentence for people, and the same as facts."""

    sentence: str
    facts: Mapping[str, Any]


def kind_of(data: bytes) -> Kind:
    """What the bytes look like."""
    if data.startswith(FIRST_LINE.encode()):
        return "tlog-proof"
    if data.lstrip()[:1] == b"{":
        return _kind_of_document(data)
    return "message" if data[:1] == b"e" else "envelope"


def _kind_of_document(data: bytes) -> Kind:
    """By the member that each kind of signed JSON document has; what is none of them is refused as a chain."""
    try:
        members = json_object(data)
    except ValueError:
        return "chain"
    return "confirmation" if "confirmation" in members else "copy" if "copy" in members else "chain"


def verify_proof(data: bytes, *, entry: bytes | None, keys: NamedKeys) -> Evidence:
    """A proof file. The entry is given, or the file holds it. Raises what its parts raise."""
    proof = parse_proof_file(data)
    content = proof.extra if entry is None else entry
    if content is None:
        raise ProofFileMalformed("the file does not hold the entry: name it with --entry")
    origin = parse_checkpoint(parse_note(proof.checkpoint).text).origin
    checkpoint = verify_proof_file(proof, entry=content, origin=origin, keys=keys.all_log_keys())
    leaf = parse_leaf(content)
    sentence = (
        f"Entry {proof.index} of {origin} is proven: class {leaf.class_}, logged at {leaf.t}, in a tree of {checkpoint.size} entries."
    )
    return Evidence(sentence, {"origin": origin, "index": proof.index, "size": checkpoint.size, "class": leaf.class_, "t": leaf.t})


def witnessed(note: str, *, policy: Policy, keys: NamedKeys) -> Evidence:
    """That a quorum of the policy's witnesses has cosigned a checkpoint of a named log. Raises what `verify_witnessed` raises."""
    found = verify_witnessed(note, policy=policy, log_keys=keys.all_log_keys())
    names = sorted({one.key.name for one in found.cosignatures})
    checkpoint, by = found.checkpoint, ", ".join(names) or "none is asked for"
    sentence = f"The checkpoint of {checkpoint.origin} with {checkpoint.size} entries was cosigned by a quorum: {by}."
    return Evidence(sentence, {"origin": checkpoint.origin, "size": checkpoint.size, "witnesses": names})


def verify_document(data: bytes, *, keys: NamedKeys, request: str | None = None, opening: bytes | None = None) -> Evidence:
    """A signed message, or an envelope with its ciphertext.

    request  the signed request that it should answer
    opening  JSON {salt, person}: shows for whom a receipt is

    Raises what the message's verification raises; OtherExchange, CommitmentNotOpened.
    """
    ciphertext: bytes | None = None
    if kind_of(data) == "envelope":
        token, ciphertext = split_body(data)
    else:
        token = data.decode("ascii", "replace").strip()
    header, claims, _, _ = split(token)
    kinds = {Receipt.TYPE: _receipt, Envelope.TYPE: _envelope, Accepted.TYPE: _accepted}
    if header["typ"] not in kinds:
        raise UnexpectedType("a receipt, an envelope or an acceptance can be verified offline")
    if request is not None and claims.get("request_digest") != digest_of(request.encode()):
        raise OtherExchange
    evidence = kinds[header["typ"]](token, claims, keys)
    if ciphertext is not None and not Envelope.model_validate(claims).covers(digest_of(ciphertext)):
        raise OtherCiphertext
    return evidence if opening is None else _opened(evidence, claims, opening)


def _receipt(token: str, claims: Mapping[str, Any], keys: NamedKeys) -> Evidence:
    issuer, audience = str(claims.get("iss")), str(claims.get("aud"))
    own = keys.signing_keys_of(issuer)
    verified, logged = verify_receipt(token, issuer=issuer, audience=audience, keys=own, logs=keys.logs(issuer), pinned={})
    message = verified.message
    about = {"outcome": message.outcome, "reason": message.reason, "exchange_id": message.exchange_id, "stored_at": message.stored_at}
    because = f" ({message.reason})" if message.reason else ""
    sentence = f"{issuer} says of exchange {message.exchange_id} to {audience}: {message.outcome}{because}."
    return _evidence(sentence, logged, "sp-receipt+jws", {**about, "recipient_organisation": message.recipient_organisation})


def _envelope(token: str, claims: Mapping[str, Any], keys: NamedKeys) -> Evidence:
    verified, logged = _verified(token, Envelope, claims, keys)
    message = verified.message
    require_leaf_of(message, logged)
    answered = "a package" if message.kind == "package" else "that nothing is provided"
    sentence = f"{message.iss} answered exchange {message.exchange_id} of {message.aud} with {answered}, and logged it first."
    return _evidence(sentence, logged, message.TYPE, {"kind": message.kind, "exchange_id": message.exchange_id})


def _accepted(token: str, claims: Mapping[str, Any], keys: NamedKeys) -> Evidence:
    verified, logged = _verified(token, Accepted, claims, keys)
    message = verified.message
    if logged.leaf.class_ != "request":
        raise WrongLeaf
    if logged.leaf.digests.ct != message.request_digest:
        raise LeafOfAnotherExchange
    sentence = f"{message.iss} has the request {message.exchange_id} of {message.aud} on its record."
    return _evidence(sentence, logged, message.TYPE, {"exchange_id": message.exchange_id})


def _verified(token: str, kind: type[M], claims: Mapping[str, Any], keys: NamedKeys) -> tuple[Verified[M], Logged]:
    # INVARIANT: a node's message counts by that node's keys and in its log, whosever else are named beside them.
    issuer = str(claims.get("iss"))
    verified = verify_message(token, kind=kind, keys=keys.signing_keys_of(issuer))
    message = verified.message
    if not isinstance(message, LoggedMessage):
        raise UnexpectedType
    return verified, verify_logged(message, logs=keys.logs(issuer), pinned={})


def _evidence(sentence: str, logged: Logged, typ: str, facts: Mapping[str, Any]) -> Evidence:
    place = {"origin": logged.checkpoint.origin, "index": logged.index, "size": logged.checkpoint.size}
    proven = f"Entry {logged.index} of {logged.checkpoint.origin} proves it, in a tree of {logged.checkpoint.size} entries."
    return Evidence(f"{sentence} {proven}", {"typ": typ, **{name: _plain(value) for name, value in facts.items()}, **place})


def _opened(evidence: Evidence, claims: Mapping[str, Any], opening: bytes) -> Evidence:
    try:
        content = json_object(opening)
        verify_commitment(committed=str(claims.get("subject_commit")), salt=from_base64url(content["salt"]), payload=content["person"])
    except (ValueError, KeyError, TypeError) as error:
        raise CommitmentNotOpened from error
    return Evidence(f"{evidence.sentence} It is about the person in the opening.", {**evidence.facts, "subject_opened": True})


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, bool, type(None))) else str(value)
