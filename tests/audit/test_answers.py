"""What is written for many at once is what is written for one."""

from hypothesis import given
from hypothesis import strategies as st

from safepassage.canonical import to_base64url
from services.audit.entries import base64url_of


@given(st.lists(st.binary(max_size=20), max_size=8))
def test_each_of_many_is_written_as_by_itself(values: list[bytes]) -> None:
    assert base64url_of(values) == [to_base64url(value) for value in values]
