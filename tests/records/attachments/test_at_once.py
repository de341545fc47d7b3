"""A document that comes twice at the same time under one id, on both engines: it is kept once, and nobody is told that something failed."""

import asyncio
from uuid import UUID, uuid4

import pytest

from safepassage.problems.requests import BodyTooLarge
from services.records.tables import AttachmentRow
from tests.records.attachments.files import IEP
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


async def test_documents_that_come_at_once_are_together_no_longer_than_one_student_may_have(alder: OneState, child: UUID) -> None:
    state = alder.records.state
    kept, before = state.settings, await alder.rows(AttachmentRow)
    try:
        state.settings = kept.model_copy(update={"max_body_bytes": 2 * len(IEP)})
        told = await asyncio.gather(*(load(alder, child) for _ in range(5)))
    finally:
        state.settings = kept
    assert sorted(answer.status for answer in told) == [201, 201, 413, 413, 413]
    assert {problem(answer) for answer in told if answer.status == 413} == {BodyTooLarge.code}
    assert len(await alder.rows(AttachmentRow)) == len(before) + 2
