"""A run in batches counts only if batches were what was measured, and each member of one was verified by itself."""

import json

from sqlalchemy import select

from bench.exchange_checks import VerificationMissing, post_as, resigned
from node.folder import NodeFolder
from safepassage.batch_signatures import ALGORITHM
from safepassage.compact import split
from safepassage.envelope import envelope_body
from safepassage.message_batches import CONTENT_TYPE, BatchAnswers, batch_body
from services.records.exchange.states import Outgoing
from services.records.tables import OutgoingEnvelopeRow
from shared.clock import system_clock
from shared.database import Database

SHARED = 0.9
"""The part of the envelopes that have to share their signature."""


async def check_batches(alder: NodeFolder, birch: NodeFolder) -> None:
    """Both nodes run. Raises VerificationMissing."""
    rows = await _processed(alder)
    shared = [row for row in rows if split(row.jws or "")[0]["alg"] == ALGORITHM]
    if len(shared) < SHARED * len(rows):
        raise VerificationMissing(f"{len(shared)} of {len(rows)} envelopes share a signature: these were no batches")
    first, second = shared[-1], shared[-2]
    others = b"\0" * 2048
    members = [
        envelope_body(first.jws or "", others),
        envelope_body(resigned(second.jws or ""), others),
        envelope_body(_under_another(first.jws or "", second.jws or ""), others),
    ]
    answers = await _answers(alder, birch, "/v1/peer/envelope-batches", members)
    if answers != ["other-ciphertext", "bad-signature", "bad-signature"]:
        raise VerificationMissing(f"not refused: {answers}")
    receipts = [(first.r2 or "").encode("ascii"), resigned(second.r2 or "").encode("ascii")]
    answers = await _answers(birch, alder, "/v1/peer/receipt-batches", receipts)
    if answers != ["204", "bad-signature"]:
        raise VerificationMissing(f"one receipt is to be taken again, the other refused: {answers}")


async def _processed(alder: NodeFolder) -> list[OutgoingEnvelopeRow]:
    database = Database.of(alder.settings("records"))
    query = select(OutgoingEnvelopeRow).where(OutgoingEnvelopeRow.state == Outgoing.PROCESSED).order_by(OutgoingEnvelopeRow.id)
    async with database.reading() as tx:
        rows = list((await tx.execute(query)).scalars().all())
    await database.close()
    return rows


def _under_another(token: str, other: str) -> str:
    """What one member says under the signature of another."""
    return f"{token.rpartition('.')[0]}.{other.rpartition('.')[2]}"


async def _answers(sender: NodeFolder, receiver: NodeFolder, path: str, members: list[bytes]) -> list[str]:
    """The code with which each member is refused, or the status with which it is taken."""
    answer = await post_as(sender, receiver, path, batch_body(members), CONTENT_TYPE, system_clock())
    if answer.status != 200:
        raise VerificationMissing(f"a batch is answered {answer.status}")
    answers = BatchAnswers.model_validate_json(answer.body).answers
    return [str(one.status) if one.status < 400 else str(json.loads(one.body)["code"]) for one in answers]
