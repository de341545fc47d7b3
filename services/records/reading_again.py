"""Once this node knows more than the version before it did: records that came from peers of a later version are read again.

At each start of a process. Nothing of it leaves but the names of what is still not read, to the node that it came from: what that
disclosed, and which elements it named, is in the log since it came.
"""

import json
import logging
from functools import partial
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Connection, select

from safepassage.problems.records import NoSuchStudent, SealBroken
from safepassage.record import StudentRecord
from safepassage.unread import Unread, readable_part
from services.records.exchange.exchange import Exchange
from services.records.exchange.stored_rows import row_at, store
from services.records.loading import Arriving, Loading
from services.records.reading import parts_at
from services.records.record_sources import as_told_by
from services.records.tables import ExchangeRequestRow, StudentRow
from services.records.transfers.unread_notices import read_in_part
from services.records.unread_parts import still_unread, unread_in
from services.records.vault import Vault

log = logging.getLogger(__name__)


async def read_again(exchange: Exchange) -> int:
    """Read each of them again by what this version knows; of how many something more was read. What does not open stays as it is."""
    more = 0
    for student_id, source in await exchange.database.read(still_unread):
        more += await exchange.database.write(partial(_again, exchange=exchange, student_id=student_id, source=source))
    if more:
        exchange.outbox.wake()
        exchange.wake("noticing")
        log.info("records read again", extra={"count": more})
    return more


def _again(connection: Connection, *, exchange: Exchange, student_id: UUID, source: str) -> bool:
    connection.execute(select(StudentRow.id).where(StudentRow.id == student_id).with_for_update())
    try:
        arriving = read_anew(connection, exchange.vault, student_id, source)
    except (NoSuchStudent, SealBroken):
        return False
    if arriving is None:
        return False
    loading = Loading(exchange.vault, exchange.outbox, jurisdiction=exchange.settings.jurisdiction, now=exchange.clock())
    loading.store(connection, [arriving])
    _tell(connection, exchange, arriving)
    return True


def _tell(connection: Connection, exchange: Exchange, arriving: Arriving) -> None:
    """Tell the node that the record came from, which was told what was not read, what is not read still."""
    asked = None if arriving.source is None else row_at(connection, ExchangeRequestRow, UUID(arriving.source))
    if asked is not None and arriving.student_id is not None:
        left = () if arriving.unread is None else arriving.unread.not_known
        store(connection, read_in_part(exchange, asked, student_id=arriving.student_id, unread=left, now=exchange.clock()))


def read_anew(connection: Connection, vault: Vault, student_id: UUID, source: str) -> Arriving | None:
    """What this version reads of the record as it came; None where it is no more than before. Raises NoSuchStudent, SealBroken."""
    student, parts = parts_at(connection, vault, student_id)
    before = unread_in(parts, source)
    asked = connection.execute(select(ExchangeRequestRow.holder).where(ExchangeRequestRow.id == UUID(source))).scalar_one_or_none()
    found = None if before is None else _read(before)
    if before is None or found is None or asked is None:
        return None
    record, unread = found
    if unread is not None and unread.not_known == before.not_known and unread.elements == before.elements:
        return None
    return Arriving(
        record=as_told_by(record, asked),
        custodian_id=student.custodian_id,
        originating_agency=student.originating_agency,
        enrolled=(),
        source=source,
        student_id=student_id,
        unread=unread,
    )


def _read(before: Unread) -> tuple[StudentRecord, Unread | None] | None:
    document = json.loads(before.record)
    found = readable_part(document)
    readable, unread = (document, None) if found is None else found
    try:
        return StudentRecord.model_validate_json(json.dumps(readable), strict=True), unread
    except ValidationError:
        return None
