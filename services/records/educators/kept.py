"""An educator's credential at rest: sealed, found by a keyed tag of the educator's number."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.wire import Wire
from safepassage.wire_educators import MOST_HELD, Educator, EducatorId
from services.records.tables import EducatorCredentialRow
from services.records.vault import Vault
from shared.inserts import insert_into


class KeptContent(Wire):
    """What is sealed."""

    educator: Educator
    credential: str
    """The secured credential as a file has it: JSON text, or a JWT."""


def educator_tag(vault: Vault, organisation_id: UUID, identifier: EducatorId) -> bytes:
    """By which an organisation finds its educator; another organisation's is another one."""
    return vault.tags.source_id(organisation_id, f"educator\0{identifier.system.casefold()}", identifier.value.casefold())


async def keep(
    tx: AsyncSession, vault: Vault, content: KeptContent, *, id_: UUID, organisation_id: UUID, node: str, credential_id: str, now: datetime
) -> UUID:
    """Store it, and give its id here: the first one's, where the organisation has this credential already."""
    known = vault.tags.content(f"{organisation_id}\0{credential_id}".encode())
    row = {
        "id": id_,
        "organisation_id": organisation_id,
        "node": node,
        "educator": educator_tag(vault, organisation_id, content.educator.identifier),
        "credential": known,
        "kept_at": now,
        "sealed": vault.seal_educator(id_, content.model_dump_json().encode()),
    }
    await tx.execute(insert_into(tx, EducatorCredentialRow).values(row).on_conflict_do_nothing(index_elements=["credential"]))
    query = select(EducatorCredentialRow.id).where(EducatorCredentialRow.credential == known)
    return (await tx.execute(query)).scalar_one()


def kept_of(
    connection: Connection, vault: Vault, organisation_id: UUID, identifier: EducatorId
) -> list[tuple[EducatorCredentialRow, KeptContent]]:
    """What an organisation keeps of an educator, the oldest first. Raises SealBroken."""
    table = EducatorCredentialRow.__table__
    query = select(table).where(
        table.c.educator == educator_tag(vault, organisation_id, identifier), table.c.organisation_id == organisation_id
    )
    rows = [
        EducatorCredentialRow(**row._mapping) for row in connection.execute(query.order_by(table.c.kept_at, table.c.id).limit(MOST_HELD))
    ]
    return [(row, KeptContent.model_validate_json(vault.open_educator(row.id, row.sealed))) for row in rows]
