"""In which state a student lives, by the addresses that the record holds now. Pure.

A notice law counts residents. What is not certain is not known: an address of an earlier time, two states at once, one that a
confidentiality programme protects.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, Literal

from safepassage.record.codes import Period
from safepassage.record.contacts import Address, Guardian

Residence = str
"""Two letters of a state, the District or a territory; or one of these."""
UNKNOWN: Final[Literal["unknown"]] = "unknown"
ELSEWHERE: Final[Literal["elsewhere"]] = "elsewhere"

_NAMES: Final = (
    "AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|DE Delaware|DC District of Columbia|FL Florida|"
    "GA Georgia|HI Hawaii|ID Idaho|IL Illinois|IN Indiana|IA Iowa|KS Kansas|KY Kentucky|LA Louisiana|ME Maine|MD Maryland|"
    "MA Massachusetts|MI Michigan|MN Minnesota|MS Mississippi|MO Missouri|MT Montana|NE Nebraska|NV Nevada|NH New Hampshire|"
    "NJ New Jersey|NM New Mexico|NY New York|NC North Carolina|ND North Dakota|OH Ohio|OK Oklahoma|OR Oregon|PA Pennsylvania|"
    "RI Rhode Island|SC South Carolina|SD South Dakota|TN Tennessee|TX Texas|UT Utah|VT Vermont|VA Virginia|WA Washington|"
    "WV West Virginia|WI Wisconsin|WY Wyoming|AS American Samoa|GU Guam|MP Northern Mariana Islands|PR Puerto Rico|VI Virgin Islands|"
    "XA Alder|XB Birch"
)
"""XA and XB are no states: those of the nodes that are for trying."""
_CODES: Final = {form: pair[:2] for pair in _NAMES.split("|") for form in (pair[:2].casefold(), pair[3:].casefold())}
STATES: Final = frozenset(_CODES.values())
_TERRITORIES: Final = frozenset({"AS", "GU", "MP", "PR", "VI"})
"""ISO 3166 has them as countries, too."""
_NO_HOME: Final = ("mail", "ship", "bill", "post")
"""What is in the code of an address at which nobody need live (CEDS 000010: Mailing, Shipping, Billing)."""


def residence_of(addresses: Sequence[Address], guardians: Sequence[Guardian], today: date) -> Residence:
    """Where a student lives today.

    addresses  the student's own; where none of them holds today, those of the guardians with whom the student lives
    """
    own = _holding(addresses, today)
    with_whom = (address for guardian in guardians if guardian.lives_with_student for address in guardian.addresses or ())
    held = own or _holding(with_whom, today)
    # INVARIANT: of who is in a confidentiality programme nothing is told, not even the state.
    if not held or any(one.protected for one in held):
        return UNKNOWN
    homes = [one for one in held if not _only_for_mail(one)] or held
    states = {_state(one) for one in homes}
    return states.pop() if len(states) == 1 else UNKNOWN


def _holding(periods: Iterable[Address], today: date) -> list[Address]:
    return [one for one in periods if _holds(one, today)]


def _holds(period: Period, today: date) -> bool:
    return (period.begin_date is None or period.begin_date <= today) and (period.end_date is None or today <= period.end_date)


def _only_for_mail(address: Address) -> bool:
    return address.kind is not None and any(word in address.kind.code.casefold() for word in _NO_HOME)


def _state(address: Address) -> Residence:
    if address.country in _TERRITORIES:
        return str(address.country)
    if address.country not in (None, "US"):
        return ELSEWHERE
    return _CODES.get(" ".join((address.state or "").replace(".", "").split()).casefold(), UNKNOWN)
