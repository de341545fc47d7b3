"""A part of a page whose service does not answer: it is said in its place, and the rest of the page is shown."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from safepassage.problems.requests import TemporarilyUnavailable
from services.gateway.console.pages import Frame

Part = TypeVar("Part")


@dataclass(frozen=True)
class Unread:
    """In place of what could not be read. What is not known is never shown as nought, nor as nothing."""

    said: str
    """That it could not be read, and when."""


async def read_or_unread(frame: Frame, part: Awaitable[Part]) -> Part | Unread:
    """The part. Raises what a service that does answer refuses: that is no outage."""
    try:
        return await part
    except TemporarilyUnavailable:
        said = frame.translate("Could not be read at %(at)s; nothing was changed.")
        return Unread(said % {"at": frame.viewing.instant(frame.viewing.now)})
