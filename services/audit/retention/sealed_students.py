"""Whom a hold or a destruction is about, sealed: a hold must know the student in school years that are yet to come."""

import secrets
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.driver import Driver
from services.audit.sealing import NONCE_BYTES
from services.audit.subject_keys import SubjectKeys
from services.audit.tables import DestructionRow, HoldRow


def seal_student(driver: Driver, keys: SubjectKeys, student: UUID, *, of: UUID) -> bytes:
    """The id of a student, for the row with the id `of`; in a writing transaction."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(keys.retention_key(driver)).encrypt(nonce, student.bytes, of.bytes)


def open_student(driver: Driver, keys: SubjectKeys, sealed: bytes | None, *, of: UUID) -> UUID | None:
    """The student of a row; None for a row about nobody. Raises InvalidTag for a row that was altered."""
    if sealed is None:
        return None
    clear = AESGCM(keys.retention_key(driver)).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], of.bytes)
    return UUID(bytes=clear)


async def student_of(tx: AsyncSession, keys: SubjectKeys, row: HoldRow | DestructionRow) -> UUID | None:
    """The same, of a row that was read. A destruction that was carried out or called off is about nobody any more."""
    return await tx.run_sync(lambda session: open_student(Driver(session.connection()), keys, row.sealed_student, of=row.id))
