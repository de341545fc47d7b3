"""A student's address that is protected here stays so when a system names it without a word of that."""

from typing import Any

import pytest

from safepassage.record.loads import LoadedRecord
from services.records.formats.edfi_api import read_edfi_api
from services.records.loading_rosters import over
from services.records.subject_facts import flags_of
from tests.records.formats.edfi_bodies import bodies

AT = "studentEducationOrganizationAssociations"
SILENT = "doNotPublishIndicator"


def loaded(said: dict[str, Any], *, before: LoadedRecord | None = None) -> LoadedRecord:
    roster = read_edfi_api(said)
    record = roster.students[0].record
    assert record is not None
    return over(before, record, carries=roster.carries, updates=roster.updates)


def saying(**changed: Any) -> dict[str, Any]:
    """The student's address alone; a parent's is protected by itself."""
    made = bodies()
    made[AT][0]["addresses"][0] = {**made[AT][0]["addresses"][0], **changed}
    made["contacts"], made["studentContactAssociations"] = [], []
    return made


PLACE = {"streetNumberName": "5 Quiet Lane", "city": "Alder", "postalCode": "00501"}
AGAIN = {
    "nothing": {},
    "no": {SILENT: False},
    "capitals": {"streetNumberName": "5 QUIET LANE"},
    "short": {"streetNumberName": "5 Quiet Ln. Apt 2"},
    "long code": {"postalCode": "00501-1234", "city": "Alder Heights"},
    "another code of the city": {"postalCode": "00502"},
}


@pytest.mark.requirement("HARD-14")
@pytest.mark.parametrize("silent", AGAIN.values(), ids=AGAIN)
def test_it_stays_so(silent: dict[str, Any]) -> None:
    changed, held = PLACE | {SILENT: None} | silent, PLACE | {SILENT: True}
    after = loaded(saying(**changed), before=loaded(saying(**held)))
    assert after.contacts is not None
    assert [one.protected for one in after.contacts.addresses or ()] == [True]
    assert "protected-address" in flags_of(after)


def test_another_place_is_as_it_is_said_and_so_is_one_that_was_not_protected() -> None:
    moved = loaded(saying(**PLACE | {SILENT: None, "streetNumberName": "9 Quiet Lane"}), before=loaded(saying(**PLACE | {SILENT: True})))
    elsewhere = PLACE | {SILENT: None, "city": "Birch", "postalCode": "00603"}
    away = loaded(saying(**elsewhere), before=loaded(saying(**PLACE | {SILENT: True})))
    open_before = loaded(saying(**{SILENT: None}), before=loaded(saying(**{SILENT: None})))
    now = loaded(saying(**{SILENT: True}), before=open_before)
    assert ["protected-address" in flags_of(one) for one in (moved, away, open_before, now)] == [False, False, False, True]
