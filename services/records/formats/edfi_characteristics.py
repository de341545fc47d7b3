"""Ed-Fi's student characteristics that say what an element of the record says: homeless, in foster care, a parent in the military. Pure.

An organisation says them of a student: `studentCharacteristics` of an association, in Data Standard 6 of `studentDemographics`. They are
read and stay beside the record too, as they came: who designated one, its other periods, and those that no element says. Decision 121.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from safepassage.record.codes import Period
from safepassage.record.demographics import MilitaryConnection
from safepassage.record.programmes import Foster, Homeless
from services.records.formats.edfi_members import Members
from services.records.formats.edfi_resources import Body, without_nothing
from services.records.formats.edfi_stream import Item, code_of, coded, day, present

Values = dict[str, Any]

NAME: Final = "StudentCharacteristicDescriptor"
STANDARD: Final = f"uri://ed-fi.org/{NAME}"
HOMELESS, UNACCOMPANIED, FOSTER, MILITARY = "Homeless", "Unaccompanied Youth", "Foster Care", "Parent in Military"
NOT_NAMED: Final = "not named"
"""The agency of a child of whom a system says that the child is in foster care, and not in whose."""


class Characteristic(NamedTuple):
    """One of a student, in the last of its periods."""

    descriptor: str
    begin_date: date | None = None
    end_date: date | None = None

    @property
    def days(self) -> Values:
        """Those that are told."""
        return present(begin_date=self.begin_date, end_date=self.end_date)


def of_bodies(bodies: Iterable[Members]) -> list[Characteristic]:
    """Of resources of an API. None of it counts as read: it stays beside the record."""
    return [
        _in_last(
            str(one["studentCharacteristicDescriptor"]).strip(),
            ((two.get("beginDate"), two.get("endDate")) for two in one.get("periods") or ()),
        )
        for body in bodies
        for one in body.peek("studentCharacteristics") or ()
    ]


def of_elements(items: Iterable[Item]) -> list[Characteristic]:
    """Of interchange files. None of it counts as read: it stays beside the record."""
    return [
        _in_last(
            one.findtext("StudentCharacteristic", "").strip(),
            ((two.findtext("BeginDate"), two.findtext("EndDate")) for two in one.iterfind("Period")),
        )
        for item in items
        for one in item.element.iterfind("StudentCharacteristic")
    ]


def _in_last(descriptor: str, periods: Iterable[tuple[str | None, str | None]]) -> Characteristic:
    """A period that ends before it begins is none: that it is wrong makes nobody less homeless."""
    days = [(day((begin or "").strip()), day((end or "").strip())) for begin, end in periods]
    told = [(begin, end) for begin, end in days if begin is None or end is None or begin <= end]
    return Characteristic(descriptor, *max(told, key=lambda one: one[0] or date.min, default=(None, None)))


def said_by(found: Sequence[Characteristic], said: Mapping[str, Values]) -> dict[str, Values]:
    """By section the elements that characteristics say and nothing else of the upload does.

    said  by section what resources of their own say: of a programme, of who serves

    A child whom nobody says to be homeless is not made so by being unaccompanied: not each such child is (42 U.S.C. 11434a(6)).
    """
    programmes: Values = {}
    homeless, alone = _last(found, HOMELESS), _last(found, UNACCOMPANIED)
    is_alone = alone is not None and (alone.end_date is None or (homeless is not None and alone.end_date == homeless.end_date))
    served = said["programmes"].get("homeless")
    if served is not None and is_alone and "unaccompanied_youth" not in served:
        programmes["homeless"] = {**served, "unaccompanied_youth": True}
    elif served is None and homeless is not None:
        programmes["homeless"] = {**homeless.days, **present(unaccompanied_youth=is_alone or None)}
    foster, military = _last(found, FOSTER), _last(found, MILITARY)
    if foster is not None:
        programmes["foster"] = {"agency": NOT_NAMED, "role": coded(foster.descriptor), **foster.days}
    if military is None or said["demographics"].get("military_connection") is not None:
        return {"programmes": programmes}
    return {"programmes": programmes, "demographics": {"military_connection": {"status": coded(military.descriptor), **military.days}}}


def _last(found: Sequence[Characteristic], code: str) -> Characteristic | None:
    """Of several organisations: what has not ended before what has, then what began last."""
    those = [one for one in found if code_of(one.descriptor) == code.casefold()]
    return max(those, key=lambda one: (one.end_date is None, one.begin_date or date.min), default=None)


def says_no_more(value: object) -> bool:
    """Whether an element says what a characteristic alone would: nothing of a programme, an agency, or who serves."""
    if isinstance(value, Homeless):
        return value.served is None and not (value.nighttime_residence or value.participation) and value.unaccompanied_youth is not False
    if isinstance(value, Foster):
        return value.role.system.endswith(NAME) and value.agency == NOT_NAMED
    return isinstance(value, MilitaryConnection) and value.status.system.endswith(NAME)


def after(held: Any, said: Any) -> Any:
    """Of two values of an element, `said` being a characteristic's, the one that the record has from now on.

    # INVARIANT: a characteristic takes nothing away that was said by more than one: where a child stays, which agency, who serves.
    """
    follows = says_no_more(held) and (said.begin_date or said.end_date or held.end_date)
    return said if follows else held


def as_characteristics(value: object) -> list[Body]:
    """`studentCharacteristics` of an element that says no more than they do; none of any other."""
    if not says_no_more(value):
        return []
    if isinstance(value, Homeless):
        codes = [HOMELESS, *([UNACCOMPANIED] if value.unaccompanied_youth else [])]
        return [_body(f"{STANDARD}#{code}", value) for code in codes]
    assert isinstance(value, (Foster, MilitaryConnection))  # noqa: S101 of nothing else it is so
    code = value.role if isinstance(value, Foster) else value.status
    return [_body(f"{code.system}#{code.code}", value)]


def _body(descriptor: str, period: Period) -> Body:
    """Ed-Fi demands the first day of a period."""
    begin, end = period.begin_date, period.end_date
    days = None if begin is None else [without_nothing(beginDate=begin.isoformat(), endDate=None if end is None else end.isoformat())]
    return without_nothing(studentCharacteristicDescriptor=descriptor, periods=days)
