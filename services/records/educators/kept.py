"""An educator's credential at rest: sealed, found by a keyed tag of the educator's number."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Connection, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.requests import TemporarilyUnavailable
from safepassage.wire import Wire
from safepassage.wire_credentials import Identified
from safepassage.wire_educators import MOST_HELD, Educator, EducatorId
from services.records.tables import EducatorCredentialRow
from services.records.vault import Vault
from shared.inserts import insert_of


class KeptContent(Wire):
    """What is sealed."""

    educator: Educator
    credential: str
    """The secured credential as a file has it: JSON text, or a JWT."""
    identified: Identified | None = None
    """Of one that was brought: how staff made sure who brought it first."""


def educator_tag(vault: Vault, organisation_id: UUID, identifier: EducatorId) -> bytes:
    """By which an organisation finds its educator; another organisation's is another one."""
    return vault.tags.source_id(organisation_id, f"educator\0{identifier.system.casefold()}", identifier.value.casefold())


def educator_id(vault: Vault, organisation_id: UUID, educator: Educator) -> UUID | None:
    """The id by which an application names the educator, and a request finds the credentials; None without a birth date."""
    if educator.birth_date is None:
        return None
    known = educator.identifier
    return vault.tags.educator(organisation_id, known.system, known.value, educator.name, educator.birth_date)


def about(vault: Vault, organisation_id: UUID, educator: Educator) -> dict[str, tuple[UUID, ...]]:
    """Whom an entry of the log is about, and who may open it: the educator, and the agency."""
    identifier = educator_id(vault, organisation_id, educator)
    tag = educator_tag(vault, organisation_id, educator.identifier)
    return {"subjects": (in_the_log(identifier, tag),), "custodians": (organisation_id,)}


def in_the_log(identifier: UUID | None, tag: bytes) -> UUID:
    """What entries of the log call an educator: the id, and without a birth date the tag of the number at that organisation. Pure.

    INVARIANT: an entry about an educator names one: who was touched by a breach is counted by it.
    """
    return UUID(bytes=bytes(tag)) if identifier is None else identifier


async def keep(
    tx: AsyncSession, vault: Vault, content: KeptContent, *, id_: UUID, organisation_id: UUID, node: str, credential_id: str, now: datetime
) -> UUID:
    """As `keep_at`, in a transaction of a session."""
    about: dict[str, Any] = {"organisation_id": organisation_id, "node": node, "credential_id": credential_id, "now": now}
    connection = await tx.connection()
    return await connection.run_sync(lambda sync: keep_at(sync, vault, content, id_=id_, **about))


def keep_at(
    connection: Connection,
    vault: Vault,
    content: KeptContent,
    *,
    id_: UUID,
    organisation_id: UUID,
    node: str,
    credential_id: str,
    now: datetime,
) -> UUID:
    """Store it, and give its id here: the first one's, where the organisation has this credential already.

    Another text under an id that it has is kept beside the first: an issuer may say more, or less, of the same achievement.
    """
    known = vault.tags.content(f"{organisation_id}\0{credential_id}\0{content.credential}".encode())
    row = {
        "id": id_,
        "organisation_id": organisation_id,
        "node": node,
        "educator": educator_tag(vault, organisation_id, content.educator.identifier),
        "educator_id": educator_id(vault, organisation_id, content.educator),
        "credential": known,
        "kept_at": now,
        "sealed": vault.seal_educator(id_, content.model_dump_json().encode()),
    }
    table = EducatorCredentialRow.__table__
    insert = insert_of(connection.dialect.name, table).values(row).on_conflict_do_nothing(index_elements=["credential"])
    connection.execute(insert)
    found: UUID = connection.execute(select(table.c.id).where(table.c.credential == known)).scalar_one()
    return found


def kept_of(
    connection: Connection, vault: Vault, organisation_id: UUID, identifier: EducatorId
) -> list[tuple[EducatorCredentialRow, KeptContent]]:
    """What an organisation keeps of an educator, the oldest first; of more than MOST_HELD the newest. Raises SealBroken."""
    return _opened(connection, vault, select(EducatorCredentialRow.__table__).where(*_of(vault, organisation_id, identifier)))


def how_many_kept(connection: Connection, vault: Vault, organisation_id: UUID, identifier: EducatorId) -> int:
    """How many these are in all."""
    query = select(func.count()).select_from(EducatorCredentialRow.__table__).where(*_of(vault, organisation_id, identifier))
    return int(connection.execute(query).scalar_one())


def _of(vault: Vault, organisation_id: UUID, identifier: EducatorId) -> tuple[ColumnElement[bool], ...]:
    table = EducatorCredentialRow.__table__
    return table.c.educator == educator_tag(vault, organisation_id, identifier), table.c.organisation_id == organisation_id


def kept_of_id(connection: Connection, vault: Vault, identifier: UUID) -> list[tuple[EducatorCredentialRow, KeptContent]]:
    """The same of the educator with this id. Raises SealBroken."""
    table = EducatorCredentialRow.__table__
    return _opened(connection, vault, select(table).where(table.c.educator_id == identifier))


def kept_as(connection: Connection, vault: Vault, id_: UUID) -> tuple[EducatorCredentialRow, KeptContent] | None:
    """The one with this id here; None once it was destroyed. Raises SealBroken."""
    table = EducatorCredentialRow.__table__
    return next(iter(_opened(connection, vault, select(table).where(table.c.id == id_))), None)


def some_kept(connection: Connection, vault: Vault) -> list[tuple[EducatorCredentialRow, KeptContent]]:
    """What is kept of some educator, another one each time: on it the work of finding one is done. Raises SealBroken."""
    table = EducatorCredentialRow.__table__
    first = select(table.c.educator_id).where(table.c.educator_id.is_not(None)).order_by(table.c.educator_id).limit(1)
    found = connection.execute(first.where(table.c.educator_id >= uuid4())).scalar() or connection.execute(first).scalar()
    return [] if found is None else kept_of_id(connection, vault, found)


def _opened(connection: Connection, vault: Vault, query: Select[Any]) -> list[tuple[EducatorCredentialRow, KeptContent]]:
    table = EducatorCredentialRow.__table__
    newest = query.order_by(table.c.kept_at.desc(), table.c.id.desc()).limit(MOST_HELD)
    rows = [EducatorCredentialRow(**row._mapping) for row in connection.execute(newest)][::-1]
    return [(row, KeptContent.model_validate_json(vault.open_educator(row.id, row.sealed))) for row in rows]


def require_kept(connection: Connection, identifier: UUID) -> None:
    """INVARIANT: what was destroyed while an answer was made does not leave with it. Raises TemporarilyUnavailable: it is answered anew."""
    table = EducatorCredentialRow.__table__
    query = select(table.c.id).where(table.c.educator_id == identifier).limit(1).with_for_update()
    if connection.execute(query).first() is None:
        raise TemporarilyUnavailable("the credentials were destroyed meanwhile")
