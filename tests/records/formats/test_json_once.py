"""JSON read quickly is what the standard library reads; a member that comes twice is refused, however it is hidden."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from safepassage.canonical import json_object
from services.records.formats.json_once import _quickly, object_once

TEXTS = st.text(st.sampled_from('ab:"\\{}[],\u00e9\u2028\n '), max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(value=st.dictionaries(TEXTS, VALUES, max_size=4), ascii_only=st.booleans(), indent=st.sampled_from([None, 1]))
@example(value={"n": 2**70, "m": -(2**64)}, ascii_only=True, indent=None)
def test_an_object_is_read_as_the_standard_library_reads_it(value: dict[str, Any], ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    read = object_once(text)
    assert read == json_object(text) == value
    assert list(read) == list(value)


def test_a_plain_object_needs_no_second_reading() -> None:
    text = b'{"a": {"b": ["x:y", 1.50, {"c": "\\u00e9"}]}}'
    assert _quickly(text) == {"a": {"b": ["x:y", 1.5, {"c": "\u00e9"}]}}


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":2}',
        '{"a":1, "\\u0061" : 2}',
        '{"a":{"b":1},"a":{"b":2}}',
        '{"bodies":[{"b":"\\u003a"},{"a":1,"a":2}]}',
        '{"b":"\\u003A","a":1,"a":2}',
        '{"b":"\\u003a\\u003a","a":"x:y","a":2}',
        '{"a":1,"A":[{"b":":"},{"b":1,"c":2,"b":":"}]}',
    ],
)
def test_a_member_that_comes_twice_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="twice"):
        object_once(text.encode())


@pytest.mark.parametrize(
    "text", [b"", b"[1]", b"1", b'{"a":NaN}', b'{"a":1}x', b'{"a":"\xff"}', b"\xef\xbb\xbf{}", b'{"a":' * 9000, b'"a"']
)
def test_what_is_no_object_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        object_once(text)


def test_a_lone_surrogate_is_read_as_it_always_was() -> None:
    assert object_once(b'{"a":"\\ud800"}') == {"a": "\ud800"}
