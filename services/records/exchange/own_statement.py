"""This node's own signed statement, to be handed to others where it cannot be fetched: the file that the operator's command replaces."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from safepassage.problems.requests import TemporarilyUnavailable
from shared.peer_statements import MAX_BYTES

HANDED_IN_AGAIN: Final = timedelta(minutes=30)
"""Others use what they hold for an hour before they want to see it again."""


class OwnStatement:
    """What each peer has of it, as far as this process knows."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._taken: dict[str, tuple[bytes, datetime]] = {}

    def due_for(self, peer: str, now: datetime) -> bytes | None:
        """The statement, where the peer has another or has not seen it for a while. Raises TemporarilyUnavailable where there is none."""
        try:
            statement = b"" if self._file is None else self._file.read_bytes().strip()
        except OSError as error:
            raise TemporarilyUnavailable("the node's own statement cannot be read") from error
        if not 0 < len(statement) <= MAX_BYTES:
            raise TemporarilyUnavailable("the node's own statement is not there")
        before, at = self._taken.get(peer, (b"", now))
        return statement if before != statement or now >= at + HANDED_IN_AGAIN else None

    def taken_by(self, peer: str, statement: bytes, now: datetime) -> None:
        """The peer has it."""
        self._taken[peer] = (statement, now)
