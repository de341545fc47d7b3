"""What a link is known by: at random, or made of the one form that asks for it, so that the form sent twice can show the same link."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from safepassage.canonical import to_base64url
from safepassage.ids import uuid7
from services.gateway.people.cookies import new_value

SHOWN_AGAIN: Final = timedelta(minutes=1)
"""For how long a form that is sent again shows the link that it made: a second click, an answer that was lost on the way."""

_USE: Final = b"safepassage/family-link-of-form/1"


@dataclass(frozen=True)
class LinkValue:
    """Of a link that is to be made."""

    id: UUID
    value: str = field(repr=False)
    """What stands behind the `#`: 43 characters."""


def random_link(now: datetime) -> LinkValue:
    """Told once: nobody makes it out again."""
    return LinkValue(uuid7(now), new_value())


def link_of_form(*, secret: str, key: str, student_id: UUID, person_id: UUID) -> LinkValue:
    """The link of one form on a page, for one person and student.

    secret  the session's, which only a browser that has its cookie brings
    key     the form's own, which stands in the officer's page

    INVARIANT: neither is in the store or in a log, so that nobody makes a link out from these; `id` tells nothing of either.
    """
    about = b"\0".join((_USE, student_id.bytes, person_id.bytes))
    made = HKDF(SHA256(), 48, salt=None, info=about).derive(f"{secret}\0{key}".encode("ascii"))
    return LinkValue(UUID(bytes=made[:16], version=4), to_base64url(made[16:]))
