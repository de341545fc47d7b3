"""The field that names what of a record is not read: written and read again, and nothing else is taken for it."""

import string

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.client import naming_unread
from safepassage.client.call import Call
from safepassage.elements import BY_ID
from safepassage.problems.calls import AnswerNotUnderstood
from safepassage.unread_elements import FIELD, named_in, said

WORDS = st.text(string.ascii_lowercase + string.digits + "_", min_size=1, max_size=30)
IDS = st.one_of(st.sampled_from(sorted(BY_ID)), st.builds("{}.{}".format, WORDS, WORDS))


@given(st.lists(IDS, min_size=1, max_size=40))
def test_what_is_said_is_what_is_read(elements: list[str]) -> None:
    assert named_in(said(elements)) == tuple(elements)


def test_no_field_names_nothing() -> None:
    assert named_in(None) == ()


@given(st.text(max_size=200))
def test_any_other_text_is_ids_or_refused(value: str) -> None:
    try:
        named = named_in(value)
    except ValueError:
        return
    assert all(one.count(".") == 1 and one.isascii() for one in named)


@pytest.mark.parametrize(
    "value", ["", "identity", "identity.name,", "Identity.Name", "identity.name; identity.sex", ", ".join(["a.b"] * 201)]
)
def test_an_answer_that_names_something_else_is_not_understood(value: str) -> None:
    call = naming_unread(Call("GET", "/v1/x", lambda response: response.content))
    with pytest.raises(AnswerNotUnderstood):
        call.read(httpx2.Response(200, headers={FIELD: value}))
