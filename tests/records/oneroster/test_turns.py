"""A collection of many students is made in turns: others of the process do not wait until the last of its objects is there."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest

from services.records.oneroster import contents, counts, paging, reading
from services.records.oneroster.counts import Counts
from shared.turns import in_turns
from tests.records.oneroster.conftest import STUDENTS, Roster

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("path", ["users", "students", "demographics", "enrollments", "classes", "courses"])
async def test_whatever_is_made_of_every_student_is_made_and_chosen_in_turns(
    roster: Roster, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    roster.state.records.state.oneroster_counts = Counts()
    passed = {"counted": 0, "read": 0, "made": 0, "chosen": 0}

    def counted(what: str) -> Any:
        async def through(items: Iterable[Any], **about: int) -> AsyncIterator[Any]:
            async for item in in_turns(items, **about):
                passed[what] += 1
                yield item

        return through

    monkeypatch.setattr(contents, "in_turns", counted("made"))
    monkeypatch.setattr(paging, "in_turns", counted("chosen"))
    monkeypatch.setattr(counts, "in_turns", counted("counted"))
    monkeypatch.setattr(reading, "in_turns", counted("read"))
    [found] = (await roster.consumer.get(path, sort="sourcedId")).values()
    assert passed["made"] == len(STUDENTS)
    assert passed["counted"] == counts.COUNTED_IN
    assert passed["read"] == len(STUDENTS)
    assert passed["chosen"] == 2 * len(found) > 0  # chosen, and given its place
