"""A document that comes twice at the same time under one id, on both engines: it is kept once, and nobody is told that something failed."""

import asyncio
from uuid import UUID, uuid4

import pytest

from services.records.tables import AttachmentRow
from tests.records.attachments.test_routes import child, daemon, load
from tests.records.both_engines import running
from tests.records.one_state import OneState, problem

__all__ = ["child", "daemon", "running"]

pytestmark = pytest.mark.anyio


async def test_of_one_document_that_comes_twice_at_once_one_is_kept(alder: OneState, child: UUID) -> None:
    for _ in range(3):
        id_ = str(uuid4())
        told = await asyncio.gather(*(load(alder, child, id=id_) for _ in range(3)))
        assert sorted(answer.status for answer in told) == [201, 409, 409]
        assert {problem(answer) for answer in told if answer.status == 409} == {"attachment-exists"}
        assert [row.id for row in await alder.rows(AttachmentRow) if str(row.id) == id_] == [UUID(id_)]
