"""A holder of a later version: its records have elements and members that this version does not know. All else of it is this version."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from safepassage.package import Package
from safepassage.sealing import padded
from services.records.exchange import answers
from services.records.transfers import unread_notices

LATER = "programmes.bright_futures"
"""An element of that version."""

Grow = Callable[[dict[str, Any]], None]
"""Changes a package's JSON as the later version says it."""


@contextmanager
def saying_more(monkeypatch: pytest.MonkeyPatch, grow: Grow, disclosed: Sequence[str] = (LATER,)) -> Iterator[None]:
    """Packages that are made within say more. Who receives reads with a class of its own, which stays as it is.

    disclosed  elements that the holder knows itself to have sent besides those that this version knows
    """
    went_to = unread_notices.went_to

    class LaterPackage(Package):
        def plaintext(self) -> bytes:
            document = json.loads(self.model_dump_json(exclude_none=True))
            grow(document)
            return padded(document)

    with monkeypatch.context() as patched:
        patched.setattr(answers, "Package", LaterPackage)
        patched.setattr(unread_notices, "went_to", lambda connection, request: went_to(connection, request) | {*disclosed})
        yield
