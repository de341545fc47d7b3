"""School years, which key epochs follow: from July to June, named after the year in which they end. Pure."""

import hmac
from datetime import UTC, datetime
from typing import Final

FIRST_MONTH: Final = 7
TAG_BYTES: Final = 16


def key_epoch(t: int) -> int:
    """The epoch of an instant, in whole seconds since the Unix epoch: the year in which its school year ends, by UTC."""
    instant = datetime.fromtimestamp(t, UTC)
    return instant.year + (instant.month >= FIRST_MONTH)


def log_year(t: int) -> int:
    """The calendar year of an instant, by UTC: which log takes its entries."""
    return datetime.fromtimestamp(t, UTC).year


def student_tag(tag_key: bytes, student: str) -> bytes:
    """What the index calls a student in one epoch: equal for equal students, and nothing to who has not the epoch's key."""
    return hmac.digest(tag_key, b"student\0" + student.encode("ascii"), "sha256")[:TAG_BYTES]


def node_tag(tag_key: bytes) -> bytes:
    """The id of the node's own key in one epoch: for what is about nobody, and for who did what in a page about many."""
    return hmac.digest(tag_key, b"node\0", "sha256")[:TAG_BYTES]
