"""A measured run counts only if nothing was skipped in it: both logs verify, and every receipt, and what was altered is refused."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import select

from node.folder import NodeFolder
from safepassage.canonical import from_base64url, to_base64url
from safepassage.claims import read_closed
from safepassage.envelope import CONTENT_TYPE, Envelope, envelope_body
from safepassage.node_statement import verify_node_statement
from safepassage.package import REDISCLOSURE_NOTICE_DIGEST
from safepassage.public_keys import by_kid
from safepassage.receipt import SentEnvelope, require_receipt_for, verify_receipt
from safepassage.trust_list import verify_first_trust_list
from safepassage.trust_members import Member
from services.audit.settings import AuditSettings
from services.audit.verification import verify_store
from services.records.exchange.peer_tokens import PeerCredentials
from services.records.exchange.peers import PeerAnswer, Peers
from services.records.tables import OutgoingEnvelopeRow, PeerRequestRow
from shared.clock import system_clock
from shared.database import Database
from shared.keys import SigningKey

ENTRIES_OF_AN_EXCHANGE = {"alder": 4, "birch": 3}
"""request, match, disclosure, receipt; request, received, filed. Those of the decisions come on top."""


class VerificationMissing(AssertionError):
    """The run did not do all that an exchange is: its figures are worth nothing."""


async def check_run(alder: NodeFolder, birch: NodeFolder, *, exchanges: int) -> None:
    """Both nodes run. Raises VerificationMissing, or what the SDK raises."""
    now = system_clock()
    sent = await _sent(alder)
    if len(sent) != exchanges:
        raise VerificationMissing(f"{len(sent)} envelopes for {exchanges} exchanges")
    member = _member(alder, birch.file.entity_id, now)
    for row, subject_commit in sent:
        _check_receipts(row, subject_commit, alder, birch, member, now)
    await _check_refusals(alder, birch, sent[-1][0], now)
    for name, node in (("alder", alder), ("birch", birch)):
        settings = node.settings("audit")
        if not isinstance(settings, AuditSettings):
            raise TypeError("audit's settings are AuditSettings")
        entries = sum(report.log.size for report in await verify_store(settings))
        if entries < ENTRIES_OF_AN_EXCHANGE[name] * exchanges:
            raise VerificationMissing(f"{name}'s log has {entries} entries")


async def _sent(alder: NodeFolder) -> list[tuple[OutgoingEnvelopeRow, str]]:
    database = Database.of(alder.settings("records"))
    query = select(OutgoingEnvelopeRow, PeerRequestRow.subject_commit).join(
        PeerRequestRow, PeerRequestRow.id == OutgoingEnvelopeRow.request_id
    )
    async with database.reading() as tx:
        rows = [(row, commit) for row, commit in (await tx.execute(query.order_by(OutgoingEnvelopeRow.id))).all()]
    await database.close()
    return rows


def _member(holder: NodeFolder, entity_id: str, now: datetime) -> Member:
    digest = holder.first_list_digest.read_text().strip()
    return verify_first_trust_list(holder.trust_list.read_bytes(), digest=digest, now=now, development=True).content.member(entity_id)


def _check_receipts(
    row: OutgoingEnvelopeRow, subject_commit: str, alder: NodeFolder, birch: NodeFolder, member: Member, now: datetime
) -> None:
    """R1 and R2 verify, standing alone, and are for what was sent."""
    message = read_closed(row.claims.encode(), model=Envelope)
    sent = SentEnvelope(
        exchange_id=message.exchange_id,
        envelope_id=message.envelope_id,
        envelope_digest=row.envelope_digest or "",
        request_digest=message.request_digest,
        subject_commit=subject_commit,
        recipient_organisation=message.recipient_organisation,
        ct_digest=message.ct_digest,
        pt_commit=message.pt_commit,
        redisclosure_notice_digest=REDISCLOSURE_NOTICE_DIGEST,
    )
    statement = verify_node_statement(
        birch.statement.read_text().strip(), entity_id=member.entity_id, keys=by_kid(member.statement_keys), lowest_serial=0, now=now
    )
    parties: dict[str, Any] = {"issuer": member.entity_id, "audience": alder.file.entity_id}
    for token, outcome in ((row.r1, "received"), (row.r2, "applied")):
        keys = by_kid(statement.message.exchange_signing)
        receipt, logged = verify_receipt(token or "", **parties, keys=keys, logs=member.log_identities(), pinned={})
        require_receipt_for(receipt.message, logged, sent=sent, now=now)
        if receipt.message.outcome != outcome:
            raise VerificationMissing(f"a receipt says {receipt.message.outcome}, not {outcome}")


async def _check_refusals(alder: NodeFolder, birch: NodeFolder, row: OutgoingEnvelopeRow, now: datetime) -> None:
    """Birch refuses an envelope of Alder's with another ciphertext, or another signature; Alder a receipt of Birch's with another one."""
    jws, r2 = row.jws or "", row.r2 or ""
    other_ciphertext = await _post(alder, birch, "/v1/peer/envelopes", envelope_body(jws, b"\0" * 2048), CONTENT_TYPE, now)
    other_signature = await _post(alder, birch, "/v1/peer/envelopes", envelope_body(resigned(jws), b"\0" * 2048), CONTENT_TYPE, now)
    other_receipt = await _post(birch, alder, "/v1/peer/receipts", resigned(r2).encode("ascii"), "application/jose", now)
    answers = [other_ciphertext, other_signature, other_receipt]
    if answers != ["other-ciphertext", "bad-signature", "bad-signature"]:
        raise VerificationMissing(f"not refused: {answers}")


def resigned(token: str) -> str:
    """The token with every bit of its signature changed."""
    signed, _, signature = token.rpartition(".")
    flipped = bytes(byte ^ 1 for byte in from_base64url(signature))
    return f"{signed}.{to_base64url(flipped)}"


async def _post(sender: NodeFolder, receiver: NodeFolder, path: str, body: bytes, content_type: str, now: datetime) -> str:
    """The code with which the receiver refuses it."""
    answer = await post_as(sender, receiver, path, body, content_type, now)
    if answer.status < 400:
        raise VerificationMissing(f"{path} took what was altered")
    code: str = json.loads(answer.body)["code"]
    return code


async def post_as(sender: NodeFolder, receiver: NodeFolder, path: str, body: bytes, content_type: str, now: datetime) -> PeerAnswer:
    """What the receiver answers to it."""
    keys = sender.keys / "records"
    credentials = PeerCredentials(
        sender.file.entity_id, client_key=SigningKey.load(keys / "peer-client.json"), dpop_key=SigningKey.load(keys / "peer-dpop.json")
    )
    peers = Peers(sender.settings("records"), credentials, system_clock, timeout_seconds=20)
    try:
        return await peers.post(_member(sender, receiver.file.entity_id, now), path, body, content_type=content_type)
    finally:
        await peers.close()
