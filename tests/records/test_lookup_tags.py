"""Tags are HMAC-SHA-256, whichever way they are made: what was tagged yesterday is found tomorrow."""

import hmac

from hypothesis import example, given
from hypothesis import strategies as st

from services.records.lookup_tags import KeyedDigest, LookupTags

KEY = bytes(range(32))


@given(key=st.binary(max_size=200), messages=st.lists(st.binary(max_size=300), min_size=1, max_size=3))
@example(key=b"k" * 64, messages=[b""])
@example(key=b"k" * 65, messages=[b""])
def test_a_keyed_digest_is_hmac_sha_256_time_after_time(key: bytes, messages: list[bytes]) -> None:
    keyed = KeyedDigest(key)
    assert [keyed.digest(one) for one in messages] == [hmac.digest(key, one, "sha256") for one in messages]


def test_a_tag_is_the_first_half_of_the_digest_of_its_kind_and_words() -> None:
    tags = LookupTags(KEY)
    assert tags.birth_bucket(7) == hmac.digest(KEY, b"birth-bucket\x007", "sha256")[:16]
    assert tags.content(b"said") == hmac.digest(KEY, b"content\0said", "sha256")[:16]
