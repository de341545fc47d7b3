"""Article III of the compact: whose children it covers, each paragraph with both of its sides."""

from datetime import date

import pytest

from services.privacy.clocks.compact_coverage import coverage
from shared.contracts.privacy import MilitaryService, MilitaryStatus

DAY = date(2026, 10, 20)


def asked(status: MilitaryStatus, *, since: date | None = None, until: date | None = None, kind: str = "lea") -> tuple[str, str]:
    return coverage(MilitaryService(status=status, since=since, until=until), agency_kind=kind, on=DAY)


@pytest.mark.requirement("DUTY-mic3")
@pytest.mark.parametrize(
    ("status", "answer", "paragraph"),
    [
        ("active-duty", "covered", "Art. III(A)(1)"),
        ("guard-or-reserve-on-orders", "covered", "Art. III(A)(1)"),
        ("guard-or-reserve-inactive", "not-covered", "Art. III(C)(1)"),
        ("retired", "not-covered", "Art. III(C)(2)"),
        ("veteran", "not-covered", "Art. III(C)(3)"),
        ("civilian", "not-covered", "Art. III(C)(4)"),
        ("not-known", "not-known", "Art. III"),
    ],
)
def test_who_serves_is_covered_and_who_no_longer_does_is_not(status: MilitaryStatus, answer: str, paragraph: str) -> None:
    assert asked(status) == (answer, paragraph)


@pytest.mark.requirement("DUTY-mic3")
@pytest.mark.parametrize(
    ("status", "covered", "afterwards"),
    [
        ("medically-discharged-or-retired", "Art. III(A)(2)", "Art. III(C)(2)-(3)"),
        ("died", "Art. III(A)(3)", "Art. III(A)(3)"),
    ],
)
def test_a_year_after_discharge_or_death_is_the_last_day(status: MilitaryStatus, covered: str, afterwards: str) -> None:
    assert asked(status, since=date(2025, 10, 20)) == ("covered", covered)
    assert asked(status, since=date(2025, 10, 19)) == ("not-covered", afterwards)
    assert asked(status) == ("not-known", "Art. III")


@pytest.mark.parametrize("status", ["active-duty", "guard-or-reserve-on-orders"])
def test_the_last_day_of_a_service_counts_and_what_followed_is_not_guessed(status: MilitaryStatus) -> None:
    assert asked(status, until=DAY)[0] == "covered"
    assert asked(status, until=date(2026, 10, 19))[0] == "not-known"


@pytest.mark.requirement("DUTY-mic3")
def test_the_compact_is_for_local_agencies() -> None:
    assert [asked("active-duty", kind=kind)[0] for kind in ("lea", "school", "sea")] == ["covered", "covered", "not-known"]
    assert coverage(None, agency_kind="lea", on=DAY).answer == "not-known"
