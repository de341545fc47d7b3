"""A newer trust list inside a node: records has it first; gateway asks for it, audit is told. Each of them verifies it by itself."""

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from safepassage.trust_list import MAX_BYTES
from safepassage.wire import Wire

PATH: Final = "/internal/trust-lists"
"""At records: GET, `?after=` a serial, answers a NextTrustList. At audit: POST a PassedTrustList, which answers a TrustListHeld."""

Document = Annotated[str, StringConstraints(max_length=MAX_BYTES)]


class NextTrustList(Wire):
    """The list that records took after the one of a serial."""

    document: Document | None
    """None where it has taken none since."""


class PassedTrustList(Wire):
    """A list that records has taken."""

    document: Document


class TrustListHeld(Wire):
    """What the service that was told holds now, whether or not it took what it was told."""

    serial: Annotated[int, Field(ge=0, lt=2**53)] | None
    """None where it holds no list."""
