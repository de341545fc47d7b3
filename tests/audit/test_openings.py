"""Entries about thousands of students are opened in pieces, so that nobody else of the process waits for all of them."""

from uuid import uuid4

import pytest

from services.audit import openings
from services.audit.driver import Driver
from services.audit.openings import Place, open_entries
from services.audit.sealed_parts import in_pieces, parts_at
from shared.contracts.audit import Event
from tests.audit.audit_node import AuditNode, event
from tests.others_turns import turns_of_others

pytestmark = pytest.mark.anyio

STUDENTS = (3, 40, 1, 25, 0, 8)


def about(students: int) -> Event:
    """An entry about so many."""
    return event("load").model_copy(update={"subjects": tuple(uuid4() for _ in range(students))})


async def with_entries(node: AuditNode) -> list[Place]:
    """One for each of STUDENTS; their places."""
    appended = (await node.append(*[about(students) for students in STUDENTS])).entries
    return [Place(2026, one.index) for one in appended]


async def test_pieces_have_no_more_parts_than_they_may_or_are_one_entry(node: AuditNode) -> None:
    places = await with_entries(node)
    indices = sorted(place.at for place in places)
    parts = await node.database.read(lambda connection: parts_at(Driver(connection), 2026, indices))
    of_each = {index: sum(part.at == index for part in parts) for index in indices}
    for most in (1, 10, 30, 1_000):
        pieces = await node.database.read(lambda connection, most=most: in_pieces(Driver(connection), 2026, indices, most=most))
        assert [index for piece in pieces for index in piece] == indices
        assert all(len(piece) == 1 or sum(of_each[index] for index in piece) <= most for piece in pieces)
        assert len(pieces) <= 1 + sum(of_each.values()) * 2 // most


async def test_others_get_their_turn_between_pieces_and_the_entries_are_the_same(node: AuditNode, monkeypatch: pytest.MonkeyPatch) -> None:
    places = await with_entries(node)

    async def opened() -> tuple[list[tuple[Place, int]], int]:
        async with turns_of_others() as turns, node.database.reading() as tx:
            found = await open_entries(tx, node.app.state.keys, places[::-1])
            had = turns()
        return [(one.place, len([part for part in one.subjects if part.student is not None])) for one in found], had

    whole, _ = await opened()
    assert whole == list(zip(places[::-1], STUDENTS[::-1], strict=True))
    monkeypatch.setattr(openings, "PARTS_AT_ONCE", 10)
    in_parts, turns = await opened()
    assert in_parts == whole
    assert turns >= len(STUDENTS) - 2
