import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from safepassage.canonical import canonical_json, from_base64, from_base64url, json_object, to_base64url

PLAIN = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(exclude_categories=["Cs"]))
KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=20)


@given(VALUES)
def test_the_bytes_are_those_of_rfc_8785(value: Any) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)
    assert json.loads(canonical_json(value)) == value


def test_members_are_sorted_as_utf_16_and_not_by_code_point() -> None:
    assert canonical_json({"\U00010000": 1, "\uffff": 2, "a": 3}) == '{"a":3,"\U00010000":1,"\uffff":2}'.encode()


@pytest.mark.parametrize("value", [1.5, {"a": 1.0}, [[0.0]], {"é": 1.5}, {"a": {"\U00010000": [1, {"b": 2.5}]}}])
def test_floats_are_refused_wherever_they_are(value: Any) -> None:
    with pytest.raises(TypeError):
        canonical_json(value)


@pytest.mark.parametrize("value", [2**53, -(2**53), {"a": "\ud800"}, {"\ud800": 1}, object(), {1: 2}, b"x"])
def test_what_json_cannot_say_exactly_is_refused(value: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        canonical_json(value)


@given(st.binary(max_size=64))
def test_base64url_has_one_form(data: bytes) -> None:
    text = to_base64url(data)
    assert from_base64url(text) == data
    for other in (text + "=", text + "\n", " " + text, text + "A" * (4 if text else 1) + "!"):
        with pytest.raises(ValueError, match="base64url"):
            from_base64url(other)


@pytest.mark.parametrize("text", ["AB", "A", "AAA+", "AAA/", "AA==", "\u0661AAA"])
def test_loose_bits_padding_and_the_other_alphabet_are_not_base64url(text: str) -> None:
    with pytest.raises(ValueError, match="base64url"):
        from_base64url(text)


@pytest.mark.parametrize("text", ["AB==", "A", "AAA", "AA-_", "AAAA\n"])
def test_padded_base64_has_one_form_too(text: str) -> None:
    with pytest.raises(ValueError, match="base64"):
        from_base64(text)


@pytest.mark.parametrize("data", [b"", b"[]", b"1", b'{"a":1,"a":2}', b'{"a":{"b":1,"b":1}}', b'{"a":NaN}', b"[" * 100_000, b"\xff"])
def test_only_one_object_without_duplicates_is_read(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each fault has words of its own
        json_object(data)
