"""How the two states number students."""

from node.synthetic.states import StatePlan


def check_digit(digits: str) -> str:
    """The Luhn check digit of `digits`."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


_SPREAD = 4_294_967_291
"""A prime that does not divide the number of ids: stepping by it meets every id once, in an order that shows no sequence."""


def state_student_id(state: StatePlan, index: int, seed: int) -> str:
    """Alder: ten digits that look drawn at random, and a check digit. Birch: nine digits, one after the other."""
    if state.student_ids == "sequential":
        return f"{100_000_001 + index:09d}"
    digits = str(10**9 + (seed * 1_000_003 + (index + 1) * _SPREAD) % (9 * 10**9))
    return digits + check_digit(digits)


def local_student_id(index: int) -> str:
    """A district's own id, which other districts use too."""
    return f"{1000 + index % 9000:05d}"


def district_student_id(number: int, place: int, students: int) -> str:
    """The id that a district gives: no other child of the district has it, and one of most other districts does.

    number    of the record in its state
    place     of the district among those of its state
    students  of the state: districts begin to count a seventeenth of them apart
    """
    return f"{1000 + number + place * (students // 17 + 1):05d}"


def social_security_number(index: int) -> str:
    """Nine digits that are never assigned: neither area numbers from 900 on nor group number 00 are social security numbers."""
    return f"9{index // 10_000 % 100:02d}00{index % 10_000:04d}"
