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


MOVED = {"next door": {"streetNumberName": "9 Quiet Lane"}, "away": {"city": "Birch", "postalCode": "00603"}}


@pytest.mark.requirement("HARD-14")
@pytest.mark.parametrize("place", MOVED.values(), ids=MOVED)
def test_a_family_that_moves_takes_it_along_unless_the_system_says_no(place: dict[str, Any]) -> None:
    held = loaded(saying(**PLACE | {SILENT: True}))
    moved = loaded(saying(**PLACE | {SILENT: None} | place), before=held)
    again = loaded(saying(**PLACE | {SILENT: None} | place), before=moved)
    opened = loaded(saying(**PLACE | {SILENT: False} | place), before=held)
    assert ["protected-address" in flags_of(one) for one in (moved, again, opened)] == [True, True, False]


def test_what_was_known_and_not_protected_stays_as_it_is_beside_what_is() -> None:
    def both(**home: Any) -> dict[str, Any]:
        made = saying(**PLACE | {SILENT: None} | home)
        made[AT][0]["addresses"].append(made[AT][0]["addresses"][0] | {"streetNumberName": "1 Post Box", "doNotPublishIndicator": None})
        return made

    before = loaded(both())
    hidden = loaded(both(**{SILENT: True}), before=before)
    moved = loaded(both(streetNumberName="9 Quiet Lane"), before=hidden)
    for one in (hidden, moved):
        assert one.contacts is not None
        assert {place.street: place.protected for place in one.contacts.addresses or ()} == {
            place.street: place.street != "1 Post Box" for place in one.contacts.addresses or ()
        }


def test_where_nothing_is_protected_silence_says_nothing() -> None:
    open_before = loaded(saying(**{SILENT: None}), before=loaded(saying(**{SILENT: None})))
    moved = loaded(saying(**PLACE | {SILENT: None}), before=open_before)
    now = loaded(saying(**{SILENT: True}), before=moved)
    assert ["protected-address" in flags_of(one) for one in (open_before, moved, now)] == [False, False, True]
