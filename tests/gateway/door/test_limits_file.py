"""What a limits file may say, and what becomes of who has used some when a rate changes. Pure."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.problems.requests import TooManyRequests
from services.gateway.door.limits import RateLimit
from services.gateway.door.limits_in_force import LONGEST_FILE, LimitsRefused, digest_of_limits, with_limits_of
from services.gateway.limit_settings import LimitSettings
from services.gateway.settings import GatewaySettings
from tests.gateway.door.limits_file import written

START = 1_000.0
VALUE = 987654321


def told(file: Path | None = None, **more: Any) -> GatewaySettings:
    about = {"entity_id": "https://node.example", "database_url": "sqlite+aiosqlite:///nowhere", "keys_directory": Path("nowhere")}
    return GatewaySettings(**about, limits_file=file, **more)


def test_a_file_says_what_differs_from_the_settings(tmp_path: Path) -> None:
    own = told(client_burst=7, people_links=True, trusted_proxies=("192.0.2.0/24",))
    given = with_limits_of(written(tmp_path, {"client_requests_per_second": 2.5, "organisation_bulk_per_day": 9}), own)
    assert (given.client_requests_per_second, given.organisation_bulk_per_day, given.client_burst) == (2.5, 9, 7)
    assert dict(given) == dict(own) | {"client_requests_per_second": 2.5, "organisation_bulk_per_day": 9}
    assert with_limits_of(None, own) is own
    assert with_limits_of(written(tmp_path, {}), own) == own


@pytest.mark.requirement("DOOR-limits")
@pytest.mark.parametrize(
    ("said", "code", "member"),
    [
        ({"client_burst": 0}, "wrong-value", "client_burst"),
        ({"client_burst": VALUE}, "wrong-value", "client_burst"),
        ({"client_burst": 10.5}, "wrong-value", "client_burst"),
        ({"client_burst": True}, "wrong-value", "client_burst"),
        ({"client_burst": None}, "wrong-value", "client_burst"),
        ({"client_burst": str(VALUE)}, "wrong-value", "client_burst"),
        ({"client_burst": [VALUE]}, "wrong-value", "client_burst"),
        ({"client_burst": 5, "client_requests_per_second": -VALUE}, "wrong-value", "client_requests_per_second"),
        ({"organisation_requests_per_day": 2**41}, "wrong-value", "organisation_requests_per_day"),
        ({"client_burst": 5, "entity_id": f"https://{VALUE}.example"}, "unknown-member", "entity_id"),
        ({"legacy_clients": True}, "unknown-member", "legacy_clients"),
        ({"limits_file": "other"}, "unknown-member", "limits_file"),
        ({"CLIENT_BURST": 5}, "unknown-member", "CLIENT_BURST"),
        ({f"{VALUE} as a name\n": 5}, "unknown-member", None),
        (b'{"client_burst": 5, "client_burst": 987654321}', "no-json-object", None),
        (b'{"client_requests_per_second": NaN}', "no-json-object", None),
        (b'{"client_burst": 987654321', "no-json-object", None),
        (b"", "no-json-object", None),
        ([VALUE], "no-json-object", None),
        (b"\xff\xfe{\x00}\x00", "no-json-object", None),
        (b"[" * 60_000, "no-json-object", None),
        (b" " * LONGEST_FILE + b"{}", "too-large", None),
    ],
    ids=str,
)
def test_what_is_no_limits_file_is_refused_by_member_and_never_by_value(
    tmp_path: Path, said: object, code: str, member: str | None
) -> None:
    with pytest.raises(LimitsRefused) as refused:
        with_limits_of(written(tmp_path, said), told())
    assert (refused.value.code, refused.value.member) == (code, member)
    assert str(VALUE) not in str(refused.value)
    assert isinstance(refused.value.__cause__, OSError | None), "the text of the others holds values"
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_a_file_that_is_not_there_or_none_is_refused(tmp_path: Path) -> None:
    for file in (tmp_path / "none.json", tmp_path):
        with pytest.raises(LimitsRefused, match="unreadable"):
            with_limits_of(file, told())


def test_processes_have_the_same_digest_where_they_have_the_same_limits(tmp_path: Path) -> None:
    own = told(client_burst=7)
    same = with_limits_of(written(tmp_path, {"client_burst": 7}), told(people_links=True))
    assert digest_of_limits(own) == digest_of_limits(same)
    digests = {digest_of_limits(told(**{name: 3})) for name in LimitSettings.model_fields}
    assert len(digests) == len(LimitSettings.model_fields)


RATES = st.tuples(st.sampled_from([0.5, 1.0, 8.0, 50.0, 4096.0]), st.integers(1, 60))


@pytest.mark.requirement("DOOR-limits")
@given(st.integers(0, 60), st.lists(RATES, min_size=1, max_size=5))
def test_whatever_it_is_changed_to_who_has_used_some_requests_has_used_as_many(times: int, rates: list[tuple[float, int]]) -> None:
    limit = RateLimit("k", per_second=1, burst=60)
    for _ in range(times):
        limit.take("k", START)
    for per_second, burst in rates:
        limit.change(per_second=per_second, burst=burst, now=START)
    passed = 0
    for _ in range(61):
        try:
            limit.take("k", START)
        except TooManyRequests:
            break
        passed += 1
    assert passed == max(0, rates[-1][1] - times)


def test_what_is_left_drains_at_the_new_rate() -> None:
    limit = RateLimit("k", per_second=1, burst=10)
    for _ in range(10):
        limit.take("k", START)
    limit.change(per_second=10, burst=10, now=START)
    assert limit.policy == b'"k";q=10;w=1'
    assert limit.take("k", START + 0.5) == b'"k";r=4;t=1'
