"""The names of parties by which their agreements are sorted: kept in the agreement's row, so that an index has them."""

from typing import Final

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.wire_organisations import Organisation
from services.privacy.tables import AgreementRow
from shared.word_order import in_words

LONGEST: Final = 200
"""Letters that are compared: some letters are several once they are taken apart."""


def sorted_name(name: str) -> str:
    """A party's name as the row has it."""
    return in_words(name)[:LONGEST]


async def party_renamed(tx: AsyncSession, organisation: Organisation) -> None:
    """An organisation was projected: its agreements are sorted by the name that it has now."""
    name = sorted_name(organisation.name)
    changed = update(AgreementRow).where(AgreementRow.recipient_id == organisation.id, AgreementRow.recipient_name != name)
    await tx.execute(changed.values(recipient_name=name).execution_options(synchronize_session=False))
