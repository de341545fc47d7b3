"""After a rotation nothing in the store needs the version before, whichever table it is in: that version is destroyed next."""

import pytest
from sqlalchemy import LargeBinary, select

from safepassage.canonical import from_base64url
from services.records.tables import ArrivedNoticeRow, OutboxRow, OutgoingNoticeRow, TransferHoldRow
from services.records.tables.registry import Base
from services.records.vault_rotation import OF_EXCHANGES, rewrap_data_keys
from shared.key_encryption import version_of
from tests.records.exchange.other_claimants import notices, say
from tests.records.exchange.test_transfer_holds import holds, two_claims
from tests.records.exchange.two_states import State, TwoStates

pytestmark = pytest.mark.anyio


async def under(state: State, version: int) -> dict[str, int]:
    """By column, how many values a version of the key-encryption key has wrapped."""
    found: dict[str, int] = {}
    async with state.exchange.database.reading() as tx:
        for table in Base.metadata.sorted_tables:
            for column in (one for one in table.columns if isinstance(one.type, LargeBinary)):
                values = (await tx.scalars(select(column).where(column.is_not(None)))).all()
                found[f"{table.name}.{column.name}"] = sum(version_of(value) == version for value in values)
        bodies = (await tx.scalars(select(OutboxRow.body))).all()
        found["outbox.body"] = sum(version_of(from_base64url(body[:8])) == version for body in bodies)
    return {name: count for name, count in found.items() if count}


async def test_what_notices_and_holds_say_opens_without_the_version_before(states: TwoStates) -> None:
    first, second = await two_claims(states, states.child())
    await say(states, "new-district", first, "enrolled")
    await states.settle()
    held = (await holds(states))[second.id]
    told = await notices(states.birch, "new-district", first)
    for state in (states.alder, states.birch):
        provider = state.exchange.vault.provider
        before = provider.version
        assert {"student.wrapped_key"} <= (await under(state, before)).keys()
        provider.rotate()
        await rewrap_data_keys(state.exchange.database, state.exchange.vault)
        assert await under(state, before) == {}
    for row in (OutgoingNoticeRow, ArrivedNoticeRow, TransferHoldRow):
        assert await states.alder.rows(row)
    assert await notices(states.birch, "new-district", first) == told
    assert (await holds(states))[second.id] == held


def test_whatever_has_particulars_is_wrapped_again() -> None:
    sealed = {table.name for table in Base.metadata.sorted_tables if "particulars" in table.columns}
    assert sealed == {row.__tablename__ for row in OF_EXCHANGES}
